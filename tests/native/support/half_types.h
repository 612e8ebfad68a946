#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

// Software conversions between binary32 and the two 16-bit types, written for these tests from the formats'
// definitions. All round to nearest, ties to even; NaN stays NaN; what is too large becomes infinite.
namespace ki::test {

/// Nearest bfloat16, as a float: the upper 16 bits of a binary32.
inline float round_to_bfloat16(float x) {
  if (!std::isfinite(x)) return x;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  // Adding just under half of the dropped part carries whatever lies above the middle; the kept lowest bit decides ties.
  bits += 0x7FFF + ((bits >> 16) & 1);
  return std::bit_cast<float>(bits & 0xFFFF0000);
}

/// Nearest binary16, as a float: 11 significant bits, smallest exponent -14, largest finite value 65504.
inline float round_to_float16(float x) {
  if (!std::isfinite(x)) return x;
  const float magnitude = std::fabs(x);
  if (magnitude >= 65520.0F) return std::copysign(std::numeric_limits<float>::infinity(), x);
  if (magnitude < 0x1p-14F) {
    // Subnormals are multiples of 2^-24, which is the ulp of a float in [0.5, 1).
    return std::copysign((magnitude + 0.5F) - 0.5F, x);
  }
  std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  bits += 0xFFF + ((bits >> 13) & 1);
  return std::bit_cast<float>(bits & 0xFFFFE000);
}

inline float bfloat16_to_float(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

inline std::uint16_t float_to_bfloat16(float x) {
  if (std::isnan(x)) return 0x7FC0;
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(round_to_bfloat16(x)) >> 16);
}

inline float float16_to_float(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  float magnitude;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

inline std::uint16_t float_to_float16(float x) {
  const std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isnan(x)) return 0x7E00;
  const float magnitude = std::fabs(round_to_float16(x));
  if (std::isinf(magnitude)) return sign | 0x7C00;
  if (magnitude < 0x1p-14F) return static_cast<std::uint16_t>(sign | static_cast<int>(std::ldexp(magnitude, 24)));
  int exponent;
  const float fraction = std::frexp(magnitude, &exponent);  // magnitude = fraction * 2^exponent, 0.5 <= fraction < 1
  return static_cast<std::uint16_t>(sign + ((exponent + 14) << 10) + (static_cast<int>(fraction * 2048) - 1024));
}

}  // namespace ki::test
