// cvt, its packed forms and cvt.pack. PTX ISA, section 9.7.8.21.
#include <algorithm>

#include "arithmetic/convert.h"
#include "machine/instructions/arithmetic.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using arithmetic::Conversion;
using arithmetic::RoundingMode;
using ptx::Type;

struct Single {
  arithmetic::Convert run;
  Conversion conversion;
  Width width;
};
struct Pair {
  arithmetic::ConvertPair run;
  Conversion conversion;
  Width width;
};

void convert(Warp& warp, const Op& op, u32 mask) {
  const Single& single = *static_cast<const Single*>(op.extra);
  keep_lanes(warp, op.at[0], single.width, mask,
             [&](void* d) { single.run(single.conversion, d, warp.lanes<u32>(op.at[1])); });
}

void convert_pair(Warp& warp, const Op& op, u32 mask) {
  const Pair& pair = *static_cast<const Pair*>(op.extra);
  keep_lanes(warp, op.at[0], pair.width, mask,
             [&](void* d) { pair.run(pair.conversion, d, warp.lanes<u32>(op.at[1]), warp.lanes<u32>(op.at[2])); });
}

template <class T>
struct ZeroExtend {
  T operator()(T x) const { return x; }
};
template <class D, class S>
struct Extend {
  D operator()(S x) const { return static_cast<D>(x); }
};

// Integers to integers of another width, unsaturated: most of the conversions of a kernel.
Handler plain_integer_conversion(Type to, Type from) {
  const bool is_signed = is_signed_integer(from);
  const Width t = width_of(to), f = width_of(from);
  if (t == Width::bits64 && f == Width::bits32) {
    return is_signed ? Lanewise<Extend<std::int64_t, std::int32_t>, std::int64_t, std::int32_t>::run
                     : Lanewise<Extend<std::uint64_t, u32>, std::uint64_t, u32>::run;
  }
  if (t == Width::bits32 && f == Width::bits64) return Lanewise<Extend<u32, std::uint64_t>, u32, std::uint64_t>::run;
  if (t == Width::bits32 && f == Width::bits16) {
    return is_signed ? Lanewise<Extend<std::int32_t, std::int16_t>, std::int32_t, std::int16_t>::run
                     : Lanewise<Extend<u32, std::uint16_t>, u32, std::uint16_t>::run;
  }
  if (t == Width::bits16 && f == Width::bits32) return Lanewise<Extend<std::uint16_t, u32>, std::uint16_t, u32>::run;
  return nullptr;
}

// cvt.pack.sat.to.s32 d, a, b[, c]: a and b saturated side by side; with narrow types, above them the lower part of c.
template <int Bits, bool Signed>
struct Pack {
  static u32 saturated(std::int32_t x) {
    constexpr std::int64_t kLow = Signed ? -(std::int64_t{1} << (Bits - 1)) : 0;
    constexpr std::int64_t kHigh = Signed ? (std::int64_t{1} << (Bits - 1)) - 1 : (std::int64_t{1} << Bits) - 1;
    return static_cast<u32>(std::clamp<std::int64_t>(x, kLow, kHigh)) & ((1u << Bits) - 1);
  }
  u32 operator()(std::int32_t a, std::int32_t b, u32 c) const {
    const u32 both = saturated(a) << Bits | saturated(b);
    return Bits == 16 ? both : c << (2 * Bits) | both;
  }
};

void decode_pack(Decoder& d) {
  if (!d.accept("sat")) d.fail_unsupported();
  const std::string_view name = d.next();
  if (d.next_type() != Type::s32) d.fail_unsupported();
  static const std::unordered_map<std::string_view, std::pair<Handler, bool>> kForms = {
      {"u16", {Lanewise<Pack<16, false>, u32, std::int32_t, std::int32_t, u32>::run, false}},
      {"s16", {Lanewise<Pack<16, true>, u32, std::int32_t, std::int32_t, u32>::run, false}},
      {"u8", {Lanewise<Pack<8, false>, u32, std::int32_t, std::int32_t, u32>::run, true}},
      {"s8", {Lanewise<Pack<8, true>, u32, std::int32_t, std::int32_t, u32>::run, true}},
      {"u4", {Lanewise<Pack<4, false>, u32, std::int32_t, std::int32_t, u32>::run, true}},
      {"s4", {Lanewise<Pack<4, true>, u32, std::int32_t, std::int32_t, u32>::run, true}},
  };
  const auto form = kForms.find(name);
  if (form == kForms.end()) d.fail_unsupported();
  if (form->second.second && d.peek() == "b32") d.next();
  const std::size_t operands = form->second.second ? 4 : 3;
  d.expect_operands(operands, operands);
  const Value a = d.read(1, Type::s32), b = d.read(2, Type::s32);
  const Value c = operands == 4 ? d.read(3, Type::b32) : d.constant(0, Width::bits32);
  d.emit(form->second.first, {d.write(0, Type::b32), a, b, c});
}

bool is_packed(Type type) {
  return type == Type::f16x2 || type == Type::bf16x2 || type == Type::e4m3x2 || type == Type::e5m2x2;
}

Type element_of(Type type) { return type == Type::e4m3x2 ? Type::e4m3 : type == Type::e5m2x2 ? Type::e5m2 : type; }

void accept_rounding(Decoder& d, Conversion& c) {
  static const std::unordered_map<std::string_view, std::pair<RoundingMode, bool>> kModes = {
      {"rn", {RoundingMode::nearest_even, false}},
      {"rz", {RoundingMode::zero, false}},
      {"rm", {RoundingMode::down, false}},
      {"rp", {RoundingMode::up, false}},
      {"rna", {RoundingMode::nearest_away, false}},
      {"rni", {RoundingMode::nearest_even, true}},
      {"rzi", {RoundingMode::zero, true}},
      {"rmi", {RoundingMode::down, true}},
      {"rpi", {RoundingMode::up, true}},
  };
  const auto mode = kModes.find(d.peek());
  if (mode == kModes.end()) return;
  d.next();
  std::tie(c.rounding, c.to_integral) = mode->second;
}

void decode_cvt(Decoder& d) {
  if (d.accept("pack")) return decode_pack(d);
  Conversion c;
  accept_rounding(d, c);
  for (bool is_modifier = true; is_modifier;) {
    is_modifier = false;
    if (d.accept("ftz")) c.ftz = is_modifier = true;
    if (d.accept("satfinite")) c.satfinite = is_modifier = true;
    if (d.accept("sat")) c.sat = is_modifier = true;
    if (d.accept("relu")) c.relu = is_modifier = true;
  }
  const Type to = d.next_type(), from = d.next_type();
  c.to = element_of(to);
  c.from = element_of(from);
  if (is_packed(to) && from == Type::f32) {
    d.expect_operands(3, 3);
    const arithmetic::ConvertPair run = find_pair_conversion(c);
    if (run == nullptr) d.fail_unsupported();
    const Value a = d.read(1, from), b = d.read(2, from);
    d.emit(convert_pair, {d.write(0, to), a, b}, 0, d.keep(Pair{run, c, width_of(to)}));
    return;
  }
  d.expect_operands(2, 2);
  const bool is_plain = is_integer(to) && is_integer(from) && !c.sat && !c.to_integral;
  if (const Handler run = is_plain ? plain_integer_conversion(to, from) : nullptr) {
    const Value a = d.read(1, from);
    d.emit(run, {d.write(0, to), a});
    return;
  }
  const arithmetic::Convert run = is_packed(to) || is_packed(from) ? find_packed_conversion(c) : find_conversion(c);
  if (run == nullptr) d.fail_unsupported();
  const Value a = d.read(1, from);
  d.emit(convert, {d.write(0, to), a}, 0, d.keep(Single{run, c, width_of(to)}));
}

}  // namespace

void add_conversion_instructions(DecodeTable& table) { table["cvt"] = decode_cvt; }

}  // namespace vgpu::machine
