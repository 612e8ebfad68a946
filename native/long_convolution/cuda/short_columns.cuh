// A short convolution where channels are contiguous. A block holds 8 vectors of 16 bytes of 64 rows, and the rows
// before them that taps reach, in shared memory; a thread has 4 rows of one vector, and slides over them tap by tap.
#pragma once

#include "long_convolution/cuda/short_copy.cuh"

namespace ki::long_convolution::cuda {

// A tile of vectors of channels: where it is, and how rows of it come to shared memory.
template <class T>
struct ColumnTile {
  int batch, channel;  // the tile's first

  __device__ static int vector() { return ptx::tid_x() % kColumnVectors; }

  // Rows [first, first + rows), those before row 0 from the state or zeros.
  __device__ void copy(uint4* to, const ShortTensor& from, const ShortTensor& state, int history, int channels,
                       int length, int first, int rows) const {
    const int own = channel + vector() * kVector<T>;
    for (int r = ptx::tid_x() / kColumnVectors; r < rows; r += kShortThreads / kColumnVectors) {
      const int t = first + r;
      const bool is_state = t < 0 && state.data != nullptr && t >= -history;
      const bool exists = is_state || (t >= 0 && t < length);
      const ShortTensor& source = is_state ? state : from;
      const char* row = exists ? source.at(batch, 0, is_state ? t + history : t) : nullptr;
      copy_vector<T>(to + r * kColumnVectors + vector(), row, exists ? channels : 0, source.aligned, own, nullptr, 0);
    }
  }
};

// Taps of the tile's channels in shared memory: [width][kVector / 4][kColumnVectors] vectors of four.
template <class T>
struct ColumnTaps {
  static constexpr int kQuads = kVector<T> / 4;
  float4* data;

  __device__ void copy(const ShortPassParams& p, int first_channel) const {
    constexpr int kChannels = kColumnVectors * kVector<T>;
    for (int i = ptx::tid_x(); i < p.width * kChannels; i += kShortThreads) {
      const int j = i / kChannels, c = i % kChannels, channel = first_channel + c;
      const float tap = channel < p.channels ? tap_of<T>(p.filter, channel, p.reversed ? p.width - 1 - j : j) : 0;
      const int vector = c / kVector<T>, element = c % kVector<T>;
      reinterpret_cast<float*>(data + (j * kQuads + element / 4) * kColumnVectors + vector)[element % 4] = tap;
    }
  }

  __device__ void load(float (&taps)[kVector<T>], int j, int vector) const {
#pragma unroll
    for (int quad = 0; quad < kQuads; ++quad) {
      const float4 four = data[(j * kQuads + quad) * kColumnVectors + vector];
      taps[4 * quad] = four.x;
      taps[4 * quad + 1] = four.y;
      taps[4 * quad + 2] = four.z;
      taps[4 * quad + 3] = four.w;
    }
  }
};

template <class T>
__device__ void short_columns(const ShortPassParams& p) {
  constexpr int kCount = kVector<T>, kChannels = kColumnVectors * kCount;
  extern __shared__ uint4 shared[];
  const unsigned block = ptx::ctaid_x(), channel_tiles = divide_up(p.channels, kChannels), tiles = p.tiles;
  const ColumnTile<T> tile{static_cast<int>(block / channel_tiles / tiles),
                           static_cast<int>(block % channel_tiles) * kChannels};
  const int first = block / channel_tiles % tiles * kColumnTile, before = p.width - 1;
  const int rows = min(kColumnTile, divide_up(p.length - first, kColumnRows) * kColumnRows);
  const ColumnTaps<T> filter{reinterpret_cast<float4*>(shared + (kColumnTile + before) * kColumnVectors)};
  tile.copy(shared, p.from, p.state, before, p.channels, p.length, first - (p.reversed ? 0 : before), rows + before);
  filter.copy(p, tile.channel);
  wait_for_copies();

  const int vector = tile.vector(), own = ptx::tid_x() / kColumnVectors * kColumnRows;
  const int channel = tile.channel + vector * kCount;
  if (own >= rows || channel >= p.channels) return;
  float sums[kColumnRows][kCount], window[kColumnRows][kCount], taps[kCount];
  const auto load_row = [&](float(&to)[kCount], int row) {
    load_columns<T>(to, shared + row * kColumnVectors + vector);
  };
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    sums[0][i] = channel + i < p.channels ? bias_of<T>(p.filter, channel + i) : 0;
#pragma unroll
    for (int r = 1; r < kColumnRows; ++r) sums[r][i] = sums[0][i];
  }
#pragma unroll
  for (int r = 0; r < kColumnRows; ++r) load_row(window[r], own + before + r);
    // With every tap the window moves one row back. Its rows stay in their registers: row r is in slot r - j, modulo 4.
#pragma unroll 1
  for (int first_tap = 0; first_tap < p.width; first_tap += kColumnRows) {
#pragma unroll
    for (int u = 0; u < kColumnRows; ++u) {
      const int j = first_tap + u;
      if (j >= p.width) break;
      filter.load(taps, j, vector);
#pragma unroll
      for (int r = 0; r < kColumnRows; ++r) {
        const auto& inputs = window[(r - u + kColumnRows) % kColumnRows];
#pragma unroll
        for (int i = 0; i < kCount; ++i) sums[r][i] = fmaf(taps[i], inputs[i], sums[r][i]);
      }
      if (j < before) load_row(window[kColumnRows - 1 - u], own + before - 1 - j);
    }
  }
#pragma unroll
  for (int r = 0; r < kColumnRows; ++r) {
    const int t = first + own + r;
    if (t >= p.length) return;
    T* to = reinterpret_cast<T*>(p.to.at(tile.batch, 0, t)) + channel;
    store_columns<T>(to, sums[r], p.channels - channel, p.to.aligned);
  }
}

}  // namespace ki::long_convolution::cuda
