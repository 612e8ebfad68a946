// cvt: float32 from and to the 16-bit types, and pairs of them in one register, rounded to nearest even.
#pragma once

#include <cstdint>

#include "cuda/ptx/types.cuh"

namespace ki::ptx {

// The instruction names the upper half first.
template <class T>
__device__ std::uint32_t cvt_rn_x2_f32(float upper, float lower);

template <>
__device__ inline std::uint32_t cvt_rn_x2_f32<f16>(float upper, float lower) {
  std::uint32_t pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(upper), "f"(lower));
  return pair;
}

template <>
__device__ inline std::uint32_t cvt_rn_x2_f32<bf16>(float upper, float lower) {
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(upper), "f"(lower));
  return pair;
}

__device__ inline float cvt_f32(f16 x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
  return y;
}

// A bfloat16 is the upper half of a float32.
__device__ inline float cvt_f32(bf16 x) { return __uint_as_float(std::uint32_t{x.bits} << 16); }

}  // namespace ki::ptx
