// The integer and single-bit products of mma: D = A * B + C.
#pragma once

#include "arithmetic/mma.h"

namespace vgpu::arithmetic {

// s8, u8, s4, u4 and b1, all shapes; `run` is null if there is no such instruction.
MmaFunction find_integer_mma(const MmaInstruction& instruction);

}  // namespace vgpu::arithmetic
