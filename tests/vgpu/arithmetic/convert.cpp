// Every conversion in integers: the source is taken apart exactly, clamped, and put together in the new type. Slower
// than convert_fast.cpp, but the same code for all.
#include "arithmetic/convert.h"

#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "arithmetic/convert_fast.h"
#include "arithmetic/number_parts.h"

namespace vgpu::arithmetic {
namespace {

using ptx::Type;

template <Type T>
struct Integer {
  static constexpr bool value = false;
};
template <class I>
struct IntegerOf {
  static constexpr bool value = true;
  using Bits = I;
};
template <>
struct Integer<Type::u8> : IntegerOf<std::uint8_t> {};
template <>
struct Integer<Type::u16> : IntegerOf<std::uint16_t> {};
template <>
struct Integer<Type::u32> : IntegerOf<std::uint32_t> {};
template <>
struct Integer<Type::u64> : IntegerOf<std::uint64_t> {};
template <>
struct Integer<Type::s8> : IntegerOf<std::int8_t> {};
template <>
struct Integer<Type::s16> : IntegerOf<std::int16_t> {};
template <>
struct Integer<Type::s32> : IntegerOf<std::int32_t> {};
template <>
struct Integer<Type::s64> : IntegerOf<std::int64_t> {};

template <Type T>
constexpr bool is_integer = Integer<T>::value;
template <Type T>
using Lane = typename std::conditional_t<is_integer<T>, Integer<T>, FloatFormat<T>>::Bits;

template <class To, class From>
To clamped(From x) {
  using Limits = std::numeric_limits<To>;
  if (std::in_range<To>(x)) return static_cast<To>(x);
  return x < 0 ? Limits::min() : Limits::max();
}

// The manual: NaN becomes zero, except that from f64, or to 64 bits, only the top bit is set.
template <class To, Type From>
To integer_from_nan() {
  if (From != Type::f64 && sizeof(To) < 8) return 0;
  return static_cast<To>(std::make_unsigned_t<To>{1} << (8 * sizeof(To) - 1));
}

template <class To, Type From>
To integer_from(const NumberParts& parts, RoundingMode mode) {
  using Limits = std::numeric_limits<To>;
  if (parts.kind == NumberParts::Kind::nan) return integer_from_nan<To, From>();
  const int highest = 64 - std::countl_zero(parts.significand) + parts.exponent;
  const bool fits = parts.kind == NumberParts::Kind::finite && (parts.significand == 0 || highest <= 64);
  if (!fits) return parts.negative ? Limits::min() : Limits::max();
  const std::uint64_t magnitude =
      parts.significand == 0 ? 0 : shifted_and_rounded(parts.significand, -parts.exponent, parts.negative, mode);
  if (!parts.negative) return clamped<To>(magnitude);
  const std::uint64_t lowest = 0 - static_cast<std::uint64_t>(static_cast<std::int64_t>(Limits::min()));
  return magnitude >= lowest ? Limits::min() : static_cast<To>(0 - magnitude);
}

template <class From>
NumberParts parts_of_integer(From x) {
  const bool negative = x < 0;
  const auto bits = static_cast<std::uint64_t>(x);
  return {NumberParts::Kind::finite, negative, 0, negative ? 0 - bits : bits};
}

NumberParts rounded_to_integral(NumberParts parts, RoundingMode mode) {
  if (parts.kind != NumberParts::Kind::finite || parts.exponent >= 0) return parts;
  parts.significand = shifted_and_rounded(parts.significand, -parts.exponent, parts.negative, mode);
  parts.exponent = 0;
  return parts;
}

bool is_above_one(const NumberParts& parts) {
  if (parts.kind != NumberParts::Kind::finite) return parts.kind == NumberParts::Kind::infinite;
  return parts.significand != 0 && 63 - std::countl_zero(parts.significand) + parts.exponent >= 0;
}

NumberParts saturated(const NumberParts& parts) {
  if (parts.kind == NumberParts::Kind::nan || parts.negative) return {};
  return is_above_one(parts) ? NumberParts{.significand = 1} : parts;
}

template <Type T>
bool is_subnormal(const NumberParts& parts) {
  return parts.kind == NumberParts::Kind::finite && parts.significand != 0 &&
         63 - std::countl_zero(parts.significand) + parts.exponent < 1 - FloatFormat<T>::bias;
}

template <Type To, Type From>
Lane<To> converted(const Conversion& c, Lane<From> x) {
  NumberParts parts;
  if constexpr (is_integer<From>) {
    parts = parts_of_integer(x);
  } else {
    parts = take_apart<From>(x);
    if (From == Type::f32 && c.ftz && is_subnormal<From>(parts)) parts.significand = 0;
  }
  if constexpr (is_integer<To>) {
    return integer_from<Lane<To>, From>(parts, c.rounding);
  } else {
    if (c.to_integral) parts = rounded_to_integral(parts, c.rounding);
    if (c.sat) parts = saturated(parts);
    if (c.relu && parts.kind != NumberParts::Kind::nan && parts.negative) parts = {};
    const Lane<To> bits = put_together<To>(parts, c.rounding, c.satfinite);
    if constexpr (To == Type::f32) {
      if (c.ftz && (bits & 0x7F80'0000) == 0) return bits & 0x8000'0000;
    }
    return bits;
  }
}

template <Type To, Type From>
void convert(const Conversion& c, void* d, const void* a) {
  const auto* from = static_cast<const Lane<From>*>(a);
  auto* to = static_cast<Lane<To>*>(d);
  if constexpr (is_integer<To> && is_integer<From>) {
    if (!c.sat) {
#pragma GCC ivdep
      for (int lane = 0; lane < 32; ++lane) to[lane] = static_cast<Lane<To>>(from[lane]);
    } else {
#pragma GCC ivdep
      for (int lane = 0; lane < 32; ++lane) to[lane] = clamped<Lane<To>>(from[lane]);
    }
  } else {
    for (int lane = 0; lane < 32; ++lane) to[lane] = converted<To, From>(c, from[lane]);
  }
}

template <Type T>
using TypeConstant = std::integral_constant<Type, T>;

// Calls f with the type as a constant.
template <class F>
Convert with_type(Type type, F&& f) {
  switch (type) {
    case Type::u8: return f(TypeConstant<Type::u8>{});
    case Type::u16: return f(TypeConstant<Type::u16>{});
    case Type::u32: return f(TypeConstant<Type::u32>{});
    case Type::u64: return f(TypeConstant<Type::u64>{});
    case Type::s8: return f(TypeConstant<Type::s8>{});
    case Type::s16: return f(TypeConstant<Type::s16>{});
    case Type::s32: return f(TypeConstant<Type::s32>{});
    case Type::s64: return f(TypeConstant<Type::s64>{});
    case Type::f16: return f(TypeConstant<Type::f16>{});
    case Type::bf16: return f(TypeConstant<Type::bf16>{});
    case Type::tf32: return f(TypeConstant<Type::tf32>{});
    case Type::f32: return f(TypeConstant<Type::f32>{});
    case Type::f64: return f(TypeConstant<Type::f64>{});
    default: return nullptr;
  }
}

template <Type To, Type From>
Convert choose(const Conversion& c) {
  if (From == Type::tf32 || (To == Type::tf32 && From != Type::f32)) return nullptr;
  if (c.to_integral && !is_integer<From> && !is_integer<To> && To != From) return nullptr;
  if (c.satfinite || (c.relu && (is_integer<To> || is_integer<From>))) return nullptr;
  return convert<To, From>;
}

template <Type T>
void narrow_pair(const Conversion& c, void* d, const void* a, const void* b) {
  const auto* high = static_cast<const std::uint32_t*>(a);
  const auto* low = static_cast<const std::uint32_t*>(b);
  for (int lane = 0; lane < 32; ++lane) {
    constexpr int kBits = 8 * sizeof(Lane<T>);
    using Pair = std::conditional_t<kBits == 16, std::uint32_t, std::uint16_t>;
    const Pair high_half = converted<T, Type::f32>(c, high[lane]);
    static_cast<Pair*>(d)[lane] = static_cast<Pair>(high_half << kBits | converted<T, Type::f32>(c, low[lane]));
  }
}

template <Type To, Type From>
void convert_packed(const Conversion& c, void* d, const void* a) {
  // f16x2 in 32 bits on one side, two bytes in 16 bits on the other.
  const auto* from = static_cast<const Lane<From>*>(a);
  auto* to = static_cast<Lane<To>*>(d);
  for (int i = 0; i < 64; ++i) to[i] = converted<To, From>(c, from[i]);
}

}  // namespace

Convert find_conversion(const Conversion& conversion) {
  const Convert general = with_type(conversion.to, [&](auto to) {
    return with_type(conversion.from, [&](auto from) { return choose<to, from>(conversion); });
  });
  if (general == nullptr) return nullptr;
  const Convert fast = find_fast_conversion(conversion);
  return fast != nullptr ? fast : general;
}

ConvertPair find_pair_conversion(const Conversion& conversion) {
  if (conversion.from != Type::f32 || conversion.sat || conversion.to_integral || conversion.ftz) return nullptr;
  if (const ConvertPair fast = find_fast_pair_conversion(conversion)) return fast;
  switch (conversion.to) {
    case Type::f16x2: return narrow_pair<Type::f16>;
    case Type::bf16x2: return narrow_pair<Type::bf16>;
    case Type::e4m3: return conversion.satfinite ? narrow_pair<Type::e4m3> : nullptr;
    case Type::e5m2: return conversion.satfinite ? narrow_pair<Type::e5m2> : nullptr;
    default: return nullptr;
  }
}

Convert find_packed_conversion(const Conversion& conversion) {
  if (conversion.sat || conversion.to_integral || conversion.ftz) return nullptr;
  if (conversion.from == Type::f16x2 && conversion.satfinite) {
    if (conversion.to == Type::e4m3) return convert_packed<Type::e4m3, Type::f16>;
    if (conversion.to == Type::e5m2) return convert_packed<Type::e5m2, Type::f16>;
  }
  if (conversion.to == Type::f16x2 && !conversion.satfinite) {
    if (conversion.from == Type::e4m3) return convert_packed<Type::f16, Type::e4m3>;
    if (conversion.from == Type::e5m2) return convert_packed<Type::f16, Type::e5m2>;
  }
  return nullptr;
}

}  // namespace vgpu::arithmetic
