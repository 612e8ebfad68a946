// Inputs on their way to shared memory, in pieces of 16 bytes, with what is before the first and behind the last.
#pragma once

#include <cstdint>

#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/address.cuh"
#include "cuda/ptx/cp_async.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "cuda/ptx/types.cuh"
#include "long_convolution/cuda/short_params.h"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

template <class T>
inline constexpr int kVector = vector_elements(sizeof(T));

template <class T>
struct Bits {
  using Type = std::uint16_t;
};
template <>
struct Bits<float> {
  using Type = std::uint32_t;
};

// Elements [first, first + kVector) of a row of `count`. Those from -history to -1 are the row's `state`, if there is
// one; the others that do not exist are zeros.
template <class T>
__device__ void copy_vector(uint4* to, const char* row, int count, bool aligned, int first, const char* state,
                            int history) {
  using B = typename Bits<T>::Type;
  if (aligned && first >= 0 && first < count) {
    ptx::cp_async_cg_16(ptx::cvta_to_shared(to), row + first * std::int64_t{sizeof(T)},
                        min(16, (count - first) * int(sizeof(T))));
    return;
  }
  B elements[kVector<T>];
#pragma unroll
  for (int i = 0; i < kVector<T>; ++i) {
    const int t = first + i;
    elements[i] = 0;
    if (t >= 0 && t < count) elements[i] = reinterpret_cast<const B*>(row)[t];
    if (t < 0 && t >= -history && state != nullptr) elements[i] = reinterpret_cast<const B*>(state)[t + history];
  }
  if constexpr (sizeof(T) == 4) {
    *to = {elements[0], elements[1], elements[2], elements[3]};
  } else {
    const auto pair = [&](int i) { return elements[2 * i] | std::uint32_t{elements[2 * i + 1]} << 16; };
    *to = {pair(0), pair(1), pair(2), pair(3)};
  }
}

__device__ inline void wait_for_copies() {
  ptx::cp_async_commit_group();
  ptx::cp_async_wait_group<0>();
  __syncthreads();
}

// An element of a filter or a bias.
template <class T>
__device__ float parameter(const void* data, std::int64_t i, bool is_float32) {
  return is_float32 ? static_cast<const float*>(data)[i] : to_float(static_cast<const T*>(data)[i]);
}

template <class T>
__device__ float tap_of(const ShortFilter& filter, int channel, int tap) {
  const char* taps = static_cast<const char*>(filter.taps) + channel * filter.taps_stride;
  return parameter<T>(taps, tap, filter.float32_taps);
}

template <class T>
__device__ float bias_of(const ShortFilter& filter, int channel) {
  return filter.bias == nullptr ? 0 : parameter<T>(filter.bias, channel, filter.float32_bias);
}

}  // namespace ki::long_convolution::cuda
