// What the float32 kernels over global memory are given: plain structs that host and device share.
#pragma once

#include <cstdint>

#include "long_convolution/cuda/fused_params.h"

namespace ki::long_convolution::cuda {

inline constexpr int kTransformThreads = 256;

// One pass over transforms [rows][points] of complex numbers (Stockham): their points are transformed in groups of `done` already.
struct PassParams {
  const float* from;
  float* to;
  std::int32_t points, done;
};

// Taps of filters [channels, filter_length] as complex points, squashed, folded or filled with zeros.
struct TapsParams {
  const void* filter;
  float* to;                    // [channels, points, 2]
  std::int64_t channel_stride;  // elements
  std::int64_t filter_length;
  std::int64_t period;  // circular: a longer filter folds to so many taps; otherwise it is cut there
  std::int32_t points;
  float squash;
  bool circular;
};

// The spectrum of a filter from frequencies 0 to points / 2, masked, in the plan's order, scaled by a power of two.
struct OrderParams {
  const float* from;
  std::int64_t channel_stride, frequency_stride;  // elements
  float* spectrum;                                // [channels, points, 2]
  float* scale;                                   // [channels]: what brings it back
  const std::uint8_t* mask;                       // null: all frequencies are kept
  std::int64_t frequency_block;
  ColumnOrder columns;
  std::int32_t mask_blocks;
  std::int32_t points;
};

// The way back, into a caller's tensor.
struct ReadSpectrumParams {
  const float* spectrum;
  const float* scale;
  float* to;
  std::int64_t channel_stride, frequency_stride;  // elements
  ColumnOrder columns;
  std::int32_t points;
};

}  // namespace ki::long_convolution::cuda
