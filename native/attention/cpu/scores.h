// What stands between a query row's products with the keys and its scores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "attention/problem.h"

namespace ki::attention::cpu {

inline constexpr double kLog2e = 1.4426950408889634;

// Scores are in units of log2, for exp2. What products q . k are multiplied with before anything else is done to them: with
// a soft cap, whose tanh comes next, scale / softcap; else they are scores in units of log2 at once.
//
// Finite, so that a product of 0 stays 0.
inline float product_factor(const Problem& p) {
  constexpr double kMost = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(p.softcap != 0 ? double{p.scale} / p.softcap : p.scale * kLog2e, -kMost, kMost));
}

// One query row's part of everything that scores depend on, keys counted from the sequence's first one.
struct ScoreRow {
  const std::byte* bias;         // [bias_keys] of the bias' dtype; NULL: none for this row
  const std::uint8_t* mask;      // [mask_keys], whatever lies behind is hidden
  const std::uint8_t* ancestry;  // [keys from first_draft on]; NULL: the tree hides nothing from this row
  std::int64_t bias_keys, mask_keys, first_draft;
  std::int64_t position;
  float alibi_slope;
};

// The row of a query, which is counted from the sequence's first one.
inline ScoreRow score_row(const Problem& p, const Sequence& sequence, std::int64_t batch, std::int64_t head,
                          std::int64_t query) {
  const auto row_of = [&](const Tensor& tensor) {
    return tensor.data +
           size_of(tensor.dtype) * (batch * tensor.strides[0] + head * tensor.strides[1] + query * tensor.strides[2]);
  };
  // Queries of a ragged problem may lie behind the last row of bias and mask.
  const auto has_row = [&](const Tensor& tensor) {
    return tensor.rank > 0 && tensor.elements > 0 && (tensor.shape[2] == 1 || query < tensor.shape[2]);
  };
  ScoreRow row{};
  row.position = query + sequence.seq_k - sequence.seq_q;
  if (has_row(p.bias)) {
    row.bias = row_of(p.bias);
    row.bias_keys = p.bias.shape[3];
  }
  if (has_row(p.mask)) {
    row.mask = reinterpret_cast<const std::uint8_t*>(row_of(p.mask));
    row.mask_keys = p.mask.shape[3];
  }
  if (p.alibi_slopes.rank > 0) {
    row.alibi_slope = reinterpret_cast<const float*>(
        p.alibi_slopes.data)[batch * p.alibi_slopes.strides[0] + head * p.alibi_slopes.strides[1]];
  }
  // The last queries stand at the draft tokens, the last keys.
  const std::int64_t token = query - sequence.seq_q + p.draft_length;
  if (p.tree_mask.rank > 0 && token >= 0) {
    row.ancestry = reinterpret_cast<const std::uint8_t*>(p.tree_mask.data) + batch * p.tree_mask.strides[0] +
                   token * p.tree_mask.strides[1];
    row.first_draft = sequence.seq_k - p.draft_length;
  }
  return row;
}

}  // namespace ki::attention::cpu
