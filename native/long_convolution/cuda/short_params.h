// What the kernels of short convolutions are given, and the sizes of their tiles. Host and device share it.
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::long_convolution::cuda {

inline constexpr int kShortThreads = 128;

// Where time is contiguous. A thread has 8 results: 16 bytes of the 16-bit types, twice 16 bytes of float32.
inline constexpr int kRowOutputs = 8;
inline constexpr int kRowTile = kShortThreads * kRowOutputs;

// Where channels are contiguous: 8 vectors of 16 bytes, whole cache lines, of 64 rows. A thread has 4 rows of one
// vector.
inline constexpr int kColumnVectors = 8;
inline constexpr int kColumnRows = 4;
inline constexpr int kColumnTile = kShortThreads / kColumnVectors * kColumnRows;

// Taps whose sums a block forms: a thread has 8 of a row, or 4 of a vector of channels.
inline constexpr int kRowSumTaps = 8;
inline constexpr int kColumnSumTaps = 4;
inline constexpr int kColumnTapTile = kShortThreads / kColumnVectors * kColumnSumTaps;

KI_HOST_DEVICE constexpr int divide_up(int a, int b) { return (a + b - 1) / b; }

KI_HOST_DEVICE constexpr int power_of_two_from(int x) {
  int power = 1;
  while (power < x) power *= 2;
  return power;
}

// Elements of 16 bytes.
KI_HOST_DEVICE constexpr int vector_elements(int element_bytes) { return 16 / element_bytes; }

// Vectors of 16 bytes that a row's tile has beside its own: those that taps reach, and an even number, so that whole
// sectors of global memory are read.
KI_HOST_DEVICE constexpr int halo_vectors(int taps, int element_bytes) {
  return divide_up(taps, 2 * vector_elements(element_bytes)) * 2;
}

// Bytes from one batch entry, channel or row of time to the next. They may exceed 32 bits, and inputs' may be 0.
struct ShortStrides {
  std::int64_t batch, channel, time;
};

struct ShortTensor {
  void* data;  // null if absent
  ShortStrides strides;
  bool aligned;  // every row is at a multiple of 16 bytes

  KI_HOST_DEVICE char* at(std::int64_t batch, std::int64_t channel, std::int64_t time) const {
    return static_cast<char*>(data) + batch * strides.batch + channel * strides.channel + time * strides.time;
  }
};

struct ShortFilter {
  const void* taps;  // [channels, width] of the input's type or float32
  const void* bias;  // [channels]; null for none
  std::int64_t taps_stride;
  bool float32_taps, float32_bias;
};

// A forward pass, or, reversed, the gradient of the input from that of the output.
struct ShortPassParams {
  ShortTensor from, to;  // [batch, channels, length] or [batch, length, channels]
  ShortTensor state;     // the inputs before the first
  ShortFilter filter;
  std::int32_t batch, channels, length, width;
  std::int32_t tiles;  // of time
  std::int32_t lanes;  // threads that share a row, a power of two; where time is contiguous
  bool reversed;       // where channels are contiguous
};

struct ShortStateParams {
  ShortTensor input, state;
  std::int32_t batch, channels, length, width;
  bool channels_last;
};

// Sums of grad_output times input, slice by slice.
struct ShortSumsParams {
  ShortTensor input, grad_output;
  float* sums;  // [slices, channels, width + 1] or [slices, width + 1, channels]; the last tap is the bias
  std::int32_t batch, channels, length, width;
  std::int32_t tiles,
      tiles_per_slice;  // tiles of time of a batch entry; a slice has some of all, in the order batch, time
};

struct ShortFinishParams {
  const float* sums;
  float* grad_filter;               // [channels, width]; null if not wanted
  float* grad_bias;                 // [channels]; null if not wanted
  std::int64_t grad_filter_stride;  // elements
  std::int64_t slice_step, channel_step, tap_step;
  std::int32_t slices, channels, width;
};

}  // namespace ki::long_convolution::cuda
