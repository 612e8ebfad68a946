// binary16 and bfloat16 as bits, one number at a time. Lanes are converted by convert.h.
#pragma once

#include <bit>
#include <cstdint>

namespace vgpu::arithmetic {

inline constexpr std::uint16_t kHalfNan = 0x7FFF;            // what arithmetic on f16 and bf16 makes of any NaN
inline constexpr std::uint32_t kFloatNan = 0x7FFF'FFFF;      // the same for f32
inline constexpr std::uint64_t kDoubleNan = 0xFFF8'0000'0000'0000;

// Exact, except that a NaN becomes the canonical one.
float float_from_f16(std::uint16_t bits);
float float_from_bf16(std::uint16_t bits);

// To nearest, ties to even; NaN becomes kHalfNan.
std::uint16_t f16_from_float(float value);
std::uint16_t bf16_from_float(float value);

// The same from a double, rounded once.
std::uint16_t f16_from_double(double value);
std::uint16_t bf16_from_double(double value);

}  // namespace vgpu::arithmetic
