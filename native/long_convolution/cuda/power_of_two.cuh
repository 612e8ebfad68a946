// Scales that change no digit.
#pragma once

namespace ki::long_convolution::cuda {

// A power of two that brings a number between 1 and 2; 1 if there is none.
__device__ inline float power_of_two_of(float largest) {
  const int exponent = static_cast<int>(__float_as_uint(largest) >> 23);
  return exponent < 4 || exponent > 250 ? 1 : __uint_as_float(static_cast<unsigned>(254 - exponent) << 23);
}

}  // namespace ki::long_convolution::cuda
