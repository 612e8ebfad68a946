// Gradients of the filter and of the skip. All sums are formed in a fixed order.
#include "cuda/device/fragment.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/backward_params.h"
#include "long_convolution/cuda/frequency_mask.cuh"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

// A thread for each frequency. Two rows a and b ride in each transform: of the product conj(A + i B)(C + i D) the part
// conj(A) C + conj(B) D belongs to real numbers and the rest to imaginary ones, which are dropped after the inverse transform.
extern "C" __global__ void __launch_bounds__(kTransformThreads)
    long_convolution_products(const __grid_constant__ ProductParams params) {
  const ProductParams& p = params;
  const int frequency = ptx::ctaid_x() * kTransformThreads + ptx::tid_x();
  if (frequency >= p.points) return;
  const std::int64_t first = blockIdx.y * p.pairs * p.points + frequency;
  const auto* inputs = reinterpret_cast<const float2*>(p.inputs) + first;
  const auto* gradients = reinterpret_cast<const float2*>(p.gradients) + first;
  float2& to = reinterpret_cast<float2*>(p.sums)[std::int64_t{blockIdx.y} * p.points + frequency];
  float2 sum = p.accumulate ? to : float2{0, 0};
#pragma unroll 4
  for (std::int64_t pair = 0; pair < p.pairs; ++pair) {
    const float2 x = inputs[pair * p.points], y = gradients[pair * p.points];
    sum.x += x.x * y.x + x.y * y.y;
    sum.y += x.x * y.y - x.y * y.x;
  }
  to = sum;
}

extern "C" __global__ void __launch_bounds__(kTransformThreads)
    long_convolution_mask_sums(const __grid_constant__ MaskParams params) {
  const MaskParams& p = params;
  const int frequency = ptx::ctaid_x() * kTransformThreads + ptx::tid_x();
  if (frequency >= p.points) return;
  const FrequencyMask mask{p.mask, p.frequency_block, p.mask_blocks};
  float2& sum = reinterpret_cast<float2*>(p.sums)[std::int64_t{blockIdx.y} * p.points + frequency];
  const bool keep = mask.keeps(min(frequency, p.points - frequency));
  sum = keep ? float2{sum.y, sum.x} : float2{0, 0};
}

template <class T>
__device__ void filter_gradient(const FilterGradientParams& p) {
  const std::int64_t tap = std::int64_t{blockIdx.x} * kTransformThreads + ptx::tid_x();
  if (tap >= p.filter_length) return;
  float gradient = 0;
  if (tap < p.period || p.circular) {
    const auto* sums = reinterpret_cast<const float2*>(p.sums) + std::int64_t{blockIdx.y} * p.points;
    gradient = sums[tap % p.period].y / static_cast<float>(p.points);
  }
  if (p.filter != nullptr) {
    const float value = to_float(static_cast<const T*>(p.filter)[blockIdx.y * p.filter_stride + tap]);
    if (fabsf(value) <= p.squash) gradient = 0;
  }
  p.gradient[blockIdx.y * p.gradient_stride + tap] = gradient;
}

// A block for each channel.
template <class T>
__device__ void skip_gradient(const SkipGradientParams& p) {
  __shared__ float sums[kTransformThreads / kWarpSize];
  const int thread = ptx::tid_x();
  const std::int64_t channel = ptx::ctaid_x();
  float sum = 0;
  for (std::int64_t batch = 0; batch < p.batch; ++batch) {
    const auto* x = reinterpret_cast<const T*>(p.input.data + batch * p.input.batch + channel * p.input.channel);
    const auto* dy =
        reinterpret_cast<const T*>(p.grad_output.data + batch * p.grad_output.batch + channel * p.grad_output.channel);
    float of_row = 0;
    for (std::int64_t i = thread; i < p.length; i += kTransformThreads) of_row += to_float(x[i]) * to_float(dy[i]);
    sum += of_row;
  }
#pragma unroll
  for (int step = 1; step < kWarpSize; step *= 2) sum += __shfl_xor_sync(0xFFFFFFFF, sum, step);
  if (thread % kWarpSize == 0) sums[thread / kWarpSize] = sum;
  __syncthreads();
  if (thread != 0) return;
  float all = 0;
  for (const float of_warp : sums) all += of_warp;
  p.gradient[channel * p.gradient_stride] = all;
}

#define KI_GRADIENT_KERNELS(name, element)                                                           \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)                                    \
      long_convolution_filter_gradient_##name(const __grid_constant__ FilterGradientParams params) { \
    filter_gradient<element>(params);                                                                \
  }                                                                                                  \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)                                    \
      long_convolution_skip_gradient_##name(const __grid_constant__ SkipGradientParams params) {     \
    skip_gradient<element>(params);                                                                  \
  }
KI_GRADIENT_KERNELS(f32, float)
KI_GRADIENT_KERNELS(f16, ptx::f16)
KI_GRADIENT_KERNELS(bf16, ptx::bf16)

}  // namespace ki::long_convolution::cuda
