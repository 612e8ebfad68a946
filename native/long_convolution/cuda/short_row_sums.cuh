// Gradients of filters and biases where time is contiguous. A block forms the sums of one channel over a slice, tile by
// tile. Each thread has 8 taps and a share of the time; at the end the shares are added in their order.
#pragma once

#include "long_convolution/cuda/short_copy.cuh"

namespace ki::long_convolution::cuda {

template <class T>
struct RowSumsShared {
  static constexpr int kOwn = kRowTile / kVector<T>;
  static constexpr int kMostTaps = 128;

  uint4 inputs[kMostTaps / kVector<T> + kOwn];
  uint4 gradients[kOwn];
  float sums[kShortThreads * kRowSumTaps];  // [lanes][taps]
  float bias_sums[kShortThreads];
};

// sums[j] += sum over i of gradients[i] * inputs[8 + i - j]. Only the first `count` gradients exist: inputs that others
// would meet are not multiplied, because they may be NaN.
template <bool kAll, int kCount>
__device__ void add_products(float (&sums)[kRowSumTaps], const float (&gradients)[kCount],
                             const float (&inputs)[kRowSumTaps + kCount], int count) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    if (!kAll && i >= count) break;
#pragma unroll
    for (int j = 0; j < kRowSumTaps; ++j) sums[j] = fmaf(gradients[i], inputs[kRowSumTaps + i - j], sums[j]);
  }
}

template <class T>
__device__ void short_row_sums(const ShortSumsParams& p) {
  constexpr int kCount = kVector<T>, kReach = kRowSumTaps / kCount;  // vectors that 8 taps reach
  using Shared = RowSumsShared<T>;
  __shared__ Shared shared;
  const unsigned block = ptx::ctaid_x(), channels = p.channels;
  const int channel = block % channels, slice = block / channels, thread = ptx::tid_x();
  const int groups = divide_up(p.width, kRowSumTaps), lanes = kShortThreads / power_of_two_from(groups);
  const int group = thread / lanes, lane = thread % lanes, halo = halo_vectors(groups * kRowSumTaps, sizeof(T));
  const int first_tile = slice * p.tiles_per_slice;
  const int end_tile = min(first_tile + p.tiles_per_slice, p.batch * p.tiles);

  float sums[kRowSumTaps] = {}, bias = 0;
#pragma unroll 1
  for (int tile = first_tile; tile < end_tile; ++tile) {
    const int batch = tile / p.tiles, first = tile % p.tiles * kRowTile;
    const int own = min(divide_up(p.length - first, kCount), Shared::kOwn);
    __syncthreads();  // All have read the tile before.
    for (int v = thread; v < own + halo; v += kShortThreads) {
      copy_vector<T>(shared.inputs + v, p.input.at(batch, channel, 0), p.length, p.input.aligned,
                     first + (v - halo) * kCount, nullptr, 0);
    }
    for (int v = thread; v < own; v += kShortThreads) {
      copy_vector<T>(shared.gradients + v, p.grad_output.at(batch, channel, 0), p.length, p.grad_output.aligned,
                     first + v * kCount, nullptr, 0);
    }
    wait_for_copies();
    if (group >= groups) continue;
#pragma unroll 1
    for (int v = lane; v < own; v += lanes) {
      float gradients[kCount], inputs[kRowSumTaps + kCount];
      load_columns<T>(gradients, shared.gradients + v);
#pragma unroll
      for (int i = 0; i <= kReach; ++i) {
        load_columns<T>(reinterpret_cast<float(&)[kCount]>(inputs[i * kCount]),
                        shared.inputs + halo + v - (group + 1) * kReach + i);
      }
      const int count = p.length - first - v * kCount;
      count >= kCount ? add_products<true>(sums, gradients, inputs, count)
                      : add_products<false>(sums, gradients, inputs, count);
      if (group == 0) {
#pragma unroll
        for (int i = 0; i < kCount; ++i) bias += gradients[i];
      }
    }
  }

  const int taps = groups * kRowSumTaps;
  if (group < groups) {
#pragma unroll
    for (int j = 0; j < kRowSumTaps; ++j) shared.sums[lane * taps + group * kRowSumTaps + j] = sums[j];
  }
  if (group == 0) shared.bias_sums[lane] = bias;
  __syncthreads();
  float* const to = p.sums + (static_cast<std::int64_t>(slice) * p.channels + channel) * (p.width + 1);
  for (int j = thread; j <= p.width; j += kShortThreads) {
    float total = 0;
    for (int i = 0; i < lanes; ++i) total += j < p.width ? shared.sums[i * taps + j] : shared.bias_sums[i];
    to[j] = total;
  }
}

}  // namespace ki::long_convolution::cuda
