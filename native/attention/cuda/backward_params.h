// What the backward kernels are given. Host and device share it.
#pragma once

#include <cstdint>

#include "attention/cuda/forward_params.h"
#include "attention/cuda/general_params.h"
#include "attention/cuda/sequences.h"
#include "attention/cuda/visible_keys.h"

namespace ki::attention::cuda {

// The gradient of the bias. Broadcast dimensions have length 1 and stride 0.
struct BiasGradient {
  void* data;
  std::int64_t batch, head, query;             // bytes from one to the next
  std::int32_t batches, heads, queries, keys;  // lengths
  std::int32_t query_tiles, key_tiles;         // blocks of the grid along the other two
  std::int32_t is_broadcast_over_queries;
  std::int32_t is_float32;  // rather than the query's type
};

// Packed tensors have no dimension `batch`; their batch stride is 0.
struct BackwardParams {
  const void* query;        // [batch, seq_q, heads_q, head_dim]
  const void* key;          // [batch, seq_k, heads_kv, head_dim]
  const void* value;        // [batch, seq_k, heads_kv, head_dim_v]
  const void* output;       // [batch, seq_q, heads_q, head_dim_v]
  const void* logsumexp;    // [batch, heads_q, seq_q] float32
  const void* grad_output;  // [batch, seq_q, heads_q, head_dim_v]
  void* grad_query;         // [batch, seq_q, heads_q, head_dim]
  void* grad_key;           // [batch, seq_k, heads_kv, head_dim]
  void* grad_value;         // [batch, seq_k, heads_kv, head_dim_v]
  Strides query_strides, key_strides, value_strides, output_strides, logsumexp_strides;
  Strides grad_output_strides, grad_query_strides, grad_key_strides, grad_value_strides;
  BiasGradient bias;

  // What is known of every query row: [2, batch, heads_q, seq_q] float32, packed [2, heads_q, total_q]. The first half
  // holds the logsumexps in base 2, the second delta, the sums of gradient times output.
  float* row_sums;
  std::int64_t row_sums_batch, row_sums_half;  // elements from one to the next

  // Sums of the gradient of the queries, [batch, heads_q, seq_q, width] float32; null if a kernel of its own computes
  // it.
  float* query_sums;
  std::int32_t query_sums_width;

  Sequences sequences;
  Window window;
  std::int32_t heads_q, heads_kv;
  std::int32_t group;  // query heads that share one key and value head
  std::int32_t row_bytes,
      row_bytes_v;         // of a head's query or key, and of its value or output
  std::int32_t alignment;  // largest of 16, 4 and 2 that divides every address of a row, in bytes
  std::int32_t tiles;      // blocks of the grid for one head; of packed rows for the whole batch
  float query_sign;        // -1, 0 or 1: multiplies the scores
  float softmax_factor;    // multiplies them after that, to make exponents of 2
  float scale;             // of the scores: query_sign times a magnitude
  GeneralParams general;
};

}  // namespace ki::attention::cuda
