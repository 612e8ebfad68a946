// Integer arithmetic. PTX ISA, sections 9.7.1 and 9.7.2 (extended precision).
#include "machine/instructions/arithmetic.h"
#include "machine/instructions/integer_functions.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using namespace integer_functions;
using ptx::Type;

template <class F, class T>
constexpr Handler unary() {
  return Lanewise<F, T, T>::run;
}
template <class F, class T>
constexpr Handler binary() {
  return Lanewise<F, T, T, T>::run;
}
template <class F, class T>
constexpr Handler ternary() {
  return Lanewise<F, T, T, T, T>::run;
}

// Instantiates a handler for the type of an instruction. Where the sign does not matter, the unsigned type serves.
#define VGPU_INTEGER_HANDLER(name, maker)                                     \
  template <class F, bool Signs = true>                                       \
  Handler name(Decoder& decoder, Type type) {                                 \
    switch (type) {                                                           \
      case Type::u16: return maker<F, u16>();                                 \
      case Type::s16: return maker<F, std::conditional_t<Signs, s16, u16>>(); \
      case Type::u32: return maker<F, u32>();                                 \
      case Type::s32: return maker<F, std::conditional_t<Signs, s32, u32>>(); \
      case Type::u64: return maker<F, u64>();                                 \
      case Type::s64: return maker<F, std::conditional_t<Signs, s64, u64>>(); \
      default: decoder.fail_unsupported();                                    \
    }                                                                         \
  }
VGPU_INTEGER_HANDLER(unary_of, unary)
VGPU_INTEGER_HANDLER(binary_of, binary)
VGPU_INTEGER_HANDLER(ternary_of, ternary)
#undef VGPU_INTEGER_HANDLER

void emit_binary(Decoder& d, Handler run, Type type) {
  d.expect_operands(3, 3);
  const Value a = d.read(1, type), b = d.read(2, type);
  d.emit(run, {d.write(0, type), a, b});
}

void emit_ternary(Decoder& d, Handler run, Type type) {
  d.expect_operands(4, 4);
  const Value a = d.read(1, type), b = d.read(2, type), c = d.read(3, type);
  d.emit(run, {d.write(0, type), a, b, c});
}

void emit_unary(Decoder& d, Handler run, Type to, Type from) {
  d.expect_operands(2, 2);
  const Value a = d.read(1, from);
  d.emit(run, {d.write(0, to), a});
}

// Sums with a carry. at: d, a, b, carry in, carry out; immediate: 1 if the carry comes in, 2 if it goes out, 4 for a
// difference. A borrow is a carry that is absent in hardware and present in PTX.
template <class T>
void add_with_carry(Warp& warp, const Op& op, u32 mask) {
  const T* a = warp.lanes<T>(op.at[1]);
  const T* b = warp.lanes<T>(op.at[2]);
  T* d = warp.lanes<T>(op.at[0]);
  const bool subtracts = (op.immediate & 4) != 0;
  const u32 in = (op.immediate & 1) != 0 ? warp.predicate(op.at[3]) : 0;
  u32 out = 0;
  for_each_lane(mask, [&](u32 lane) {
    const unsigned __int128 x = a[lane], y = b[lane], carry = in >> lane & 1;
    const unsigned __int128 sum = subtracts ? x - y - carry : x + y + carry;
    d[lane] = static_cast<T>(sum);
    out |= static_cast<u32>(sum >> (8 * sizeof(T)) & 1) << lane;
  });
  if ((op.immediate & 2) != 0) set_predicate(warp.predicate(op.at[4]), out, mask);
}

void decode_carry(Decoder& d, bool carry_in, bool subtracts) {
  const bool carry_out = d.accept("cc");
  const Type type = d.next_type();
  d.expect_operands(3, 3);
  const Value a = d.read(1, type), b = d.read(2, type), carry = d.carry();
  const std::uint64_t flags = (carry_in ? 1 : 0) | (carry_out ? 2 : 0) | (subtracts ? 4 : 0);
  // An output that is not asked for must not count as one, or the carry would seem to be born here.
  const Value out = carry_out ? Decoder::written(carry) : Decoder::written(d.temporary(Width::predicate));
  const Value in = carry_in ? carry : d.constant(0, Width::predicate);
  const Width width = width_of(type);
  if (width != Width::bits32 && width != Width::bits64) d.fail_unsupported();
  d.emit(width == Width::bits32 ? add_with_carry<u32> : add_with_carry<u64>, {d.write(0, type), a, b, in, out}, flags);
}

void decode_multiply(Decoder& d, bool adds, bool carry_in) {
  const bool is_24 = d.mnemonic().ends_with("24");
  const bool high = d.accept("hi");
  const bool wide = !high && d.accept("wide");
  if (!high && !wide && !d.accept("lo")) d.fail("which half of the product is wanted must be said");
  const bool carry_out = d.accept("cc");
  const bool saturates = d.accept("sat");
  const Type type = d.next_type();
  if (is_24) {
    if (wide || saturates || width_of(type) != Width::bits32) d.fail_unsupported();
    const bool s = is_signed_integer(type);
    if (!adds)
      return emit_binary(d,
                         high ? s ? binary<Multiply24High, s32>() : binary<Multiply24High, u32>()
                         : s ? binary<Multiply24Low, s32>()
                              : binary<Multiply24Low, u32>(),
                         type);
    return emit_ternary(d,
                        high ? s ? ternary<Multiply24HighAdd, s32>() : ternary<Multiply24HighAdd, u32>()
                        : s ? ternary<Multiply24LowAdd, s32>()
                             : ternary<Multiply24LowAdd, u32>(),
                        type);
  }
  if (carry_in || carry_out) {
    // The product first, then a sum with carry.
    if (wide || saturates) d.fail_unsupported();
    const Width width = width_of(type);
    if (width != Width::bits32 && width != Width::bits64) d.fail_unsupported();
    d.expect_operands(4, 4);
    const Value product = d.temporary(width);
    const Value a = d.read(1, type), b = d.read(2, type);
    d.emit(high ? binary_of<MultiplyHigh>(d, type) : binary_of<Multiply, false>(d, type),
           {Decoder::written(product), a, b});
    const Value c = d.read(3, type), carry = d.carry();
    const Value in = carry_in ? carry : d.constant(0, Width::predicate);
    const Value out = Decoder::written(carry_out ? carry : d.temporary(Width::predicate));
    d.emit(width == Width::bits32 ? add_with_carry<u32> : add_with_carry<u64>, {d.write(0, type), product, c, in, out},
           (carry_in ? 1 : 0) | (carry_out ? 2 : 0));
    return;
  }
  if (wide) {
    Type to;
    Handler run;
    switch (type) {
      case Type::u16:
        to = Type::u32;
        run = adds ? Handler{Lanewise<MultiplyWideAdd<u32>, u32, u16, u16, u32>::run}
                   : Lanewise<MultiplyWide<u32>, u32, u16, u16>::run;
        break;
      case Type::s16:
        to = Type::s32;
        run = adds ? Handler{Lanewise<MultiplyWideAdd<s32>, s32, s16, s16, s32>::run}
                   : Lanewise<MultiplyWide<s32>, s32, s16, s16>::run;
        break;
      case Type::u32:
        to = Type::u64;
        run = adds ? Handler{Lanewise<MultiplyWideAdd<u64>, u64, u32, u32, u64>::run}
                   : Lanewise<MultiplyWide<u64>, u64, u32, u32>::run;
        break;
      case Type::s32:
        to = Type::s64;
        run = adds ? Handler{Lanewise<MultiplyWideAdd<s64>, s64, s32, s32, s64>::run}
                   : Lanewise<MultiplyWide<s64>, s64, s32, s32>::run;
        break;
      default: d.fail_unsupported();
    }
    d.expect_operands(adds ? 4 : 3, adds ? 4 : 3);
    std::vector<Value> operands = {Value{}, d.read(1, type), d.read(2, type)};
    if (adds) operands.push_back(d.read(3, to));
    operands[0] = d.write(0, to);
    d.emit(run, std::move(operands));
    return;
  }
  if (saturates) {
    if (!adds || !high || type != Type::s32) d.fail_unsupported();
    return emit_ternary(d, ternary<MultiplyHighAddSaturated, s32>(), type);
  }
  if (adds) {
    return emit_ternary(d, high ? ternary_of<MultiplyHighAdd>(d, type) : ternary_of<MultiplyAdd, false>(d, type), type);
  }
  emit_binary(d, high ? binary_of<MultiplyHigh>(d, type) : binary_of<Multiply, false>(d, type), type);
}

void decode_sum(Decoder& d, bool subtracts) {
  if (d.peek() == "cc") return decode_carry(d, false, subtracts);
  const bool saturates = d.accept("sat");
  const Type type = d.next_type();
  if (saturates) {
    if (type != Type::s32) d.fail_unsupported();
    return emit_binary(d, subtracts ? binary<SubtractSaturated, s32>() : binary<AddSaturated, s32>(), type);
  }
  emit_binary(d, subtracts ? binary_of<Subtract, false>(d, type) : binary_of<Add, false>(d, type), type);
}

void decode_bit_fields(Decoder& d) {
  const bool inserts = d.mnemonic() == "bfi";
  const Type type = d.next_type();
  const bool is_wide = width_of(type) == Width::bits64;
  if (width_of(type) != Width::bits32 && !is_wide) d.fail_unsupported();
  if (inserts) {
    d.expect_operands(5, 5);
    const Value a = d.read(1, type), b = d.read(2, type), position = d.read(3, Type::u32),
                length = d.read(4, Type::u32);
    d.emit(is_wide ? Handler{Lanewise<InsertBits, u64, u64, u64, u32, u32>::run}
                   : Lanewise<InsertBits, u32, u32, u32, u32, u32>::run,
           {d.write(0, type), a, b, position, length});
    return;
  }
  d.expect_operands(4, 4);
  Handler run;
  switch (type) {
    case Type::u32: run = Lanewise<ExtractBits, u32, u32, u32, u32>::run; break;
    case Type::s32: run = Lanewise<ExtractBits, s32, s32, u32, u32>::run; break;
    case Type::u64: run = Lanewise<ExtractBits, u64, u64, u32, u32>::run; break;
    case Type::s64: run = Lanewise<ExtractBits, s64, s64, u32, u32>::run; break;
    default: d.fail_unsupported();
  }
  const Value a = d.read(1, type), position = d.read(2, Type::u32), length = d.read(3, Type::u32);
  d.emit(run, {d.write(0, type), a, position, length});
}

void decode_find_bit(Decoder& d) {
  const bool shift = d.accept("shiftamt");
  const Type type = d.next_type();
  Handler run;
  switch (type) {
    case Type::u32:
      run = shift ? Lanewise<FindBit<true>, u32, u32>::run : Lanewise<FindBit<false>, u32, u32>::run;
      break;
    case Type::s32:
      run = shift ? Lanewise<FindBit<true>, u32, s32>::run : Lanewise<FindBit<false>, u32, s32>::run;
      break;
    case Type::u64:
      run = shift ? Lanewise<FindBit<true>, u32, u64>::run : Lanewise<FindBit<false>, u32, u64>::run;
      break;
    case Type::s64:
      run = shift ? Lanewise<FindBit<true>, u32, s64>::run : Lanewise<FindBit<false>, u32, s64>::run;
      break;
    default: d.fail_unsupported();
  }
  emit_unary(d, run, Type::u32, type);
}

// popc, clz, brev: on plain bits.
void decode_bit_counts(Decoder& d) {
  const std::string_view name = d.mnemonic();
  const Type type = d.next_type();
  const bool is_wide = type == Type::b64;
  if (type != Type::b32 && !is_wide) d.fail_unsupported();
  if (name == "brev") {
    return emit_unary(d, is_wide ? Handler{Lanewise<ReverseBits, u64, u64>::run} : Lanewise<ReverseBits, u32, u32>::run,
                      type, type);
  }
  const Handler run = name == "popc" ? is_wide ? Handler{Lanewise<PopulationCount, u32, u64>::run}
                                               : Lanewise<PopulationCount, u32, u32>::run
                      : is_wide      ? Handler{Lanewise<LeadingZeros, u32, u64>::run}
                                     : Lanewise<LeadingZeros, u32, u32>::run;
  emit_unary(d, run, Type::u32, type);
}

void decode_dot(Decoder& d) {
  const bool is_two = d.mnemonic() == "dp2a";
  const bool upper = is_two && d.accept("hi");
  if (is_two && !upper && !d.accept("lo")) d.fail("which half of b is wanted must be said");
  const Type a_type = d.next_type(), b_type = d.next_type();
  const bool a_signed = a_type == Type::s32, b_signed = b_type == Type::s32;
  if ((!a_signed && a_type != Type::u32) || (!b_signed && b_type != Type::u32)) d.fail_unsupported();
  static constexpr Handler kDot4[2][2] = {{ternary<Dot4<false, false>, u32>(), ternary<Dot4<false, true>, u32>()},
                                          {ternary<Dot4<true, false>, u32>(), ternary<Dot4<true, true>, u32>()}};
  static constexpr Handler kDot2[2][2][2] = {
      {{ternary<Dot2<false, false, false>, u32>(), ternary<Dot2<false, false, true>, u32>()},
       {ternary<Dot2<false, true, false>, u32>(), ternary<Dot2<false, true, true>, u32>()}},
      {{ternary<Dot2<true, false, false>, u32>(), ternary<Dot2<true, false, true>, u32>()},
       {ternary<Dot2<true, true, false>, u32>(), ternary<Dot2<true, true, true>, u32>()}}};
  emit_ternary(d, is_two ? kDot2[a_signed][b_signed][upper] : kDot4[a_signed][b_signed], Type::u32);
}

// bmsk and szext: `.clamp` or `.wrap` says what positions beyond the width mean.
void decode_masks(Decoder& d) {
  const bool is_mask = d.mnemonic() == "bmsk";
  const bool clamp = d.accept("clamp");
  if (!clamp && !d.accept("wrap")) d.fail(".clamp or .wrap is missing");
  const Type type = d.next_type();
  if (is_mask) {
    if (type != Type::b32) d.fail_unsupported();
    return emit_binary(d, clamp ? binary<BitMask<true>, u32>() : binary<BitMask<false>, u32>(), type);
  }
  Handler run;
  if (type == Type::u32) {
    run = clamp ? Lanewise<SignExtend<true>, u32, u32, u32>::run : Lanewise<SignExtend<false>, u32, u32, u32>::run;
  } else if (type == Type::s32) {
    run = clamp ? Lanewise<SignExtend<true>, s32, s32, u32>::run : Lanewise<SignExtend<false>, s32, s32, u32>::run;
  } else {
    d.fail_unsupported();
  }
  emit_binary(d, run, type);
}

}  // namespace

void decode_integer_arithmetic(Decoder& d) {
  const std::string_view name = d.mnemonic();
  if (name == "add") return decode_sum(d, false);
  if (name == "sub") return decode_sum(d, true);
  if (name == "addc") return decode_carry(d, true, false);
  if (name == "subc") return decode_carry(d, true, true);
  if (name == "mul" || name == "mul24") return decode_multiply(d, false, false);
  if (name == "mad" || name == "mad24") return decode_multiply(d, true, false);
  if (name == "madc") return decode_multiply(d, true, true);
  if (name == "bfe" || name == "bfi") return decode_bit_fields(d);
  if (name == "bfind") return decode_find_bit(d);
  if (name == "popc" || name == "clz" || name == "brev") return decode_bit_counts(d);
  if (name == "dp4a" || name == "dp2a") return decode_dot(d);
  if (name == "bmsk" || name == "szext") return decode_masks(d);
  if ((name == "min" || name == "max") && d.peek() == "relu") d.fail_unsupported();
  const Type type = d.next_type();
  if (name == "div") return emit_binary(d, binary_of<Divide>(d, type), type);
  if (name == "rem") return emit_binary(d, binary_of<Remainder>(d, type), type);
  if (name == "min") return emit_binary(d, binary_of<Minimum>(d, type), type);
  if (name == "max") return emit_binary(d, binary_of<Maximum>(d, type), type);
  if (name == "sad") return emit_ternary(d, ternary_of<AbsoluteDifferenceAdd>(d, type), type);
  if (name == "neg" && is_signed_integer(type)) return emit_unary(d, unary_of<Negate>(d, type), type, type);
  if (name == "abs" && is_signed_integer(type)) return emit_unary(d, unary_of<Absolute>(d, type), type, type);
  d.fail_unsupported();
}

}  // namespace vgpu::machine
