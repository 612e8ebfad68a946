// The hyperbolic tangent for scores that are rounded to 16 bits.
#pragma once

#include "cuda/ptx/math.cuh"

namespace ki::cuda {

// To within 2^-19, relatively: 1 - 2 / (1 + e^2x), and where that would cancel, the beginning of the series. (tanh.approx is
// good to 2^-11 only, which in float32 logsumexps and gradients would show.)
__device__ inline float tanh_approx(float x) {
  constexpr float kTwiceLog2e = 2.885390081777926815F;
  const float exponential = ptx::ex2_approx_ftz_f32(kTwiceLog2e * x);
  const float large = fmaf(-2.0F, ptx::rcp_approx_ftz_f32(exponential + 1), 1.0F);
  const float square = x * x;
  const float series = fmaf(square, fmaf(square, fmaf(square, -17.0F / 315, 2.0F / 15), -1.0F / 3), 1.0F);
  return fabsf(x) < 0.3F ? x * series : large;
}

}  // namespace ki::cuda
