// Arithmetic on f16, f16x2, bf16 and bf16x2 over the 32 lanes of a warp, each result rounded once.
// Lanes are std::uint16_t[32] for f16 and bf16, std::uint32_t[32] for the packed types. A result may be written over an
// operand.
#pragma once

#include <cstdint>

#include "ptx/module.h"

namespace vgpu::arithmetic {

// One operand for neg, abs, ex2_approx and tanh_approx, three for fma, two for the others.
enum class HalfOperation { add, sub, mul, min, max, fma, neg, abs, ex2_approx, tanh_approx };

enum class Comparison { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };

struct HalfModifiers {
  ptx::Type type = ptx::Type::f16;  // f16, f16x2, bf16 or bf16x2
  bool ftz = false;                 // subnormal f16 inputs and results are zero of the same sign
  bool sat = false;                 // clamps to [0, 1]; NaN becomes +0
  bool relu = false;                // negative results become +0, NaN the canonical NaN
  bool nan = false;                 // min.NaN and max.NaN: NaN if an operand is
  bool xorsign_abs = false;         // min and max of the magnitudes, with the product of the signs
};

// Operands that the operation does not have may be null.
void half_arithmetic(HalfOperation operation, const HalfModifiers& modifiers, void* d, const void* a, const void* b,
                     const void* c);

// setp: bit i of `low` is the answer for the low (or only) half of lane i, and of `high` for the upper one.
struct HalfPredicates {
  std::uint32_t low = 0, high = 0;
};
HalfPredicates half_compare(Comparison comparison, const HalfModifiers& modifiers, const void* a, const void* b);

}  // namespace vgpu::arithmetic
