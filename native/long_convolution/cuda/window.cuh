// Windows of rows: which row and where, and what they hold.
#pragma once

#include <cstdint>

#include "cuda/device/row_columns.cuh"
#include "long_convolution/cuda/fused_params.h"
#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

inline constexpr int kChunkPoints = 8;

// One window. Addresses are those of its first point, which need not exist.
struct alignas(16) Window {
  // A chunk that begins at one of the `inner` points from `begin` on exists as a whole, at a multiple of 16 bytes.
  const char* input;
  std::int32_t begin;
  std::uint32_t inner;
  // A chunk that begins at one of the `plain` points from `first` on can be written as it comes out of the transform.
  char* output;
  std::int32_t first;
  std::uint32_t plain;

  std::int32_t end;   // of the points that exist, from `begin` on
  std::int32_t last;  // of those that become outputs, from `first` on
  const char* input_gate;
  const char* output_gate;
  const char* state;   // of the row's first input
  std::int64_t start;  // position of the first point in the row
  float skip;
  float scale;          // of the results
  std::uint32_t flags;  // WindowFlags, while points are loaded with care
};

// What is not a number, and what is so large that sums of it may overflow.
enum WindowFlags : std::uint32_t { kNotFinite = 1, kLarge = 2 };

template <class Byte>
__device__ Byte* row_of(const Rows& rows, std::int64_t batch, std::uint32_t channel) {
  return rows.data == nullptr ? nullptr : rows.data + batch * rows.batch + channel * rows.channel;
}

__device__ inline int clamp_point(std::int64_t position, int points) {
  return static_cast<int>(position < 0 ? 0 : position > points ? points : position);
}

// How many points from `first` on begin a whole chunk.
__device__ inline std::uint32_t chunk_begins(int first, int last) {
  return static_cast<std::uint32_t>(max(last - first - kChunkPoints + 1, 0));
}

// Window `part`, 0 or 1, of the pair that is the index-th of all channels.
template <class T>
__device__ void find_window(Window& w, const FusedParams& p, std::uint32_t index, int part, int points) {
  const std::uint32_t channel = index / p.at.pairs, number = index % p.at.pairs * 2 + part;
  const bool exists = channel < p.at.channels && number < p.at.windows;
  const std::uint32_t of_row = number % p.at.windows_per_row;
  const std::int64_t batch = number / p.at.windows_per_row;
  w.start = std::int64_t{of_row} * p.at.hop - p.at.lead;
  w.begin = exists ? clamp_point(-w.start, points) : 0;
  w.end = exists ? clamp_point(p.at.length - w.start, points) : 0;
  w.first = p.at.lead;
  w.last = min(w.end, p.at.lead + p.at.hop);
  w.input = w.input_gate = w.output_gate = w.state = nullptr;
  w.output = nullptr;
  w.skip = 0;
  w.scale = 1;
  w.flags = w.inner = w.plain = 0;
  if (!exists) return;
  const std::int64_t shift = w.start * int(sizeof(T));
  w.input = row_of<const char>(p.input, batch, channel) + shift;
  w.output = row_of<char>(p.output, batch, channel) + shift;
  if (p.input_gate.data != nullptr) w.input_gate = row_of<const char>(p.input_gate, batch, channel) + shift;
  if (p.output_gate.data != nullptr) w.output_gate = row_of<const char>(p.output_gate, batch, channel) + shift;
  w.state = row_of<const char>(p.state, batch, channel);
  if (p.skip != nullptr) {
    w.skip = p.skip_is_float32 ? static_cast<const float*>(p.skip)[channel]
                               : to_float(static_cast<const T*>(p.skip)[channel]);
  }
  if (p.scale != nullptr) w.scale = p.scale[channel];
  if (!p.vectors) return;
  w.inner = chunk_begins(w.begin, w.end);
  const bool as_it_is = w.output_gate == nullptr && p.skip == nullptr && w.scale == 1;
  if (as_it_is) w.plain = chunk_begins(w.first, w.last);
}

// Whether `count` points from `first` on begin all chunks of the line that begins at a point.
__device__ inline bool holds_line(int point, int first, std::uint32_t count) {
  constexpr std::uint32_t kRest = kLinePoints - kChunkPoints;
  const auto begin = static_cast<std::uint32_t>(point - first);
  return begin < count && begin + kRest < count;
}

// x at a point of a window, wherever it comes from.
template <class T>
__device__ float window_value(const FusedParams& p, const Window& w, int point) {
  std::int64_t position = w.start + point;
  if (w.input == nullptr) return 0;
  if (p.circular) {
    if (position < 0) position += p.at.length;
    if (position >= p.at.length) position -= p.at.length;
  }
  if (position >= 0 && position < p.at.length) {
    const std::int64_t from = position - w.start;
    const float x = to_float(reinterpret_cast<const T*>(w.input)[from]);
    return w.input_gate == nullptr ? x : x * to_float(reinterpret_cast<const T*>(w.input_gate)[from]);
  }
  const bool remembered = w.state != nullptr && position < 0 && position >= -p.state_length;
  return remembered ? reinterpret_cast<const float*>(w.state)[position] : 0;
}

}  // namespace ki::long_convolution::cuda
