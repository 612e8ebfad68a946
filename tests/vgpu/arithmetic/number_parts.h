// Binary numbers of every format taken apart into sign, significand and exponent, and put together again with any
// rounding, in integers only.
#pragma once

#include <bit>
#include <cstdint>

#include "arithmetic/rounding.h"
#include "ptx/module.h"

namespace vgpu::arithmetic {

// Plus or minus significand * 2^exponent, if finite.
struct NumberParts {
  enum class Kind { finite, infinite, nan };
  Kind kind = Kind::finite;
  bool negative = false;
  int exponent = 0;
  std::uint64_t significand = 0;
};

template <ptx::Type T>
struct FloatFormat;  // `unused_bits`: below the fraction, in the storage; tf32 has 13 of them

template <int ExponentBits, int FractionBits, class Storage, Storage CanonicalNan, int UnusedBits = 0,
          bool HasInfinity = true>
struct FloatFormatOf {
  using Bits = Storage;
  static constexpr int exponent_bits = ExponentBits, fraction_bits = FractionBits, unused_bits = UnusedBits;
  static constexpr int bias = (1 << (ExponentBits - 1)) - 1;
  static constexpr Bits canonical_nan = CanonicalNan;
  static constexpr bool has_infinity = HasInfinity;
  // As encodings without sign and unused bits. Without infinity only the very last encoding is no number, but a NaN.
  static constexpr std::uint64_t infinity = ((1ull << ExponentBits) - 1) << FractionBits;
  static constexpr std::uint64_t first_special = HasInfinity ? infinity : (1ull << (ExponentBits + FractionBits)) - 1;
  static constexpr std::uint64_t largest_finite = first_special - 1;
};

template <>
struct FloatFormat<ptx::Type::f64> : FloatFormatOf<11, 52, std::uint64_t, 0xFFF8'0000'0000'0000> {};
template <>
struct FloatFormat<ptx::Type::f32> : FloatFormatOf<8, 23, std::uint32_t, 0x7FFF'FFFF> {};
template <>
struct FloatFormat<ptx::Type::tf32> : FloatFormatOf<8, 10, std::uint32_t, 0x7FFF'FFFF, 13> {};
template <>
struct FloatFormat<ptx::Type::f16> : FloatFormatOf<5, 10, std::uint16_t, 0x7FFF> {};
template <>
struct FloatFormat<ptx::Type::bf16> : FloatFormatOf<8, 7, std::uint16_t, 0x7FFF> {};
template <>
struct FloatFormat<ptx::Type::e5m2> : FloatFormatOf<5, 2, std::uint8_t, 0x7F> {};
template <>
struct FloatFormat<ptx::Type::e4m3> : FloatFormatOf<4, 3, std::uint8_t, 0x7F, 0, false> {};

// significand / 2^shift as an integer. `negative` is the sign of the number, which directed roundings ask for.
inline std::uint64_t shifted_and_rounded(std::uint64_t significand, int shift, bool negative, RoundingMode mode) {
  if (shift <= 0) return significand << -shift;
  const std::uint64_t kept = shift < 64 ? significand >> shift : 0;
  // What is dropped, compared with a half: -1 below, 0 equal, 1 above.
  int against_half = -1;
  if (shift <= 64) {
    const std::uint64_t half = 1ull << (shift - 1);
    const std::uint64_t dropped = shift < 64 ? significand & (2 * half - 1) : significand;
    against_half = dropped < half ? -1 : dropped > half;
    if (dropped == 0) return kept;
  }
  if (significand == 0) return 0;
  bool up = false;
  switch (mode) {
    case RoundingMode::nearest_even: up = against_half > 0 || (against_half == 0 && kept % 2 == 1); break;
    case RoundingMode::nearest_away: up = against_half >= 0; break;
    case RoundingMode::zero: break;
    case RoundingMode::down: up = negative; break;
    case RoundingMode::up: up = !negative; break;
  }
  return kept + up;
}

template <ptx::Type T>
NumberParts take_apart(typename FloatFormat<T>::Bits bits) {
  using Format = FloatFormat<T>;
  const std::uint64_t encoding = static_cast<std::uint64_t>(bits) >> Format::unused_bits;
  const std::uint64_t fraction = encoding & ((1ull << Format::fraction_bits) - 1);
  const int exponent = static_cast<int>(encoding >> Format::fraction_bits & ((1u << Format::exponent_bits) - 1));
  const std::uint64_t magnitude = encoding & ((1ull << (Format::exponent_bits + Format::fraction_bits)) - 1);
  NumberParts parts;
  parts.negative = encoding >> (Format::exponent_bits + Format::fraction_bits) & 1;
  if (magnitude >= Format::first_special) {
    const bool infinite = Format::has_infinity && magnitude == Format::infinity;
    parts.kind = infinite ? NumberParts::Kind::infinite : NumberParts::Kind::nan;
    return parts;
  }
  parts.significand = exponent == 0 ? fraction : fraction | 1ull << Format::fraction_bits;
  parts.exponent = (exponent == 0 ? 1 : exponent) - Format::bias - Format::fraction_bits;
  return parts;
}

// The encoding of what lies beyond the range.
template <ptx::Type T>
std::uint64_t overflowed(bool negative, RoundingMode mode, bool satfinite) {
  using Format = FloatFormat<T>;
  if (satfinite) return Format::largest_finite;
  const bool to_largest =
      mode == RoundingMode::zero || (mode == RoundingMode::down && !negative) || (mode == RoundingMode::up && negative);
  return to_largest ? Format::largest_finite : Format::first_special;
}

template <ptx::Type T>
typename FloatFormat<T>::Bits put_together(const NumberParts& parts, RoundingMode mode, bool satfinite = false) {
  using Format = FloatFormat<T>;
  using Bits = typename Format::Bits;
  if (parts.kind == NumberParts::Kind::nan) return Format::canonical_nan;
  std::uint64_t encoding = 0;
  if (parts.kind == NumberParts::Kind::infinite) {
    encoding = satfinite ? Format::largest_finite : Format::first_special;
  } else if (parts.significand != 0) {
    const int highest = 63 - std::countl_zero(parts.significand);
    const int smallest_exponent = 1 - Format::bias;
    int exponent = parts.exponent + highest;
    if (exponent < smallest_exponent) exponent = smallest_exponent;
    const int shift = exponent - Format::fraction_bits - parts.exponent;
    const std::uint64_t rounded = shifted_and_rounded(parts.significand, shift, parts.negative, mode);
    if (exponent > Format::bias + 1) {
      encoding = overflowed<T>(parts.negative, mode, satfinite);
    } else {
      // The leading bit of a normal number adds one to the exponent field, and a carry out of the fraction another.
      encoding = (static_cast<std::uint64_t>(exponent - smallest_exponent) << Format::fraction_bits) + rounded;
      if (encoding >= Format::first_special) encoding = overflowed<T>(parts.negative, mode, satfinite);
    }
  }
  const std::uint64_t sign = static_cast<std::uint64_t>(parts.negative)
                             << (Format::exponent_bits + Format::fraction_bits);
  return static_cast<Bits>((encoding | sign) << Format::unused_bits);
}

}  // namespace vgpu::arithmetic
