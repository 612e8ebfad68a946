#pragma once

#include "kernels_interop.h"
#include "support/array.h"

// Attention, forward, as slowly and plainly as it can be written. For each batch b, query head h and query i:
//
//   s_j = scale * sum_c q[b, i, h, c] k[b, j, g, c]        for each key j that query i sees, g = h / (heads_q / heads_kv)
//   p_j = exp(s_j) / sum_j' exp(s_j')
//   o_c = sum_j p_j v[b, j, g, c]
//   logsumexp = log(sum_j exp(s_j))
//
// A causal query i sees the keys 0 to i + seq_k - seq_q, others see all; a score of -inf hides its key. A query that
// sees no key has o = 0 and logsumexp = -inf.
namespace ki::test {

struct AttentionArguments {
  Array query;  ///< [batch, seq_q, heads_q, head_dim]
  Array key;    ///< [batch, seq_k, heads_kv, head_dim]
  Array value;  ///< [batch, seq_k, heads_kv, head_dim_v]
  double scale = 1;
  bool causal = false;
};

struct AttentionResult {
  Array output;     ///< [batch, seq_q, heads_q, head_dim_v]
  Array logsumexp;  ///< [batch, heads_q, seq_q]
};

/// The formula in double precision.
AttentionResult attention_reference(const AttentionArguments& arguments);

/// The formula over absolute values, from which the tolerance of a float32 sum is derived: sum_j p_j |v_j| for the
/// output; sum_j p_j |scale| sum_c |q_c k_c| + |logsumexp| for the logsumexp, whose error is the scores' weighted by p.
AttentionResult attention_magnitude(const AttentionArguments& arguments);

/// The formula with every elementary result (a product, an exponential, a quotient, a finished sum) rounded to
/// `storage`, and sums in float32. The logsumexp, which is stored in float32, is computed in float32 throughout.
AttentionResult attention_naive(const AttentionArguments& arguments, ki_dtype storage);

}  // namespace ki::test
