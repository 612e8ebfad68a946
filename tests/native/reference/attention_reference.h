#pragma once

#include <cstdint>
#include <optional>

#include "kernels_interop.h"
#include "reference/philox.h"
#include "support/array.h"

// Attention over one sequence, forward, as slowly and plainly as it can be written. For query head h, which reads key and value
// head g = h / (heads_q / heads_kv), and query i, which stands at position i + seq_k - seq_q:
//
//   s_j = scale * sum_c q[i, h, c] k[j, g, c]                   for each key j that the query sees
//   s_j = softcap * tanh(s_j / softcap)                         if there is a soft-cap
//   s_j = s_j + bias[h, i, j] - slope[h] * |position - j|
//   p_j = exp(s_j) / sum_j' exp(s_j')
//   o_c = sum_j p_j d_j v[j, g, c]                              d_j: dropout's 0 or 1 / (1 - probability)
//   logsumexp = log(sum_j exp(s_j))
//
// A score of -inf hides its key, whatever the key and its value hold. A query that sees no key has o = 0 and
// logsumexp = -inf.
namespace ki::test {

struct AttentionArguments {
  Array query;  ///< [seq_q, heads_q, head_dim]
  Array key;    ///< [seq_k, heads_kv, head_dim]
  Array value;  ///< [seq_k, heads_kv, head_dim_v]
  double scale = 1;
  bool causal = false;
  std::int64_t window_left = -1;   ///< -1: unlimited
  std::int64_t window_right = -1;  ///< -1: unlimited
  std::int64_t sink_count = 0;
  double softcap = 0;                   ///< 0: none
  std::optional<Array> bias{};          ///< [heads_q, seq_q, seq_k]
  std::optional<Array> mask{};          ///< [heads_q, seq_q, seq_k], 0 hides the key
  std::optional<Array> alibi_slopes{};  ///< [heads_q]
  std::optional<Array> tree_mask{};     ///< [n, n] for the last n keys, 0 hides the key
  Dropout dropout{};
  std::int64_t batch = 0;  ///< which sequence of its batch this is, for dropout

  std::int64_t seq_q() const { return query.shape[0]; }
  std::int64_t seq_k() const { return key.shape[0]; }
  std::int64_t heads_q() const { return query.shape[1]; }
  std::int64_t head_kv(std::int64_t head_q) const { return head_q / (heads_q() / key.shape[1]); }
};

struct AttentionResult {
  Array output;     ///< [seq_q, heads_q, head_dim_v]
  Array logsumexp;  ///< [heads_q, seq_q]
};

/// Whether query i of head h sees key j.
bool sees(const AttentionArguments& arguments, std::int64_t h, std::int64_t i, std::int64_t j);

/// The formula in double precision.
AttentionResult attention_reference(const AttentionArguments& arguments);

/// The formula over absolute values, from which the tolerance of a float32 sum is derived: sum_j p_j d_j |v_j| for the
/// output; |logsumexp| + sum_j p_j (|scale| sum_c |q_c k_c| + |bias| + |slope * distance|) for the logsumexp, whose error is the
/// scores' weighted by p.
AttentionResult attention_magnitude(const AttentionArguments& arguments);

/// The formula with every elementary result (a product, a hyperbolic tangent, an exponential, a quotient, a finished sum) rounded
/// to `storage`, and sums in float32. Bias and slopes, which may be float32 whatever the storage type is, are added in float32.
/// The logsumexp, which is stored in float32, is computed in float32 throughout, from queries and keys in the storage type.
AttentionResult attention_naive(const AttentionArguments& arguments, ki_dtype storage);

}  // namespace ki::test
