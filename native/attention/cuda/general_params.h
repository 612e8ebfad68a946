// Everything that can change a score, as data for the general variant.
#pragma once

#include <cstdint>

namespace ki::attention::cuda {

// Bias or mask, [batch, heads_q, seq_q, seq_k]. Its keys lie one behind the other.
struct ScoreTensor {
  const void* data;                 // null if absent
  std::int64_t batch, head, query;  // bytes from one to the next; 0 where it is broadcast
  std::int32_t queries, keys;       // lengths; of queries, more than any where it is broadcast
  std::int32_t has_pairs;           // whether two keys, the first even, are always an aligned pair
};

struct GeneralParams {
  ScoreTensor bias;  // of the query's type or float32
  std::int32_t bias_is_float32;
  ScoreTensor mask;  // bytes, 0 for what is hidden

  const float* alibi_slopes;      // [batch, heads_q]; null if absent
  std::int64_t slopes_of_batch;   // elements from one batch entry to the next
  const std::uint8_t* tree_mask;  // [batch, draft_length, draft_length]; null if absent
  std::int64_t tree_of_batch, tree_row;
  std::int32_t draft_length;

  // score = softcap * tanh(input_scale * x), or without a softcap input_scale * x. If nothing depends on the score's
  // magnitude, input_scale is 1 and the softmax's factor holds the scale.
  float input_scale;
  float softcap;  // 0 for none

  std::uint32_t dropout_threshold;  // a weight is kept if its 16 random bits are at least this
  std::uint32_t dropout_offset;
  std::uint64_t dropout_seed;
  float dropout_scale;
  std::int32_t heads_q;
};

}  // namespace ki::attention::cuda
