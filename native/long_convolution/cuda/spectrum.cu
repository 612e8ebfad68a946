// The filter's way into a plan and back: its taps as points of a transform, and its spectrum in the plan's order.
#include "cuda/device/larger.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/frequency_mask.cuh"
#include "long_convolution/cuda/power_of_two.cuh"
#include "long_convolution/cuda/transform_layout.h"
#include "long_convolution/cuda/transform_params.h"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

// Soft threshold.
__device__ inline float squashed(float tap, float squash) {
  const float magnitude = fabsf(tap) - squash;
  return magnitude <= 0 ? 0 : copysignf(magnitude, tap);
}

template <class T>
__device__ void filter_taps(const TapsParams& p) {
  const int point = ptx::ctaid_x() * kTransformThreads + ptx::tid_x();
  if (point >= p.points) return;
  const T* taps = static_cast<const T*>(p.filter) + blockIdx.y * p.channel_stride;
  double sum = 0;  // Folded taps may cancel.
  if (point < p.period) {
    const std::int64_t end = p.circular ? p.filter_length : min(p.filter_length, p.period);
    for (std::int64_t tap = point; tap < end; tap += p.period) sum += squashed(to_float(taps[tap]), p.squash);
  }
  reinterpret_cast<float2*>(p.to)[std::int64_t{blockIdx.y} * p.points + point] = {static_cast<float>(sum), 0};
}

// Of the given half.
struct HalfSpectrum {
  const OrderParams& p;

  __device__ float2 at(int frequency) const {
    if (!FrequencyMask{p.mask, p.frequency_block, p.mask_blocks}.keeps(frequency)) return {0, 0};
    const float* from = p.from + blockIdx.x * p.channel_stride + frequency * p.frequency_stride;
    return {from[0], frequency == 0 || frequency == p.points / 2 ? 0 : from[1]};
  }
};

// Only a spectrum that is far from 1 is scaled, because what comes of another need not be scaled back.
__device__ inline float scale_of(float largest) {
  return largest >= 1.0F / 64 && largest < 64 ? 1 : power_of_two_of(largest);
}

__device__ inline float block_maximum(float x) {
  __shared__ float maxima[kTransformThreads / kWarpSize];
  const int thread = ptx::tid_x();
#pragma unroll
  for (int step = 1; step < kWarpSize; step *= 2) x = larger(x, __shfl_xor_sync(0xFFFFFFFF, x, step));
  if (thread % kWarpSize == 0) maxima[thread / kWarpSize] = x;
  __syncthreads();
  float largest = 0;
  for (const float maximum : maxima) largest = larger(largest, maximum);
  return largest;
}

// A block for each channel. The spectra of fused transforms are scaled, so that points multiplied with them fit 16 bits.
extern "C" __global__ void __launch_bounds__(kTransformThreads)
    long_convolution_order_spectrum(const __grid_constant__ OrderParams params) {
  const OrderParams& p = params;
  const HalfSpectrum half{p};
  float scale = 1;
  if (p.points <= kMaxFusedPoints) {
    float largest = 0;
    for (int f = ptx::tid_x(); f <= p.points / 2; f += kTransformThreads) {
      const float2 x = half.at(f);
      largest = larger(larger(largest, fabsf(x.x)), fabsf(x.y));
    }
    largest = block_maximum(largest);
    // What is not finite spoils its own channel alone: nothing times NaN.
    scale = largest < __int_as_float(0x7F800000) ? scale_of(largest) : __int_as_float(0x7FFFFFFF);
  }
  const bool finite = scale == scale;
  auto* to = reinterpret_cast<float2*>(p.spectrum) + std::int64_t{blockIdx.x} * p.points;
  for (int f = ptx::tid_x(); f <= p.points / 2; f += kTransformThreads) {
    float2 x = half.at(f);
    if (finite) {
      x.x *= scale * spectrum_scale(p.points), x.y *= scale * spectrum_scale(p.points);
    } else {
      x = {0, 0};
    }
    to[spectrum_place_of_plan(f, p.points, p.columns)] = x;
    if (f != 0 && f != p.points / 2) to[spectrum_place_of_plan(p.points - f, p.points, p.columns)] = {x.x, -x.y};
  }
  if (ptx::tid_x() == 0) p.scale[blockIdx.x] = 1 / scale;
}

extern "C" __global__ void __launch_bounds__(kTransformThreads)
    long_convolution_read_spectrum(const __grid_constant__ ReadSpectrumParams params) {
  const ReadSpectrumParams& p = params;
  const auto* from = reinterpret_cast<const float2*>(p.spectrum) + std::int64_t{blockIdx.x} * p.points;
  const float scale = p.scale[blockIdx.x] / spectrum_scale(p.points);
  for (int f = ptx::tid_x(); f <= p.points / 2; f += kTransformThreads) {
    const float2 x = from[spectrum_place_of_plan(f, p.points, p.columns)];
    float* to = p.to + blockIdx.x * p.channel_stride + f * p.frequency_stride;
    to[0] = x.x * scale;
    to[1] = x.y * scale;
  }
}

#define KI_FILTER_TAPS(name, element)                                           \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)               \
      long_convolution_taps_##name(const __grid_constant__ TapsParams params) { \
    filter_taps<element>(params);                                               \
  }
KI_FILTER_TAPS(f32, float)
KI_FILTER_TAPS(f16, ptx::f16)
KI_FILTER_TAPS(bf16, ptx::bf16)

}  // namespace ki::long_convolution::cuda
