// What the forward kernels are given. Host and device share it.
#pragma once

#include <cstdint>

#include "attention/cuda/sequences.h"
#include "attention/cuda/visible_keys.h"

namespace ki::attention::cuda {

// Bytes from one batch, position or head to the next. They may exceed 32 bits, and inputs' may be 0.
struct Strides {
  std::int64_t batch, position, head;
};

// Packed tensors have no dimension `batch`; their batch stride is 0.
struct ForwardParams {
  const void* query;  // [batch, seq_q, heads_q, head_dim]
  const void* key;    // [batch, seq_k, heads_kv, head_dim]
  const void* value;  // [batch, seq_k, heads_kv, head_dim_v]
  void* output;       // [batch, seq_q, heads_q, head_dim_v]
  void* logsumexp;    // [batch, heads_q, seq_q] float32; null if not wanted
  Strides query_strides, key_strides, value_strides, output_strides, logsumexp_strides;

  Sequences sequences;
  Window window;
  std::int32_t heads_q;
  std::int32_t group;                   // query heads that share one key and value head
  std::int32_t row_bytes, row_bytes_v;  // of a head's query or key, and of its value or output
  std::int32_t alignment;               // largest of 16, 4 and 2 that divides every address of a row, in bytes
  std::int32_t query_tiles;             // blocks of the grid for one head; of packed queries for the whole batch
  float query_sign;                     // -1, 0 or 1: multiplies the queries
  float scale_log2;                     // the softmax's factor: multiplies the scores, to make exponents of 2
};

struct NoParams {};

// A kernel's one parameter.
template <class VariantParams>
struct KernelParams {
  ForwardParams forward;
  VariantParams variant;
};

}  // namespace ki::attention::cuda
