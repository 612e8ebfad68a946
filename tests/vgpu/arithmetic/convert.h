// The cvt instruction over the 32 lanes of a warp.
//
// Lanes are arrays of 32 numbers that have exactly the width of their type: std::uint16_t[32] for f16, for example. The
// result may be written over the source.
#pragma once

#include "arithmetic/rounding.h"
#include "ptx/module.h"

namespace vgpu::arithmetic {

struct Conversion {
  ptx::Type to = ptx::Type::none;
  ptx::Type from = ptx::Type::none;
  RoundingMode rounding = RoundingMode::nearest_even;
  bool to_integral = false;  // .rni .rzi .rmi .rpi; implied when a floating-point number becomes an integer
  bool ftz = false;          // subnormal f32 inputs and results are zero of the same sign
  bool sat = false;          // clamps to [0, 1] (NaN: +0), or to the range of an integer
  bool relu = false;         // negative results become +0, NaN the canonical NaN
  bool satfinite = false;    // .e4m3 and .e5m2: beyond the range is the largest finite number
};

using Convert = void (*)(const Conversion& conversion, void* d, const void* a);

// cvt.to.from d, a. The function to call for each warp, chosen once; null if PTX has no such conversion.
Convert find_conversion(const Conversion& conversion);

// cvt.to.f32 d, a, b with `to` one of f16x2, bf16x2, e4m3x2 and e5m2x2; for the last two Conversion::to says e4m3 or
// e5m2, and the lanes of d are 16 bits wide. `a` becomes the upper half of d and `b` the lower one.
using ConvertPair = void (*)(const Conversion& conversion, void* d, const void* a, const void* b);
ConvertPair find_pair_conversion(const Conversion& conversion);

// The packed forms with one operand: cvt.{e4m3x2,e5m2x2}.f16x2 and cvt.f16x2.{e4m3x2,e5m2x2}; `from` or `to` says e4m3
// or e5m2, the other f16x2.
Convert find_packed_conversion(const Conversion& conversion);

}  // namespace vgpu::arithmetic
