// How results are rounded: by tensor instructions, and by everything else.
#pragma once

namespace vgpu {

// What a tensor instruction does with its sums. PTX leaves it open, and so a kernel must be right under both.
enum class Rounding {
  exact,   // sums in double precision, rounded once at the end
  ampere,  // as on compute capability 8.x: products aligned to the largest exponent and truncated to 24 fractional bits
};

namespace arithmetic {

// PTX: .rn, .rz, .rm, .rp and .rna; .rni and its kin are the same with Conversion::to_integral.
enum class RoundingMode { nearest_even, zero, down, up, nearest_away };

}  // namespace arithmetic
}  // namespace vgpu
