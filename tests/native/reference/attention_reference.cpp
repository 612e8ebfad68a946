#include "reference/attention_reference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/dtype.h"

namespace ki::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Lengths of a problem, read off its arrays.
struct Lengths {
  std::int64_t batch, seq_q, seq_k, heads_q, heads_kv, head_dim, head_dim_v;

  explicit Lengths(const AttentionArguments& a)
      : batch(a.query.shape[0]),
        seq_q(a.query.shape[1]),
        seq_k(a.key.shape[1]),
        heads_q(a.query.shape[2]),
        heads_kv(a.key.shape[2]),
        head_dim(a.query.shape[3]),
        head_dim_v(a.value.shape[3]) {}

  std::int64_t head_kv(std::int64_t head_q) const { return head_q / (heads_q / heads_kv); }

  std::int64_t visible_keys(std::int64_t i, bool causal) const {
    return causal ? std::clamp<std::int64_t>(i + seq_k - seq_q + 1, 0, seq_k) : seq_k;
  }
};

/// Calls `row(b, i, h, g, n)` for each query: batch, position, its head, the head of its keys, and how many it sees.
template <typename Row>
AttentionResult for_each_query(const AttentionArguments& a, Row row) {
  const Lengths n(a);
  AttentionResult result{Array({n.batch, n.seq_q, n.heads_q, n.head_dim_v}), Array({n.batch, n.heads_q, n.seq_q})};
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads_q; ++h) {
      for (std::int64_t i = 0; i < n.seq_q; ++i) {
        double* output = result.output.row({b, i, h});
        double& logsumexp = result.logsumexp({b, h, i});
        const std::int64_t visible = n.visible_keys(i, a.causal);
        if (visible == 0) {
          logsumexp = -kInfinity;
        } else {
          row(b, i, h, n.head_kv(h), visible, output, logsumexp);
        }
      }
    }
  }
  return result;
}

/// Largest finite-or-infinite score that can be subtracted from all without changing the quotients; 0 if there is none.
template <typename Float>
Float shift_of(const std::vector<Float>& scores) {
  Float largest = -std::numeric_limits<Float>::infinity();
  for (const Float s : scores) largest = s > largest ? s : largest;
  return std::isfinite(largest) ? largest : 0;
}

/// The formula for one query in double precision. exp(s - shift) stands for exp(s), which would overflow.
struct Softmax {
  std::vector<double> weights;  // p_j
  double logsumexp = 0;

  Softmax(const AttentionArguments& a, std::int64_t b, std::int64_t i, std::int64_t h, std::int64_t g,
          std::int64_t visible)
      : weights(static_cast<std::size_t>(visible)) {
    const double* q = a.query.row({b, i, h});
    for (std::int64_t j = 0; j < visible; ++j) {
      const double* k = a.key.row({b, j, g});
      double dot = 0;
      for (std::int64_t c = 0; c < a.query.shape[3]; ++c) dot += q[c] * k[c];
      weights[static_cast<std::size_t>(j)] = a.scale * dot;
    }
    const double shift = shift_of(weights);
    double sum = 0;
    for (double& w : weights) sum += w = std::exp(w - shift);
    for (double& w : weights) w = sum == 0 ? 0 : w / sum;
    logsumexp = shift + std::log(sum);
  }
};

}  // namespace

AttentionResult attention_reference(const AttentionArguments& a) {
  return for_each_query(a, [&](auto b, auto i, auto h, auto g, auto visible, double* output, double& logsumexp) {
    const Softmax p(a, b, i, h, g, visible);
    for (std::int64_t j = 0; j < visible; ++j) {
      const double* v = a.value.row({b, j, g});
      for (std::int64_t c = 0; c < a.value.shape[3]; ++c) output[c] += p.weights[static_cast<std::size_t>(j)] * v[c];
    }
    logsumexp = p.logsumexp;
  });
}

AttentionResult attention_magnitude(const AttentionArguments& a) {
  return for_each_query(a, [&](auto b, auto i, auto h, auto g, auto visible, double* output, double& logsumexp) {
    const Softmax p(a, b, i, h, g, visible);
    const double* q = a.query.row({b, i, h});
    logsumexp = std::fabs(p.logsumexp);
    for (std::int64_t j = 0; j < visible; ++j) {
      const double weight = p.weights[static_cast<std::size_t>(j)];
      if (weight == 0) continue;  // a hidden key adds no error, be it infinite
      const double* k = a.key.row({b, j, g});
      const double* v = a.value.row({b, j, g});
      for (std::int64_t c = 0; c < a.value.shape[3]; ++c) output[c] += weight * std::fabs(v[c]);
      for (std::int64_t c = 0; c < a.query.shape[3]; ++c) logsumexp += weight * std::fabs(a.scale * q[c] * k[c]);
    }
  });
}

namespace {

/// Scores of one query, every product and the finished sum rounded to `storage`.
std::vector<float> naive_scores(const AttentionArguments& a, ki_dtype storage, const double* q, std::int64_t b,
                                std::int64_t g, std::int64_t visible) {
  std::vector<float> scores(static_cast<std::size_t>(visible));
  for (std::int64_t j = 0; j < visible; ++j) {
    const double* k = a.key.row({b, j, g});
    float dot = 0;
    for (std::int64_t c = 0; c < a.query.shape[3]; ++c) {
      dot += round_to(storage, static_cast<float>(q[c]) * static_cast<float>(k[c]));
    }
    scores[static_cast<std::size_t>(j)] = round_to(storage, static_cast<float>(a.scale) * round_to(storage, dot));
  }
  return scores;
}

/// Replaces scores by exp(score - shift), rounded, and returns their sum.
float naive_exponentials(std::vector<float>& scores, ki_dtype storage, float shift) {
  float sum = 0;
  for (float& s : scores) sum += s = round_to(storage, std::exp(round_to(storage, s - shift)));
  return sum;
}

}  // namespace

AttentionResult attention_naive(const AttentionArguments& a, ki_dtype storage) {
  return for_each_query(a, [&](auto b, auto i, auto h, auto g, auto visible, double* output, double& logsumexp) {
    const double* q = a.query.row({b, i, h});
    std::vector<float> scores = naive_scores(a, KI_DTYPE_FLOAT32, q, b, g, visible);
    const float shift = shift_of(scores);
    float sum = naive_exponentials(scores, KI_DTYPE_FLOAT32, shift);
    logsumexp = shift + std::log(sum);

    if (storage != KI_DTYPE_FLOAT32) {
      scores = naive_scores(a, storage, q, b, g, visible);
      sum = round_to(storage, naive_exponentials(scores, storage, shift_of(scores)));
    }
    std::vector<float> sums(static_cast<std::size_t>(a.value.shape[3]));
    for (std::int64_t j = 0; j < visible; ++j) {
      const float weight = sum == 0 ? 0 : round_to(storage, scores[static_cast<std::size_t>(j)] / sum);
      const double* v = a.value.row({b, j, g});
      for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += round_to(storage, weight * static_cast<float>(v[c]));
    }
    for (std::size_t c = 0; c < sums.size(); ++c) output[c] = round_to(storage, sums[c]);
  });
}

}  // namespace ki::test
