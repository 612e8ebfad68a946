// The conversions that kernels make all the time, with vector instructions.
#pragma once

#include "arithmetic/convert.h"

namespace vgpu::arithmetic {

// Null where the general code must do.
Convert find_fast_conversion(const Conversion& conversion);
ConvertPair find_fast_pair_conversion(const Conversion& conversion);

}  // namespace vgpu::arithmetic
