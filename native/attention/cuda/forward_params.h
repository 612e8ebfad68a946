// What the forward kernels are given. Host and device share it.
#pragma once

#include <cstdint>

#include "attention/cuda/visible_keys.h"

namespace ki::attention::cuda {

// Bytes from one batch, position or head to the next. They may exceed 32 bits, and inputs' may be 0.
struct Strides {
  std::int64_t batch, position, head;
};

struct ForwardParams {
  const void* query;  // [batch, seq_q, heads_q, head_dim]
  const void* key;    // [batch, seq_k, heads_kv, head_dim]
  const void* value;  // [batch, seq_k, heads_kv, head_dim_v]
  void* output;       // [batch, seq_q, heads_q, head_dim_v]
  void* logsumexp;    // [batch, heads_q, seq_q] float32; null if not wanted
  Strides query_strides, key_strides, value_strides, output_strides, logsumexp_strides;

  std::int32_t seq_q;
  std::int32_t heads_q;
  std::int32_t group;                   // query heads that share one key and value head
  std::int32_t row_bytes, row_bytes_v;  // of a head's query or key, and of its value or output
  std::int32_t alignment;               // largest of 16, 4 and 2 that divides every address of a row, in bytes
  std::int32_t query_tiles;             // blocks of the grid for one head
  VisibleKeys visible;

  // The scale is split in two. Its sign, -1, 0 or 1, multiplies the queries, so that the largest score is the largest one
  // whatever the sign. Its magnitude times log2(e), or 1 for a scale of 0, multiplies the scores.
  float query_sign;
  float scale_log2;
};

}  // namespace ki::attention::cuda
