// add, sub, mul, fma, div, sqrt and rcp on f32 and f64 in every rounding over the 32 lanes of a warp, each result
// rounded once; min and max. Lanes are std::uint32_t[32] for f32 and std::uint64_t[32] for f64. A result may be written
// over an operand.
#pragma once

#include "arithmetic/rounding.h"

namespace vgpu::arithmetic {

enum class FloatOperation { add, sub, mul, fma, div, sqrt, rcp, min, max };

struct FloatModifiers {
  RoundingMode rounding = RoundingMode::nearest_even;
  bool ftz = false;          // f32 only: subnormal inputs and results are zero of the same sign
  bool sat = false;          // f32 only: clamps to [0, 1]; NaN becomes +0
  bool nan = false;          // min.NaN and max.NaN: NaN if an operand is
  bool xorsign_abs = false;  // min and max of the magnitudes, with the product of the signs
};

// Operands that the operation does not have may be null.
void float_arithmetic(FloatOperation operation, const FloatModifiers& modifiers, void* d, const void* a, const void* b,
                      const void* c);
void double_arithmetic(FloatOperation operation, const FloatModifiers& modifiers, void* d, const void* a, const void* b,
                       const void* c);

}  // namespace vgpu::arithmetic
