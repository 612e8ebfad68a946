// A maximum that does not lose what is not a number.
#pragma once

namespace ki::cuda {

// A NaN stays, where fmaxf would drop it.
__device__ inline float larger(float x, float y) { return y > x || y != y ? y : x; }

}  // namespace ki::cuda
