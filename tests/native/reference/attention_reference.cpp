#include "reference/attention_reference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "reference/attention_scores.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

/// Whether the query's position lets it see key j: causality, window and sinks.
bool sees_position(const AttentionArguments& a, std::int64_t i, std::int64_t j) {
  const std::int64_t ahead = j - (i + a.seq_k() - a.seq_q());  // how far the key lies behind the query's position
  if (a.causal && ahead > 0) return false;
  if (a.window_right >= 0 && ahead > a.window_right) return false;
  return a.window_left < 0 || -ahead <= a.window_left || j < a.sink_count;
}

/// Whether the tree lets the query see key j, if both are draft tokens: the last n of the sequence.
bool sees_draft(const Array& tree, std::int64_t position, std::int64_t j, std::int64_t seq_k) {
  const std::int64_t n = tree.shape[0];
  const std::int64_t row = position - (seq_k - n), column = j - (seq_k - n);
  return row < 0 || column < 0 || tree({row, column}) != 0;
}

/// Calls row(h, i, output, logsumexp) for each query.
template <class Row>
AttentionResult for_each_query(const AttentionArguments& a, Row row) {
  AttentionResult result{Array({a.seq_q(), a.heads_q(), a.value.shape[2]}), Array({a.heads_q(), a.seq_q()})};
  for (std::int64_t h = 0; h < a.heads_q(); ++h) {
    for (std::int64_t i = 0; i < a.seq_q(); ++i) row(h, i, result.output.row({i, h}), result.logsumexp({h, i}));
  }
  return result;
}

}  // namespace

bool sees(const AttentionArguments& a, std::int64_t h, std::int64_t i, std::int64_t j) {
  if (!sees_position(a, i, j)) return false;
  if (a.mask && (*a.mask)({h, i, j}) == 0) return false;
  if (a.bias && (*a.bias)({h, i, j}) == -std::numeric_limits<double>::infinity()) return false;
  return !a.tree_mask || sees_draft(*a.tree_mask, i + a.seq_k() - a.seq_q(), j, a.seq_k());
}

AttentionResult attention_reference(const AttentionArguments& a) {
  return for_each_query(a, [&](auto h, auto i, double* output, double& logsumexp) {
    const Softmax p(a, Exact{}, h, i);
    std::ranges::copy(output_row(a, Exact{}, p, h, i), output);
    logsumexp = p.logsumexp;
  });
}

AttentionResult attention_magnitude(const AttentionArguments& a) {
  return for_each_query(a, [&](auto h, auto i, double* output, double& logsumexp) {
    const Softmax p(a, Exact{}, h, i);
    logsumexp = std::fabs(p.logsumexp);
    for (std::int64_t j = 0; j < a.seq_k(); ++j) {
      const double weight = p.weights[static_cast<std::size_t>(j)];
      if (weight == 0) continue;  // a hidden key adds no error, be it infinite
      const double* v = a.value.row({j, a.head_kv(h)});
      for (std::int64_t c = 0; c < a.value.shape[2]; ++c) {
        output[c] += weight * dropout_factor(a, h, i, j) * std::fabs(v[c]);
      }
      logsumexp += weight * score_magnitude(a, h, i, j);
    }
  });
}

AttentionResult attention_naive(const AttentionArguments& arguments, ki_dtype storage) {
  const AttentionArguments a = in_storage(arguments, storage);
  return with_rounding(storage, [&](auto round) {
    return for_each_query(a, [&](auto h, auto i, double* output, double& logsumexp) {
      const Softmax p(a, round, h, i);
      std::ranges::copy(output_row(a, round, p, h, i), output);
      const bool is_float32 = storage == KI_DTYPE_FLOAT32;
      logsumexp = is_float32 ? p.logsumexp : Softmax(a, Rounded<KI_DTYPE_FLOAT32>{}, h, i).logsumexp;
    });
  });
}

}  // namespace ki::test
