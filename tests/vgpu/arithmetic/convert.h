// The cvt instruction over the 32 lanes of a warp.
//
// Lanes of types of up to 32 bits are std::uint32_t[32], of 64-bit types std::uint64_t[32]. Of a narrow source only the
// low bits are read; a narrow result is extended to its lane: signed integers with their sign, all others with zeros.
// The result may be written over the source when both have the same width.
#pragma once

#include <cstdint>

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

using ConvertLanes = void (*)(const Conversion& conversion, const void* from, void* to);

// cvt.to.from d, a. The function to call for each warp, chosen once; null if PTX has no such conversion.
ConvertLanes find_conversion(const Conversion& conversion);

// cvt.to.f32 d, a, b, with `to` one of f16x2, bf16x2, e4m3x2 and e5m2x2 (written as the unpacked type here: f16, bf16,
// e4m3, e5m2; all lanes are 32 bits wide). `a` becomes the upper half of d and `b` the lower one.
using ConvertPairLanes = void (*)(const Conversion& conversion, const std::uint32_t* a, const std::uint32_t* b,
                                  std::uint32_t* d);
ConvertPairLanes find_pair_conversion(const Conversion& conversion);

}  // namespace vgpu::arithmetic
