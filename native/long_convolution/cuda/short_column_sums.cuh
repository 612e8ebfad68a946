// Gradients of filters and biases where channels are contiguous. A block forms the sums of 8 vectors of channels and up
// to 64 taps over a slice, tile by tile. Each thread has one vector, 4 taps and a share of the rows; at the end the
// shares are added in their order.
#pragma once

#include "long_convolution/cuda/short_columns.cuh"

namespace ki::long_convolution::cuda {

template <class T>
struct ColumnSumsShared {
  static constexpr int kThreadsOfVector = kShortThreads / kColumnVectors;
  static constexpr int kChannels = kColumnVectors * kVector<T>;

  uint4 inputs[(kColumnTile + kColumnTapTile) * kColumnVectors];
  uint4 gradients[kColumnTile * kColumnVectors];
  float bias_sums[kThreadsOfVector][kChannels];
};

// What a thread sums.
struct ColumnShare {
  int groups, group, share, rows;  // of 4 taps; of the rows, and how many rows a share has

  __device__ explicit ColumnShare(int taps) {
    constexpr int kThreads = kShortThreads / kColumnVectors;
    groups = divide_up(taps, kColumnSumTaps);
    const int padded = power_of_two_from(groups), place = ptx::tid_x() / kColumnVectors;
    group = place % padded;
    share = place / padded;
    rows = kColumnTile / (kThreads / padded);
  }
  __device__ int shares() const { return kColumnTile / rows; }
};

template <class T>
__device__ void short_column_sums(const ShortSumsParams& p) {
  constexpr int kCount = kVector<T>;
  using Shared = ColumnSumsShared<T>;
  __shared__ Shared shared;
  const unsigned channel_tiles = divide_up(p.channels, Shared::kChannels);
  const unsigned tap_tiles = divide_up(p.width, kColumnTapTile), block = ptx::ctaid_x();
  const int first_tap = block % tap_tiles * kColumnTapTile, slice = block / tap_tiles / channel_tiles;
  const int first_channel = static_cast<int>(block / tap_tiles % channel_tiles) * Shared::kChannels;
  const int vector = ptx::tid_x() % kColumnVectors;
  const ColumnShare own(min(p.width - first_tap, kColumnTapTile));
  const int before = own.groups * kColumnSumTaps - 1;
  const int first_tile = slice * p.tiles_per_slice;
  const int end_tile = min(first_tile + p.tiles_per_slice, p.batch * p.tiles);

  float sums[kColumnSumTaps][kCount] = {}, bias[kCount] = {};
#pragma unroll 1
  for (int index = first_tile; index < end_tile; ++index) {
    const ColumnTile<T> tile{index / p.tiles, first_channel};
    const int first = index % p.tiles * kColumnTile, rows = min(kColumnTile, p.length - first);
    __syncthreads();  // All have read the tile before.
    tile.copy(shared.inputs, p.input, {}, 0, p.channels, p.length, first - first_tap - before, rows + before);
    tile.copy(shared.gradients, p.grad_output, {}, 0, p.channels, p.length, first, rows);
    wait_for_copies();
    const int begin = own.share * own.rows, end = min(begin + own.rows, rows);
    if (own.group >= own.groups || begin >= end) continue;
    // Row t meets tap j where the inputs' row is t + before - j. With every row the window moves one on: it is in slot
    // t - j.
    float window[kColumnSumTaps][kCount], gradients[kCount];
    const uint4* const inputs = shared.inputs + (before - own.group * kColumnSumTaps) * kColumnVectors + vector;
#pragma unroll
    for (int j = 1; j < kColumnSumTaps; ++j) {
      load_columns<T>(window[kColumnSumTaps - j], inputs + (begin - j) * kColumnVectors);
    }
#pragma unroll 1
    for (int t = begin; t < end; t += kColumnSumTaps) {
#pragma unroll
      for (int u = 0; u < kColumnSumTaps; ++u) {
        if (t + u >= end) break;
        load_columns<T>(window[u], inputs + (t + u) * kColumnVectors);
        load_columns<T>(gradients, shared.gradients + (t + u) * kColumnVectors + vector);
#pragma unroll
        for (int j = 0; j < kColumnSumTaps; ++j) {
          const auto& row = window[(u - j + kColumnSumTaps) % kColumnSumTaps];
#pragma unroll
          for (int i = 0; i < kCount; ++i) sums[j][i] = fmaf(gradients[i], row[i], sums[j][i]);
        }
        if (own.group == 0) {
#pragma unroll
          for (int i = 0; i < kCount; ++i) bias[i] += gradients[i];
        }
      }
    }
  }

  // The shares' sums take the place of the inputs: [shares][taps][channels].
  static_assert(sizeof(shared.inputs) >= sizeof(float) * kColumnTapTile * Shared::kChannels);
  auto* const shares = reinterpret_cast<float*>(shared.inputs);
  const int taps = own.groups * kColumnSumTaps;
  __syncthreads();
  if (own.group < own.groups) {
#pragma unroll
    for (int j = 0; j < kColumnSumTaps; ++j) {
      const int row = own.share * taps + own.group * kColumnSumTaps + j;
#pragma unroll
      for (int i = 0; i < kCount; ++i) shares[row * Shared::kChannels + vector * kCount + i] = sums[j][i];
    }
    if (own.group == 0) {
#pragma unroll
      for (int i = 0; i < kCount; ++i) shared.bias_sums[own.share][vector * kCount + i] = bias[i];
    }
  }
  __syncthreads();
  float* const to = p.sums + static_cast<std::int64_t>(slice) * p.channels * (p.width + 1);
  const int own_taps = min(p.width - first_tap, kColumnTapTile), rows = own_taps + (first_tap == 0);
  for (int i = ptx::tid_x(); i < rows * Shared::kChannels; i += kShortThreads) {
    const int j = i / Shared::kChannels, c = i % Shared::kChannels;
    if (first_channel + c >= p.channels) continue;
    float total = 0;
    for (int share = 0; share < own.shares(); ++share) {
      total += j < own_taps ? shares[(share * taps + j) * Shared::kChannels + c] : shared.bias_sums[share][c];
    }
    const int row = j < own_taps ? first_tap + j : p.width;
    to[static_cast<std::int64_t>(row) * p.channels + first_channel + c] = total;
  }
}

}  // namespace ki::long_convolution::cuda
