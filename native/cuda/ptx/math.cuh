// Functions of one float32.
#pragma once

namespace ki::ptx {

// 2^x to within 2^-22; exactly 1 for 0 and 0 for -infinity. Results below the normal range are 0.
__device__ inline float ex2_approx_ftz_f32(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// 1 / x to within 2^-23, relatively; 0 for infinity. Results below the normal range are 0.
__device__ inline float rcp_approx_ftz_f32(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// 1 / x, correctly rounded.
__device__ inline float rcp_rn_f32(float x) {
  float y;
  asm("rcp.rn.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

}  // namespace ki::ptx
