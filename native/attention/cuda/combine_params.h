// What the combine kernels are given. Host and device share it.
#pragma once

#include <cstdint>

#include "attention/cuda/forward_params.h"
#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

inline constexpr int kCombineThreads = 128;

// Columns that one lane of a row computes: one or two accesses of 16 bytes to each part, and with at most 256 columns a row
// never needs more than one warp.
inline constexpr int kCombineColumns = 8;

struct CombineParams {
  const void* partial_outputs;                      // [parts, batch, seq_q, heads_q, head_dim_v]
  const void* partial_logsumexps;                   // [parts, batch, heads_q, seq_q] float32
  void* output;                                     // [batch, seq_q, heads_q, head_dim_v]
  void* logsumexp;                                  // [batch, heads_q, seq_q] float32; null if not wanted
  const std::int32_t* positions;                    // of packed sequences, how many exist, on the device; null: all
  std::int64_t part_stride, part_logsumexp_stride;  // bytes from one part to the next
  Strides partial_strides, partial_logsumexp_strides, output_strides, logsumexp_strides;

  std::int32_t parts;
  std::uint32_t rows;  // batch * seq_q * heads_q
  std::int32_t seq_q, heads_q, head_dim_v;
  std::int32_t lanes_per_row;  // a power of two
  bool accumulate;             // output and logsumexp are a part too
  bool aligned;                // vectors of columns lie at multiples of their size, in every tensor
};

}  // namespace ki::attention::cuda
