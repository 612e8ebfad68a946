// A short convolution where time is contiguous. A block holds a tile of a row, or short rows whole, in shared memory,
// with the inputs that its taps reach. A thread has vectors of 16 bytes of neighbouring results: a vector of taps needs
// one more vector of inputs, because it needs the one before as well and that is what comes next.
#pragma once

#include "long_convolution/cuda/short_copy.cuh"

namespace ki::long_convolution::cuda {

// A thread's part of a block: which row, and which of the threads that share it.
template <class T>
struct RowPlace {
  int lane, row_in_block, batch, channel, first;
  bool exists;

  __device__ explicit RowPlace(const ShortPassParams& p) {
    const int thread = ptx::tid_x(), rows_per_block = kShortThreads / p.lanes;
    lane = thread % p.lanes;
    row_in_block = thread / p.lanes;
    const unsigned block = ptx::ctaid_x(), tiles = p.tiles;
    const unsigned row = block / tiles * rows_per_block + row_in_block;
    first = block % tiles * kRowTile;
    exists = row < static_cast<unsigned>(p.batch) * static_cast<unsigned>(p.channels);
    batch = row / static_cast<unsigned>(p.channels);
    channel = row % static_cast<unsigned>(p.channels);
  }
};

// sums[i] += sum over the taps j of taps[j] * inputs[i - j], or, reversed, of taps[j] * inputs[i + j]. `lower` and
// `upper` are neighbouring vectors of inputs; the one that the results belong to is the upper, or, reversed, the lower.
template <bool kReversed, bool kAll, int kCount>
__device__ void add_taps(float (&sums)[kCount], const float (&lower)[kCount], const float (&upper)[kCount],
                         const float* taps, int count) {
#pragma unroll
  for (int j = 0; j < kCount; ++j) {
    if (!kAll && j >= count) break;
    const float tap = taps[j];
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const int at = kReversed ? i + j : kCount + i - j;
      sums[i] = fmaf(tap, at < kCount ? lower[at] : upper[at - kCount], sums[i]);
    }
  }
}

template <class T, bool kReversed>
__device__ void short_rows(const ShortPassParams& p) {
  constexpr int kCount = kVector<T>, kGroups = kRowOutputs / kCount;
  extern __shared__ uint4 shared[];
  const RowPlace<T> place(p);
  const int halo = halo_vectors(p.width, sizeof(T)), own = p.lanes * kGroups, vectors = own + halo;
  const int padded_width = divide_up(p.width, 4) * 4, rows_per_block = kShortThreads / p.lanes;
  uint4* const inputs = shared + place.row_in_block * vectors;
  float* const taps = reinterpret_cast<float*>(shared + rows_per_block * vectors) + place.row_in_block * padded_width;

  if (place.exists) {
    const char* row = p.from.at(place.batch, place.channel, 0);
    const char* state = p.state.data == nullptr ? nullptr : p.state.at(place.batch, place.channel, 0);
    const int begin = place.first - (kReversed ? 0 : halo * kCount);
    for (int v = place.lane; v < vectors; v += p.lanes) {
      copy_vector<T>(inputs + v, row, p.length, p.from.aligned, begin + v * kCount, state, p.width - 1);
    }
    for (int j = place.lane; j < p.width; j += p.lanes) taps[j] = tap_of<T>(p.filter, place.channel, j);
  }
  wait_for_copies();
  if (!place.exists) return;

  float sums[kGroups][kCount], lower[kGroups][kCount], upper[kGroups][kCount];
  const float bias = bias_of<T>(p.filter, place.channel);
  const uint4* const own_inputs = inputs + (kReversed ? 0 : halo) + place.lane;
#pragma unroll
  for (int g = 0; g < kGroups; ++g) {
#pragma unroll
    for (float& sum : sums[g]) sum = bias;
    load_columns<T>(kReversed ? lower[g] : upper[g], own_inputs + g * p.lanes);
  }
  const auto add = [&](auto all, int first_tap) {
    const int v = first_tap / kCount + 1;
#pragma unroll
    for (int g = 0; g < kGroups; ++g) {
      load_columns<T>(kReversed ? upper[g] : lower[g], own_inputs + g * p.lanes + (kReversed ? v : -v));
      add_taps<kReversed, decltype(all)::value>(sums[g], lower[g], upper[g], taps + first_tap, p.width - first_tap);
    }
  };
  int tap = 0;
#pragma unroll 1
  for (; tap + kCount <= p.width; tap += kCount) {
    add(std::true_type(), tap);
#pragma unroll
    for (int g = 0; g < kGroups; ++g) {
#pragma unroll
      for (int i = 0; i < kCount; ++i) kReversed ? lower[g][i] = upper[g][i] : upper[g][i] = lower[g][i];
    }
  }
  // Inputs that no tap meets are not multiplied: they may be NaN.
  if (tap < p.width) add(std::false_type(), tap);

  T* const to = reinterpret_cast<T*>(p.to.at(place.batch, place.channel, 0));
#pragma unroll
  for (int g = 0; g < kGroups; ++g) {
    const int t = place.first + (place.lane + g * p.lanes) * kCount;
    store_columns<T>(to + t, sums[g], p.length - t, p.to.aligned);
  }
}

}  // namespace ki::long_convolution::cuda
