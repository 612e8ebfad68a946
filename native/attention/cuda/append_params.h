// What the append kernels are given. Host and device share it.
#pragma once

#include <cstdint>

#include "attention/cuda/cache_params.h"
#include "attention/cuda/forward_params.h"

namespace ki::attention::cuda {

inline constexpr int kAppendThreads = 128;

// Columns that a lane converts. With at most 256 columns a row never needs more than one warp, which finds the largest
// magnitude by shuffles.
inline constexpr int kAppendColumns = 8;

// Rows of `half` numbers, one for each position. half = 0: no rotary embedding.
struct RotaryTables {
  const float* cosines;
  const float* sines;
  std::int64_t cosine_stride, sine_stride;  // elements
  std::int32_t half;                        // of the columns that are turned
  bool interleaved;                         // pairs are (2c, 2c + 1), otherwise (c, c + half)
};

// Keys or values.
struct AppendSide {
  const void* from;  // [batch, seq_new, heads_kv, columns]
  void* to;          // [entries, rows, heads_kv, columns]
  void* scale;       // [entries, rows, heads_kv] float32; null if the cache is not int8
  Strides from_strides, to_strides, scale_strides;
  std::int32_t columns;
  std::int32_t alignment;  // divides the addresses of all rows, in bytes; up to 16
};

enum class CacheElement : std::int32_t { same, float16, bfloat16, int8 };

struct AppendParams {
  CacheParams cache;
  AppendSide key, value;
  RotaryTables rotary;
  CacheElement element;
  std::uint32_t rows;  // of keys and of values: tokens times heads, twice
  std::int32_t heads_kv;
  std::int32_t lanes_per_row;  // a power of two
};

}  // namespace ki::attention::cuda
