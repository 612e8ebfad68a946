// mov with packing and unpacking, cvta, isspacep, selp, slct. PTX ISA, section 9.7.8.
#include "machine/address_space.h"
#include "machine/decoder.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using ptx::Type;
using Kind = ptx::Operand::Kind;

struct Copy {
  template <class T>
  T operator()(T a) const {
    return a;
  }
};

void move_predicate(Warp& warp, const Op& op, u32 mask) {
  set_predicate(warp.predicate(op.at[0]), warp.predicate(op.at[1]), mask);
}

// at: the whole, then its parts from the lowest
template <class Whole, class Part>
void pack(Warp& warp, const Op& op, u32 mask) {
  constexpr u32 kParts = sizeof(Whole) / sizeof(Part);
  alignas(64) Whole result[kLanes] = {};
  for (u32 p = 0; p < kParts; ++p) {
    const Part* part = warp.lanes<Part>(op.at[p + 1]);
    for (u32 i = 0; i < kLanes; ++i) result[i] |= static_cast<Whole>(Whole{part[i]} << (8 * sizeof(Part) * p));
  }
  for_lanes(warp.lanes<Whole>(op.at[0]), mask, Copy{}, static_cast<const Whole*>(result));
}

template <class Whole, class Part>
void unpack(Warp& warp, const Op& op, u32 mask) {
  constexpr u32 kParts = sizeof(Whole) / sizeof(Part);
  alignas(64) Whole whole[kLanes];
  for_lanes(whole, kAllLanes, Copy{}, static_cast<const Whole*>(warp.lanes<Whole>(op.at[0])));
  for (u32 p = 0; p < kParts; ++p) {
    for_lanes(
        warp.lanes<Part>(op.at[p + 1]), mask, [p](Whole w) { return static_cast<Part>(w >> (8 * sizeof(Part) * p)); },
        static_cast<const Whole*>(whole));
  }
}

void decode_vector_move(Decoder& d, Type type, bool packs) {
  const ptx::Operand& vector = d.operand(packs ? 1 : 0);
  const u32 bytes = ptx::size_bytes(type);
  const auto count = static_cast<u32>(vector.elements.size());
  const u32 part_bytes = count == 0 ? 0 : bytes / count;
  if ((count != 2 && count != 4) || (bytes != 2 && bytes != 4 && bytes != 8)) d.fail_unsupported();
  Type part;
  Handler run;
  if (bytes == 8 && part_bytes == 4) {
    part = Type::b32, run = packs ? pack<u64, u32> : unpack<u64, u32>;
  } else if (bytes == 8 && part_bytes == 2) {
    part = Type::b16, run = packs ? pack<u64, u16> : unpack<u64, u16>;
  } else if (bytes == 4 && part_bytes == 2) {
    part = Type::b16, run = packs ? pack<u32, u16> : unpack<u32, u16>;
  } else if (bytes == 4 && part_bytes == 1) {
    part = Type::b8, run = packs ? pack<u32, u8> : unpack<u32, u8>;
  } else if (bytes == 2 && part_bytes == 1) {
    part = Type::b8, run = packs ? pack<u16, u8> : unpack<u16, u8>;
  } else {
    d.fail_unsupported();
  }
  std::vector<Value> values = {Value{}};
  for (const ptx::Operand& element : vector.elements) {
    values.push_back(packs ? d.read(element, part) : d.write(element, part));
  }
  values[0] = packs ? d.write(0, type) : d.read(1, type);
  d.emit(run, std::move(values));
}

Handler copy_of(Decoder& d, Type type) {
  switch (width_of(type)) {
    case Width::bits8: return Lanewise<Copy, u8, u8>::run;
    case Width::bits16: return Lanewise<Copy, u16, u16>::run;
    case Width::bits32: return Lanewise<Copy, u32, u32>::run;
    case Width::bits64: return Lanewise<Copy, u64, u64>::run;
    default: d.fail_unsupported();
  }
}

void decode_mov(Decoder& d) {
  const Type type = d.next_type();
  d.expect_operands(2, 2);
  if (type == Type::pred) {
    const Value a = d.read_predicate(d.operand(1));
    d.emit(move_predicate, {d.write_predicate(d.operand(0)), a});
    return;
  }
  if (type == Type::b128) d.fail_unsupported();
  if (d.operand(1).kind == Kind::vector) return decode_vector_move(d, type, true);
  if (d.operand(0).kind == Kind::vector) return decode_vector_move(d, type, false);
  const Value a = d.read(1, type);
  d.emit(copy_of(d, type), {d.write(0, type), a});
}

// Between an address in a space and a generic one: shared and local memory have windows of their own, all others are
// the same in both. immediate: what to add.
template <class D, class S>
void convert_address(Warp& warp, const Op& op, u32 mask) {
  const u64 window = op.immediate;
  for_lanes(
      warp.lanes<D>(op.at[0]), mask, [window](S a) { return static_cast<D>(a + window); },
      static_cast<const S*>(warp.lanes<S>(op.at[1])));
}

u64 window_of(Decoder& d, std::string_view space) {
  if (space == "global" || space == "const") return 0;
  if (space == "shared" || space == "shared::cta") return kSharedWindow;
  if (space == "local") return kLocalWindow;
  // Parameters of functions that are no kernels lie in local memory.
  if (space == "param") return d.function().is_entry ? kParameterWindow : kLocalWindow;
  d.fail_unsupported();
}

void decode_cvta(Decoder& d) {
  const bool to = d.accept("to");
  std::string_view space = d.next();
  const u64 window = window_of(d, space);
  const Type type = d.next_type();
  if (type != Type::u64) d.fail_unsupported();
  d.expect_operands(2, 2);
  const Value a = d.read(1, type);
  d.emit(convert_address<u64, u64>, {d.write(0, type), a}, to ? 0 - window : window);
}

// at: predicate, address; immediate: the window, 0 for global
void is_in_space(Warp& warp, const Op& op, u32 mask) {
  const u64* address = warp.lanes<u64>(op.at[1]);
  u32 answer = 0;
  for (u32 i = 0; i < kLanes; ++i) {
    const u64 window = address[i] < kSharedWindow || address[i] - kSharedWindow >= kWindowsEnd - kSharedWindow ? 0
                       : address[i] < kLocalWindow     ? kSharedWindow
                       : address[i] < kParameterWindow ? kLocalWindow
                                                       : kParameterWindow;
    answer |= (window == op.immediate ? 1u : 0u) << i;
  }
  set_predicate(warp.predicate(op.at[0]), answer, mask);
}

void decode_isspacep(Decoder& d) {
  const std::string_view space = d.next();
  if (space == "const") d.fail_unsupported();
  const u64 window = window_of(d, space);
  d.expect_operands(2, 2);
  const Value a = d.read(1, Type::u64);
  d.emit(is_in_space, {d.write_predicate(d.operand(0)), a}, window);
}

// at: d, a, b, predicate
template <class T>
void select(Warp& warp, const Op& op, u32 mask) {
  const u32 condition = warp.predicate(op.at[3]);
  alignas(64) T result[kLanes];
  const T* a = warp.lanes<T>(op.at[1]);
  const T* b = warp.lanes<T>(op.at[2]);
#pragma GCC ivdep
  for (u32 i = 0; i < kLanes; ++i) result[i] = (condition >> i & 1) != 0 ? a[i] : b[i];
  for_lanes(warp.lanes<T>(op.at[0]), mask, Copy{}, static_cast<const T*>(result));
}

void decode_selp(Decoder& d) {
  const Type type = d.next_type();
  d.expect_operands(4, 4);
  Handler run;
  switch (width_of(type)) {
    case Width::bits16: run = select<u16>; break;
    case Width::bits32: run = select<u32>; break;
    case Width::bits64: run = select<u64>; break;
    default: d.fail_unsupported();
  }
  const Value a = d.read(1, type), b = d.read(2, type), condition = d.read_predicate(d.operand(3));
  d.emit(run, {d.write(0, type), a, b, condition});
}

// slct: a where c >= 0. A negative zero counts as zero, a NaN picks b.
struct SelectBySign {
  template <class T>
  T operator()(T a, T b, std::int32_t c) const {
    return c >= 0 ? a : b;
  }
  template <class T>
  T operator()(T a, T b, float c) const {
    return c >= 0 ? a : b;
  }
};

void decode_slct(Decoder& d) {
  (void)d.accept("ftz");  // a subnormal number and the zero it becomes: only -tiny differs, which flushed is a zero
  const bool ftz = d.instruction().opcode.find(".ftz") != std::string_view::npos;
  const Type type = d.next_type(), by = d.next_type();
  if (by != Type::s32 && by != Type::f32) d.fail_unsupported();
  const bool is_float = by == Type::f32;
  d.expect_operands(4, 4);
  const Value a = d.read(1, type), b = d.read(2, type), c = d.read(3, by);
  Value condition = c;
  if (ftz && is_float) {
    condition = d.temporary(Width::bits32);
    struct Flush {
      u32 operator()(u32 x) const { return (x & 0x7F80'0000) == 0 ? 0 : x; }
    };
    d.emit(Lanewise<Flush, u32, u32>::run, {Decoder::written(condition), c});
  }
  Handler run;
  switch (width_of(type)) {
    case Width::bits16:
      run = is_float ? Lanewise<SelectBySign, u16, u16, u16, float>::run
                     : Lanewise<SelectBySign, u16, u16, u16, std::int32_t>::run;
      break;
    case Width::bits32:
      run = is_float ? Lanewise<SelectBySign, u32, u32, u32, float>::run
                     : Lanewise<SelectBySign, u32, u32, u32, std::int32_t>::run;
      break;
    case Width::bits64:
      run = is_float ? Lanewise<SelectBySign, u64, u64, u64, float>::run
                     : Lanewise<SelectBySign, u64, u64, u64, std::int32_t>::run;
      break;
    default: d.fail_unsupported();
  }
  d.emit(run, {d.write(0, type), a, b, condition});
}

}  // namespace

void add_move_instructions(DecodeTable& table) {
  table["mov"] = decode_mov;
  table["cvta"] = decode_cvta;
  table["isspacep"] = decode_isspacep;
  table["selp"] = decode_selp;
  table["slct"] = decode_slct;
}

}  // namespace vgpu::machine
