// What the fused kernels are given: plain structs that host and device share.
#pragma once

#include <cstdint>

#include "long_convolution/cuda/column_order.h"

namespace ki::long_convolution::cuda {

// A tensor [batch, channels, length]: where its rows lie, in bytes.
struct Rows {
  char* data;  // null: absent
  std::int64_t batch, channel;
};

// How rows are cut into windows, one transform each: window i begins at i * hop - lead, and its points [lead, lead + hop) become
// outputs. Two windows of a channel, a pair, ride as the real and the imaginary part of one transform.
struct Windows {
  std::int64_t length;  // of the rows
  std::uint32_t windows_per_row;
  std::uint32_t windows;  // of a channel: of all its rows
  std::uint32_t pairs;    // of a channel
  std::uint32_t channels;
  std::int32_t hop, lead;
};

struct FusedParams {
  Rows input, input_gate, output_gate, output;
  Rows state;  // the end of the state: what lies before the first input
  std::int64_t state_length;
  const void* skip;       // [channels]
  const float* spectrum;  // [channels, points, 2], ordered and scaled
  const float* scale;     // [channels]: what results must be multiplied with; null: 1
  ColumnOrder order;      // of the spectrum
  const void* matrices;
  const float* twiddles;
  Windows at;
  std::int8_t lines_log2;  // of a transform
  std::int8_t columns;     // of a line that hold frequencies which count: the first ones
  bool skip_is_float32;
  bool conjugate;  // the spectrum
  bool circular;   // inputs before the first and behind the last are those of the other end
  bool vectors;    // inner chunks of 8 points lie at multiples of 16 bytes in all tensors
  bool copies;     // the input's chunks can be copied as they are
};

struct PrepareParams {
  void* matrices;
  float* twiddles;
  ColumnOrder columns;
  std::int32_t points;
};

}  // namespace ki::long_convolution::cuda
