// Puts new keys and values into a cache: finds their places, turns the keys, converts both.
#pragma once

#include "attention/cuda/append_params.h"
#include "attention/cuda/rotary.cuh"
#include "cuda/device/larger.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// One new key or value: which, and where it goes.
struct AppendRow {
  bool is_value;
  int head, entry_from, row_from;
  int position;  // in its sequence
  KeyPlace place;
  bool exists;

  __device__ AppendRow(const AppendParams& p, unsigned index) : exists(index < p.rows) {
    if (!exists) index = 0;
    is_value = index % 2 != 0;
    head = index / 2 % static_cast<unsigned>(p.heads_kv);
    const unsigned token = index / 2 / static_cast<unsigned>(p.heads_kv);
    const CacheParams& cache = p.cache;
    int sequence = 0, new_token = 0;
    if (cache.cu_seqlens_new == nullptr) {
      sequence = token / static_cast<unsigned>(cache.rows_new);
      new_token = token % static_cast<unsigned>(cache.rows_new);
      entry_from = sequence;
      row_from = new_token;
    } else {
      sequence = sequence_of(cache, token);
      const NewRows rows = cache.new_rows(sequence);
      new_token = static_cast<int>(token) - rows.first;
      exists = exists && new_token >= 0 && new_token < rows.count;
      entry_from = 0;
      row_from = token;
    }
    const SequenceRows rows = cache.sequences.rows(sequence);
    position = rows.seq_k + new_token;
    exists = exists && position < cache.sequences.rows_k;
    if (exists) place = cache.places(sequence, rows.first_key).of(position);
  }

  // The last sequence that does not begin behind a row of the packed ones.
  __device__ static int sequence_of(const CacheParams& cache, unsigned token) {
    int low = 0, high = cache.sequences.batch;
    while (high - low > 1) {
      const int middle = low + (high - low) / 2;
      (cache.cu_seqlens_new[middle] <= static_cast<int>(token) ? low : high) = middle;
    }
    return low;
  }

  __device__ const char* source(const AppendSide& side) const {
    return static_cast<const char*>(side.from) + entry_from * side.from_strides.batch +
           row_from * side.from_strides.position + head * side.from_strides.head;
  }
  __device__ char* destination(void* data, const Strides& strides) const {
    return static_cast<char*>(data) + place.entry * strides.batch + place.row * strides.position + head * strides.head;
  }
};

// The largest x of `lanes` neighbouring lanes, a power of two. A NaN stays.
__device__ inline float largest_of_lanes(float x, int lanes) {
  for (int step = 1; step < lanes; step *= 2) x = larger(x, __shfl_xor_sync(kFullWarp, x, step));
  return x;
}

// To the nearest multiple of the scale, half to even. Where all elements are zero, or so small that their scale is, so are
// all results.
__device__ inline void store_int8(std::int8_t* to, const float (&x)[kAppendColumns], float scale, int count,
                                  bool aligned) {
  std::uint32_t words[2] = {};
#pragma unroll
  for (int i = 0; i < kAppendColumns; ++i) {
    const int q = scale == 0 ? 0 : min(max(__float2int_rn(x[i] / scale), -127), 127);
    words[i / 4] |= (static_cast<std::uint32_t>(q) & 0xFF) << i % 4 * 8;
  }
  if (aligned && count >= kAppendColumns) {
    *reinterpret_cast<uint2*>(to) = {words[0], words[1]};
    return;
  }
#pragma unroll
  for (int i = 0; i < kAppendColumns; ++i) {
    if (i < count) to[i] = static_cast<std::int8_t>(words[i / 4] >> i % 4 * 8);
  }
}

// T: elements of the new keys and values.
template <class T>
__device__ void attention_append(const AppendParams& p) {
  const unsigned thread = ptx::tid_x(), lanes = p.lanes_per_row;
  const AppendRow row(p, ptx::ctaid_x() * (kAppendThreads / lanes) + thread / lanes);
  const AppendSide& side = row.is_value ? p.value : p.key;
  const int column = thread % lanes * kAppendColumns;
  const int count = row.exists ? side.columns - column : 0;
  const bool aligned = side.alignment == kChunkBytes;

  float x[kAppendColumns];
  const T* from = reinterpret_cast<const T*>(row.source(side));
  load_columns<T>(x, from + column, count, aligned);
  if (!row.is_value && count > 0) rotate(x, p.rotary, row.position, column, from);

  float scale = 0;
  if (p.element == CacheElement::int8) {
#pragma unroll
    for (const float element : x) scale = larger(scale, fabsf(element));
    scale = largest_of_lanes(scale, lanes) / 127;
  }
  if (count <= 0) return;
  char* to = row.destination(side.to, side.to_strides);
  switch (p.element) {
    case CacheElement::same: return store_columns<T>(reinterpret_cast<T*>(to) + column, x, count, aligned);
    case CacheElement::float16:
      return store_columns<ptx::f16>(reinterpret_cast<ptx::f16*>(to) + column, x, count, aligned);
    case CacheElement::bfloat16:
      return store_columns<ptx::bf16>(reinterpret_cast<ptx::bf16*>(to) + column, x, count, aligned);
    case CacheElement::int8:
      store_int8(reinterpret_cast<std::int8_t*>(to) + column, x, scale, count, aligned);
      if (column == 0) *reinterpret_cast<float*>(row.destination(side.scale, side.scale_strides)) = scale;
  }
}

}  // namespace ki::attention::cuda
