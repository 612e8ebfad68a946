// Carries the state of a short convolution on: the last width - 1 of the old state and the inputs behind it. It runs
// after the pass, every block of which may have read the old one.
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/short_params.h"

namespace ki::long_convolution::cuda {

using namespace ki;

// A thread has a row of one channel. It reads 8 before it writes 8: what it reads later, it has not written yet.
template <class T>
__device__ void short_state(const ShortStateParams& p) {
  constexpr int kTogether = 8;
  const unsigned row = static_cast<unsigned>(ptx::ctaid_x()) * kShortThreads + ptx::tid_x();
  const unsigned batch = row / static_cast<unsigned>(p.channels), channel = row % static_cast<unsigned>(p.channels);
  if (batch >= static_cast<unsigned>(p.batch)) return;
  const int rows = p.width - 1;
  for (int first = 0; first < rows; first += kTogether) {
    T elements[kTogether];
#pragma unroll
    for (int i = 0; i < kTogether; ++i) {
      const int t = p.length - rows + first + i;
      if (first + i >= rows) break;
      elements[i] =
          *reinterpret_cast<const T*>(t >= 0 ? p.input.at(batch, channel, t) : p.state.at(batch, channel, t + rows));
    }
#pragma unroll
    for (int i = 0; i < kTogether; ++i) {
      if (first + i < rows) *reinterpret_cast<T*>(p.state.at(batch, channel, first + i)) = elements[i];
    }
  }
}

extern "C" __global__ void __launch_bounds__(kShortThreads)
    short_state_16(const __grid_constant__ ShortStateParams params) {
  short_state<std::uint16_t>(params);
}

extern "C" __global__ void __launch_bounds__(kShortThreads)
    short_state_32(const __grid_constant__ ShortStateParams params) {
  short_state<std::uint32_t>(params);
}

}  // namespace ki::long_convolution::cuda
