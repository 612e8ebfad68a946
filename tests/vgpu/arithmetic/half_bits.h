// binary16 and bfloat16 as bits, one number at a time. Lanes are converted by convert.h.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "arithmetic/number_parts.h"

namespace vgpu::arithmetic {

// What arithmetic makes of any NaN.
inline constexpr std::uint16_t kHalfNan = 0x7FFF;  // f16 and bf16
inline constexpr std::uint32_t kFloatNan = 0x7FFF'FFFF;
inline constexpr std::uint64_t kDoubleNan = 0xFFF8'0000'0000'0000;

// Exact; a NaN stays some NaN.
inline float float_from_f16(std::uint16_t bits) { return _cvtsh_ss(bits); }
inline float float_from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// To nearest, ties to even, rounded once; NaN becomes kHalfNan.
inline std::uint16_t f16_from_double(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return put_together<ptx::Type::f16>(take_apart<ptx::Type::f64>(bits), RoundingMode::nearest_even);
}
inline std::uint16_t bf16_from_double(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return put_together<ptx::Type::bf16>(take_apart<ptx::Type::f64>(bits), RoundingMode::nearest_even);
}

}  // namespace vgpu::arithmetic
