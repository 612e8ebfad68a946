// Adds up the slices' sums, always in their order, a thread for each tap and for each bias. In double precision: there
// may be thousands of slices, and few sums.
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/short_params.h"

namespace ki::long_convolution::cuda {

using namespace ki;

extern "C" __global__ void __launch_bounds__(kShortThreads) short_finish(const __grid_constant__ ShortFinishParams p) {
  const std::int64_t thread = static_cast<std::int64_t>(ptx::ctaid_x()) * kShortThreads + ptx::tid_x();
  const int rows = p.width + 1;
  // Neighbours take neighbouring sums.
  const bool channels_first = p.tap_step == 1;
  const auto channel = static_cast<int>(channels_first ? thread / rows : thread % p.channels);
  const auto tap = static_cast<int>(channels_first ? thread % rows : thread / p.channels);
  if (channel >= p.channels || tap >= rows) return;
  const float* sums = p.sums + channel * p.channel_step + tap * p.tap_step;
  double total = 0;
#pragma unroll 4
  for (int slice = 0; slice < p.slices; ++slice) total += sums[slice * p.slice_step];
  if (tap == p.width) {
    if (p.grad_bias != nullptr) p.grad_bias[channel] = static_cast<float>(total);
  } else if (p.grad_filter != nullptr) {
    p.grad_filter[channel * p.grad_filter_stride + tap] = static_cast<float>(total);
  }
}

}  // namespace ki::long_convolution::cuda
