// One pass of a float32 transform of any power of two, over global memory.
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/float32_dft.cuh"
#include "long_convolution/cuda/transform_params.h"

namespace ki::long_convolution::cuda {

// Multiplies x[r] by w^r, w = exp(-2 pi i index / steps), by products of at most four roots.
template <int kRadix>
__device__ void turn_all(float2 (&x)[kRadix], int index, int steps) {
  float2 power[kRadix];
  power[0] = {1, 0};
#pragma unroll
  for (int bit = 1; bit < kRadix; bit *= 2) {
    power[bit] = root_of_unity(bit * index, steps);
#pragma unroll
    for (int rest = 1; rest < bit; ++rest) power[bit + rest] = power[bit] * power[rest];
  }
#pragma unroll
  for (int r = 1; r < kRadix; ++r) x[r] = x[r] * power[r];
}

template <int kRadix>
__device__ void transform_pass(const PassParams& p) {
  const int groups = p.points / kRadix, group = ki::ptx::ctaid_x() * kTransformThreads + ki::ptx::tid_x();
  if (group >= groups) return;
  const std::int64_t row = std::int64_t{blockIdx.y} * p.points;
  const auto* from = reinterpret_cast<const float2*>(p.from) + row;
  auto* to = reinterpret_cast<float2*>(p.to) + row;
  float2 x[kRadix];
#pragma unroll
  for (int r = 0; r < kRadix; ++r) x[r] = from[group + r * groups];
  const int done = group & (p.done - 1);
  turn_all(x, done, p.done * kRadix);
  dft(x);
  const int first = (group - done) * kRadix + done;
#pragma unroll
  for (int r = 0; r < kRadix; ++r) to[first + r * p.done] = x[r];
}

#define KI_TRANSFORM_PASS(radix)                                                \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)               \
      long_convolution_pass##radix(const __grid_constant__ PassParams params) { \
    transform_pass<radix>(params);                                              \
  }
KI_TRANSFORM_PASS(2)
KI_TRANSFORM_PASS(4)
KI_TRANSFORM_PASS(8)
KI_TRANSFORM_PASS(16)

}  // namespace ki::long_convolution::cuda
