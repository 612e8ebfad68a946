// Logic and shifts on bits: and, or, xor, not, cnot, lop3, shl, shr, shf, prmt; and, or, xor and not on predicates. PTX
// ISA, section 9.7.7 (logic and shift) and 9.7.8.7 (prmt).
#include <functional>

#include "arithmetic/integer_math.h"
#include "machine/decoder.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using ptx::Type;

struct IsZero {
  template <class T>
  T operator()(T a) const {
    return a == 0 ? 1 : 0;
  }
};
// A shift by more than the width leaves nothing, or only the sign.
struct ShiftLeft {
  template <class T>
  T operator()(T a, u32 n) const {
    return n >= 8 * sizeof(T) ? T{0} : static_cast<T>(a << n);
  }
};
struct ShiftRight {
  template <class T>
  T operator()(T a, u32 n) const {
    constexpr u32 kBits = 8 * sizeof(T);
    if constexpr (std::is_signed_v<T>) return static_cast<T>(a >> (n >= kBits ? kBits - 1 : n));
    return n >= kBits ? T{0} : static_cast<T>(a >> n);
  }
};
template <bool Left, bool Wrap>
struct Funnel {
  u32 operator()(u32 low, u32 high, u32 n) const {
    return Left ? arithmetic::funnel_left(low, high, n, Wrap) : arithmetic::funnel_right(low, high, n, Wrap);
  }
};
template <arithmetic::PermuteMode Mode>
struct Permute {
  u32 operator()(u32 a, u32 b, u32 selector) const { return arithmetic::permute(a, b, selector, Mode); }
};

template <class F>
void on_predicates(Warp& warp, const Op& op, u32 mask) {
  set_predicate(warp.predicate(op.at[0]), F{}(warp.predicate(op.at[1]), warp.predicate(op.at[2])), mask);
}

void not_predicate(Warp& warp, const Op& op, u32 mask) {
  set_predicate(warp.predicate(op.at[0]), ~warp.predicate(op.at[1]), mask);
}

template <class F>
void decode_binary(Decoder& d) {
  const Type type = d.next_type();
  d.expect_operands(3, 3);
  if (type == Type::pred) {
    const Value a = d.read_predicate(d.operand(1)), b = d.read_predicate(d.operand(2));
    d.emit(on_predicates<F>, {d.write_predicate(d.operand(0)), a, b});
    return;
  }
  Handler run;
  switch (type) {
    case Type::b16: run = Lanewise<F, u16, u16, u16>::run; break;
    case Type::b32: run = Lanewise<F, u32, u32, u32>::run; break;
    case Type::b64: run = Lanewise<F, u64, u64, u64>::run; break;
    default: d.fail_unsupported();
  }
  const Value a = d.read(1, type), b = d.read(2, type);
  d.emit(run, {d.write(0, type), a, b});
}

template <class F>
void decode_unary(Decoder& d) {
  const Type type = d.next_type();
  d.expect_operands(2, 2);
  if (type == Type::pred) {
    const Value a = d.read_predicate(d.operand(1));
    d.emit(not_predicate, {d.write_predicate(d.operand(0)), a});
    return;
  }
  Handler run;
  switch (type) {
    case Type::b16: run = Lanewise<F, u16, u16>::run; break;
    case Type::b32: run = Lanewise<F, u32, u32>::run; break;
    case Type::b64: run = Lanewise<F, u64, u64>::run; break;
    default: d.fail_unsupported();
  }
  const Value a = d.read(1, type);
  d.emit(run, {d.write(0, type), a});
}

void decode_cnot(Decoder& d) {
  if (d.peek() == "pred") d.fail_unsupported();
  decode_unary<IsZero>(d);
}

void decode_shift(Decoder& d) {
  const bool left = d.mnemonic() == "shl";
  const Type type = d.next_type();
  d.expect_operands(3, 3);
  Handler run;
  switch (type) {
    case Type::b16:
    case Type::u16:
      run = left ? Lanewise<ShiftLeft, u16, u16, u32>::run : Lanewise<ShiftRight, u16, u16, u32>::run;
      break;
    case Type::b32:
    case Type::u32:
      run = left ? Lanewise<ShiftLeft, u32, u32, u32>::run : Lanewise<ShiftRight, u32, u32, u32>::run;
      break;
    case Type::b64:
    case Type::u64:
      run = left ? Lanewise<ShiftLeft, u64, u64, u32>::run : Lanewise<ShiftRight, u64, u64, u32>::run;
      break;
    case Type::s16: run = Lanewise<ShiftRight, std::int16_t, std::int16_t, u32>::run; break;
    case Type::s32: run = Lanewise<ShiftRight, std::int32_t, std::int32_t, u32>::run; break;
    case Type::s64: run = Lanewise<ShiftRight, std::int64_t, std::int64_t, u32>::run; break;
    default: d.fail_unsupported();
  }
  if (left && type != Type::b16 && type != Type::b32 && type != Type::b64) d.fail_unsupported();
  const Value a = d.read(1, type), amount = d.read(2, Type::u32);
  d.emit(run, {d.write(0, type), a, amount});
}

void decode_funnel_shift(Decoder& d) {
  const bool left = d.accept("l");
  if (!left && !d.accept("r")) d.fail("the direction of the shift is missing");
  const bool wrap = d.accept("wrap");
  if (!wrap && !d.accept("clamp")) d.fail(".wrap or .clamp is missing");
  if (d.next_type() != Type::b32) d.fail_unsupported();
  d.expect_operands(4, 4);
  static constexpr Handler kRun[2][2] = {
      {Lanewise<Funnel<false, false>, u32, u32, u32, u32>::run, Lanewise<Funnel<false, true>, u32, u32, u32, u32>::run},
      {Lanewise<Funnel<true, false>, u32, u32, u32, u32>::run, Lanewise<Funnel<true, true>, u32, u32, u32, u32>::run}};
  const Value a = d.read(1, Type::b32), b = d.read(2, Type::b32), c = d.read(3, Type::u32);
  d.emit(kRun[left][wrap], {d.write(0, Type::b32), a, b, c});
}

// immediate: the truth table
void lop3(Warp& warp, const Op& op, u32 mask) {
  const auto table = static_cast<std::uint8_t>(op.immediate);
  for_lanes(
      warp.lanes<u32>(op.at[0]), mask, [table](u32 a, u32 b, u32 c) { return arithmetic::logic3(a, b, c, table); },
      static_cast<const u32*>(warp.lanes<u32>(op.at[1])), static_cast<const u32*>(warp.lanes<u32>(op.at[2])),
      static_cast<const u32*>(warp.lanes<u32>(op.at[3])));
}

void decode_lop3(Decoder& d) {
  if (d.peek() != "b32") d.fail_unsupported();
  d.next();
  d.expect_operands(5, 5);
  const ptx::Operand& table = d.operand(4);
  if (table.kind != ptx::Operand::Kind::integer) d.fail("the table of lop3 is no constant");
  const Value a = d.read(1, Type::b32), b = d.read(2, Type::b32), c = d.read(3, Type::b32);
  d.emit(lop3, {d.write(0, Type::b32), a, b, c}, table.bits & 0xFF);
}

void decode_prmt(Decoder& d) {
  using arithmetic::PermuteMode;
  if (d.next_type() != Type::b32) d.fail_unsupported();
  Handler run = Lanewise<Permute<PermuteMode::general>, u32, u32, u32, u32>::run;
  if (d.accept("f4e"))
    run = Lanewise<Permute<PermuteMode::f4e>, u32, u32, u32, u32>::run;
  else if (d.accept("b4e"))
    run = Lanewise<Permute<PermuteMode::b4e>, u32, u32, u32, u32>::run;
  else if (d.accept("rc8"))
    run = Lanewise<Permute<PermuteMode::rc8>, u32, u32, u32, u32>::run;
  else if (d.accept("ecl"))
    run = Lanewise<Permute<PermuteMode::ecl>, u32, u32, u32, u32>::run;
  else if (d.accept("ecr"))
    run = Lanewise<Permute<PermuteMode::ecr>, u32, u32, u32, u32>::run;
  else if (d.accept("rc16"))
    run = Lanewise<Permute<PermuteMode::rc16>, u32, u32, u32, u32>::run;
  d.expect_operands(4, 4);
  const Value a = d.read(1, Type::b32), b = d.read(2, Type::b32), c = d.read(3, Type::b32);
  d.emit(run, {d.write(0, Type::b32), a, b, c});
}

}  // namespace

void add_logic_instructions(DecodeTable& table) {
  table["and"] = decode_binary<std::bit_and<>>;
  table["or"] = decode_binary<std::bit_or<>>;
  table["xor"] = decode_binary<std::bit_xor<>>;
  table["not"] = decode_unary<std::bit_not<>>;
  table["cnot"] = decode_cnot;
  table["shl"] = decode_shift;
  table["shr"] = decode_shift;
  table["shf"] = decode_funnel_shift;
  table["lop3"] = decode_lop3;
  table["prmt"] = decode_prmt;
}

}  // namespace vgpu::machine
