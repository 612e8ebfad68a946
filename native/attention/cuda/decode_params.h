// What the decode kernels are given. Host and device share it.
#pragma once

#include <cstdint>

#include "attention/cuda/append_params.h"
#include "attention/cuda/cache_params.h"
#include "attention/cuda/forward_params.h"
#include "attention/cuda/general_params.h"
#include "attention/cuda/visible_keys.h"

namespace ki::attention::cuda {

// What a split's share of the keys gives is a part, in float32; with one split, it is the output itself.
struct DecodeParams {
  const void* query;        // [batch, seq_q, heads_q, head_dim]
  const void* key;          // [entries, rows, heads_kv, head_dim]
  const void* value;        // [entries, rows, heads_kv, head_dim_v]
  const void* key_scale;    // [entries, rows, heads_kv] float32; null if keys are not int8
  const void* value_scale;  // the same for values
  void* output;             // [splits, batch, seq_q, heads_q, head_dim_v]
  void* logsumexp;          // [splits, batch, heads_q, seq_q] float32; null if not wanted
  Strides query_strides, key_strides, value_strides, key_scale_strides, value_scale_strides;
  Strides output_strides, logsumexp_strides;
  std::int64_t output_of_split, logsumexp_of_split;  // bytes from one split to the next

  CacheParams cache;
  RotaryTables rotary;
  Window window;
  GeneralParams general;

  std::int32_t heads_q, heads_kv;
  std::int32_t group;  // query heads that share one key and value head
  std::int32_t head_dim, head_dim_v;
  std::int32_t query_alignment;  // largest of 16, 8, 4, 2 and 1 that divides the addresses of all rows, in bytes
  std::int32_t key_alignment;    // the same, of keys and values
  std::int32_t output_alignment;
  std::int32_t tile_queries;  // positions whose heads share a tile
  std::int32_t head_tiles;    // tiles that the heads of a group take
  std::int32_t query_tiles;   // tiles that the positions take: of a sequence, or of all where they are packed
  std::int32_t splits;
  CacheElement element;  // of keys and values
  float query_sign;      // -1, 0 or 1: multiplies the queries
  float scale_log2;      // the softmax's factor: multiplies the scores, to make exponents of 2
};

}  // namespace ki::attention::cuda
