// setp and set: comparisons of integers, floats and halves, combined with a predicate. PTX ISA, section 9.7.6.
#include "arithmetic/flushed.h"
#include "arithmetic/half_math.h"
#include "machine/instructions/arithmetic.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using arithmetic::Comparison;
using arithmetic::flushed;
using ptx::Type;

using Compare = u32 (*)(const void* a, const void* b);

template <Comparison C, class T>
bool holds(T a, T b) {
  // Ordered comparisons of floats are false for NaN; the unordered ones are their opposites' negations.
  switch (C) {
    case Comparison::eq: return a == b;
    case Comparison::ne: return a < b || a > b;
    case Comparison::lt: return a < b;
    case Comparison::le: return a <= b;
    case Comparison::gt: return a > b;
    case Comparison::ge: return a >= b;
    case Comparison::equ: return !(a < b || a > b);
    case Comparison::neu: return a != b;
    case Comparison::ltu: return !(a >= b);
    case Comparison::leu: return !(a > b);
    case Comparison::gtu: return !(a <= b);
    case Comparison::geu: return !(a < b);
    case Comparison::num: return a == a && b == b;
    case Comparison::nan: return a != a || b != b;
  }
  return false;
}

template <Comparison C, class T, bool Flush>
u32 compare(const void* a, const void* b) {
  return lanes_where([](T x, T y) { return Flush ? holds<C>(flushed(x), flushed(y)) : holds<C>(x, y); },
                     static_cast<const T*>(a), static_cast<const T*>(b));
}

template <class T>
Compare integer_comparison(Decoder& d, std::string_view name) {
  using S = std::make_signed_t<T>;
  using U = std::make_unsigned_t<T>;
  if (name == "eq") return compare<Comparison::eq, U, false>;
  if (name == "ne") return compare<Comparison::ne, U, false>;
  if (name == "lt") return compare<Comparison::lt, T, false>;
  if (name == "le") return compare<Comparison::le, T, false>;
  if (name == "gt") return compare<Comparison::gt, T, false>;
  if (name == "ge") return compare<Comparison::ge, T, false>;
  // lower, lower or same, higher, higher or same: unsigned
  if (std::is_same_v<T, S>) d.fail("the comparison '." + std::string(name) + "' of signed numbers is not supported");
  if (name == "lo") return compare<Comparison::lt, U, false>;
  if (name == "ls") return compare<Comparison::le, U, false>;
  if (name == "hi") return compare<Comparison::gt, U, false>;
  if (name == "hs") return compare<Comparison::ge, U, false>;
  d.fail("the comparison '." + std::string(name) + "' is not supported");
}

Comparison float_comparison_named(Decoder& d, std::string_view name) {
  static const std::unordered_map<std::string_view, Comparison> kNames = {
      {"eq", Comparison::eq},   {"ne", Comparison::ne},   {"lt", Comparison::lt},   {"le", Comparison::le},
      {"gt", Comparison::gt},   {"ge", Comparison::ge},   {"equ", Comparison::equ}, {"neu", Comparison::neu},
      {"ltu", Comparison::ltu}, {"leu", Comparison::leu}, {"gtu", Comparison::gtu}, {"geu", Comparison::geu},
      {"num", Comparison::num}, {"nan", Comparison::nan}};
  const auto found = kNames.find(name);
  if (found == kNames.end()) d.fail("the comparison '." + std::string(name) + "' is not supported");
  return found->second;
}

template <class T, bool Flush, std::size_t... I>
Compare float_comparison(Comparison comparison, std::index_sequence<I...>) {
  static constexpr Compare kTable[] = {compare<static_cast<Comparison>(I), T, Flush>...};
  return kTable[static_cast<std::size_t>(comparison)];
}

Compare comparison_of(Decoder& d, std::string_view name, Type type, bool ftz) {
  if (ftz && type != Type::f32) d.fail_unsupported();
  constexpr std::make_index_sequence<14> kAll;
  switch (type) {
    case Type::b16:
      if (name != "eq" && name != "ne") d.fail_unsupported();
      [[fallthrough]];
    case Type::u16: return integer_comparison<u16>(d, name);
    case Type::s16: return integer_comparison<std::int16_t>(d, name);
    case Type::b32:
      if (name != "eq" && name != "ne") d.fail_unsupported();
      [[fallthrough]];
    case Type::u32: return integer_comparison<u32>(d, name);
    case Type::s32: return integer_comparison<std::int32_t>(d, name);
    case Type::b64:
      if (name != "eq" && name != "ne") d.fail_unsupported();
      [[fallthrough]];
    case Type::u64: return integer_comparison<u64>(d, name);
    case Type::s64: return integer_comparison<std::int64_t>(d, name);
    case Type::f32:
      return ftz ? float_comparison<float, true>(float_comparison_named(d, name), kAll)
                 : float_comparison<float, false>(float_comparison_named(d, name), kAll);
    case Type::f64: return float_comparison<double, false>(float_comparison_named(d, name), kAll);
    default: d.fail_unsupported();
  }
}

enum class Combination : std::uint8_t { none, and_, or_, xor_ };

struct Test {
  Compare compare = nullptr;  // null: halves
  Combination combination = Combination::none;
  Comparison half_comparison = Comparison::eq;
  arithmetic::HalfModifiers half;
};

u32 combined(Combination combination, u32 a, u32 b) {
  switch (combination) {
    case Combination::none: return a;
    case Combination::and_: return a & b;
    case Combination::or_: return a | b;
    case Combination::xor_: return a ^ b;
  }
  return a;
}

// at: p, a, b
void setp(Warp& warp, const Op& op, u32 mask) {
  const auto compare = reinterpret_cast<Compare>(op.immediate);
  set_predicate(warp.predicate(op.at[0]), compare(warp.lanes<u32>(op.at[1]), warp.lanes<u32>(op.at[2])), mask);
}

// at: p, q, a, b, c. q is the negated comparison, combined likewise; for pairs of halves it is that of the upper one.
void setp_combined(Warp& warp, const Op& op, u32 mask) {
  const Test& test = *static_cast<const Test*>(op.extra);
  const u32 c = warp.predicate(op.at[4]);
  u32 p, q;
  if (test.compare != nullptr) {
    p = test.compare(warp.lanes<u32>(op.at[2]), warp.lanes<u32>(op.at[3]));
    q = ~p;
  } else {
    const auto both =
        arithmetic::half_compare(test.half_comparison, test.half, warp.lanes<u32>(op.at[2]), warp.lanes<u32>(op.at[3]));
    p = both.low;
    const bool is_pair = ptx::size_bytes(test.half.type) == 4;
    q = is_pair ? both.high : ~p;
  }
  set_predicate(warp.predicate(op.at[0]), combined(test.combination, p, c), mask);
  set_predicate(warp.predicate(op.at[1]), combined(test.combination, q, c), mask);
}

// at: d, a, b, c; immediate: the result where the test holds. For pairs of halves, each half of it.
void set(Warp& warp, const Op& op, u32 mask) {
  const Test& test = *static_cast<const Test*>(op.extra);
  const u32 c = warp.predicate(op.at[3]);
  const auto value = static_cast<u32>(op.immediate);
  u32 low, high;
  if (test.compare != nullptr) {
    low = high = test.compare(warp.lanes<u32>(op.at[1]), warp.lanes<u32>(op.at[2]));
  } else {
    const auto both =
        arithmetic::half_compare(test.half_comparison, test.half, warp.lanes<u32>(op.at[1]), warp.lanes<u32>(op.at[2]));
    low = both.low;
    high = ptx::size_bytes(test.half.type) == 4 ? both.high : both.low;
  }
  low = combined(test.combination, low, c);
  high = combined(test.combination, high, c);
  u32* d = warp.lanes<u32>(op.at[0]);
  for_each_lane(mask, [&](u32 i) {
    d[i] = ((low >> i & 1) != 0 ? value & 0xFFFF : 0) | ((high >> i & 1) != 0 ? value & 0xFFFF'0000 : 0);
  });
}

void set16(Warp& warp, const Op& op, u32 mask) {
  const Test& test = *static_cast<const Test*>(op.extra);
  const u32 c = warp.predicate(op.at[3]);
  u32 low = test.compare != nullptr ? test.compare(warp.lanes<u32>(op.at[1]), warp.lanes<u32>(op.at[2]))
                                    : arithmetic::half_compare(test.half_comparison, test.half,
                                                               warp.lanes<u32>(op.at[1]), warp.lanes<u32>(op.at[2]))
                                          .low;
  low = combined(test.combination, low, c);
  u16* d = warp.lanes<u16>(op.at[0]);
  for_each_lane(mask, [&](u32 i) { d[i] = (low >> i & 1) != 0 ? static_cast<u16>(op.immediate) : 0; });
}

struct Modifiers {
  std::string_view comparison;
  Combination combination = Combination::none;
  bool ftz = false;
};

Modifiers read_modifiers(Decoder& d) {
  Modifiers modifiers;
  modifiers.comparison = d.next();
  if (d.accept("and"))
    modifiers.combination = Combination::and_;
  else if (d.accept("or"))
    modifiers.combination = Combination::or_;
  else if (d.accept("xor"))
    modifiers.combination = Combination::xor_;
  modifiers.ftz = d.accept("ftz");
  return modifiers;
}

Test test_of(Decoder& d, const Modifiers& modifiers, Type type) {
  Test test;
  test.combination = modifiers.combination;
  if (is_half(type)) {
    test.half_comparison = float_comparison_named(d, modifiers.comparison);
    test.half.type = type;
    test.half.ftz = modifiers.ftz;
  } else {
    test.compare = comparison_of(d, modifiers.comparison, type, modifiers.ftz);
  }
  return test;
}

Value combining_predicate(Decoder& d, const Modifiers& modifiers) {
  if (modifiers.combination == Combination::none) {
    d.expect_operands(3, 3);
    return d.constant(0, Width::predicate);
  }
  d.expect_operands(4, 4);
  return d.read_predicate(d.operand(3));
}

void decode_setp(Decoder& d) {
  const Modifiers modifiers = read_modifiers(d);
  const Type type = d.next_type();
  const Test test = test_of(d, modifiers, type);
  const Value c = combining_predicate(d, modifiers);
  const Value a = d.read(1, type), b = d.read(2, type);
  const bool is_pair = d.operand(0).kind == ptx::Operand::Kind::pair;
  if (!is_pair && modifiers.combination == Combination::none && test.compare != nullptr) {
    d.emit(setp, {d.write_predicate(d.operand(0)), a, b}, reinterpret_cast<u64>(test.compare));
    return;
  }
  const Value p = d.write_predicate(is_pair ? d.operand(0).elements[0] : d.operand(0));
  const Value q =
      is_pair ? d.write_predicate(d.operand(0).elements[1]) : Decoder::written(d.temporary(Width::predicate));
  d.emit(setp_combined, {p, q, a, b, c}, 0, d.keep(test));
}

void decode_set(Decoder& d) {
  const Modifiers modifiers = read_modifiers(d);
  const Type to = d.next_type(), type = d.next_type();
  const Test test = test_of(d, modifiers, type);
  const Value c = combining_predicate(d, modifiers);
  const Value a = d.read(1, type), b = d.read(2, type);
  u64 value;
  switch (to) {
    case Type::u32:
    case Type::s32:
    case Type::u16:
    case Type::s16: value = 0xFFFF'FFFF; break;
    case Type::f32: value = 0x3F80'0000; break;
    case Type::f16:
    case Type::f16x2: value = 0x3C00'3C00; break;
    case Type::bf16:
    case Type::bf16x2: value = 0x3F80'3F80; break;
    default: d.fail_unsupported();
  }
  d.emit(ptx::size_bytes(to) == 2 ? set16 : set, {d.write(0, to), a, b, c}, value, d.keep(test));
}

}  // namespace

void add_comparison_instructions(DecodeTable& table) {
  table["setp"] = decode_setp;
  table["set"] = decode_set;
}

}  // namespace vgpu::machine
