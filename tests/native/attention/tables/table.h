#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "attention/attention_cases.h"

// The parts of the table of cases, and what they are written with.
namespace ki::test {

using Table = std::vector<AttentionCase>;
using Pair = std::pair<int, int>;

inline constexpr std::array kDtypes{KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};
inline constexpr std::array kHalfDtypes{KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};

/// Shapes, causality, strides, scales, and what tensors hold.
void add_plain_cases(Table& table);

/// What queries see and what happens to scores: windows, sinks, soft-cap, bias, masks, slopes, trees, dropout.
void add_score_cases(Table& table);

/// Sequences of different lengths, packed or cut by seqused_k.
void add_ragged_cases(Table& table);

/// Caches: slots, pages, appended keys, rotary embedding, narrow types, splits.
void add_cache_cases(Table& table);

/// A case of the given lengths {seq_q, seq_k}, heads {heads_q, heads_kv} and head dimensions {head_dim, head_dim_v}.
inline AttentionCase shaped(ki_dtype dtype, std::int64_t batch, Pair lengths, Pair heads, Pair dims) {
  AttentionCase c;
  c.dtype = dtype;
  c.batch = batch;
  c.seq_q = lengths.first;
  c.seq_k = lengths.second;
  c.heads_q = heads.first;
  c.heads_kv = heads.second;
  c.head_dim = dims.first;
  c.head_dim_v = dims.second;
  return c;
}

inline AttentionCase causal(AttentionCase c, bool is_causal = true) {
  c.causal = is_causal;
  return c;
}

inline AttentionCase placed(AttentionCase c, Placement placement) {
  c.placement = placement;
  return c;
}

}  // namespace ki::test
