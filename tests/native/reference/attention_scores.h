#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "reference/attention_reference.h"
#include "support/dtype.h"

// The formula's scores and weights, in two kinds of arithmetic: exact (double), and naive (float32 with every elementary result
// rounded to the storage type). Both are one text, so that they cannot differ in anything else.
namespace ki::test {

struct Exact {
  using Float = double;
  double operator()(double x) const { return x; }
};

template <ki_dtype kStorage>
struct Rounded {
  using Float = float;
  float operator()(float x) const { return round_to(kStorage, x); }
};

/// Calls function(Rounded<storage>{}).
template <class Function>
auto with_rounding(ki_dtype storage, Function function) {
  switch (storage) {
    case KI_DTYPE_FLOAT16: return function(Rounded<KI_DTYPE_FLOAT16>{});
    case KI_DTYPE_BFLOAT16: return function(Rounded<KI_DTYPE_BFLOAT16>{});
    default: return function(Rounded<KI_DTYPE_FLOAT32>{});
  }
}

/// Query, key and value in the storage type, to which a rotary embedding and the scales of an int8 cache have not kept.
inline AttentionArguments in_storage(AttentionArguments a, ki_dtype storage) {
  for (Array* array : {&a.query, &a.key, &a.value}) {
    for (double& x : array->values) x = round_to(storage, static_cast<float>(x));
  }
  return a;
}

/// scale * q . k, after the soft-cap.
template <class Round>
typename Round::Float capped_product(const AttentionArguments& a, Round round, std::int64_t h, std::int64_t i,
                                     std::int64_t j) {
  using Float = typename Round::Float;
  const double* q = a.query.row({i, h});
  const double* k = a.key.row({j, a.head_kv(h)});
  Float dot = 0;
  for (std::int64_t c = 0; c < a.query.shape[2]; ++c) {
    dot += round(static_cast<Float>(q[c]) * static_cast<Float>(k[c]));
  }
  const Float s = round(static_cast<Float>(a.scale) * round(dot));
  if (a.softcap == 0) return s;
  const auto cap = static_cast<Float>(a.softcap);
  return round(cap * round(std::tanh(round(s / cap))));
}

inline double distance(const AttentionArguments& a, std::int64_t i, std::int64_t j) {
  return static_cast<double>(std::abs(i + a.seq_k() - a.seq_q() - j));
}

/// The score of key j for query i of head h; -inf if the query does not see it.
template <class Round>
typename Round::Float score(const AttentionArguments& a, Round round, std::int64_t h, std::int64_t i, std::int64_t j) {
  using Float = typename Round::Float;
  if (!sees(a, h, i, j)) return -std::numeric_limits<Float>::infinity();
  Float s = capped_product(a, round, h, i, j);
  if (a.bias) s += static_cast<Float>((*a.bias)({h, i, j}));
  if (a.alibi_slopes) s -= static_cast<Float>((*a.alibi_slopes)({h})) * static_cast<Float>(distance(a, i, j));
  return s;
}

/// The sum of a score's absolute terms, before the soft-cap, which makes no error larger.
inline double score_magnitude(const AttentionArguments& a, std::int64_t h, std::int64_t i, std::int64_t j) {
  const double* q = a.query.row({i, h});
  const double* k = a.key.row({j, a.head_kv(h)});
  double sum = 0;
  for (std::int64_t c = 0; c < a.query.shape[2]; ++c) sum += std::fabs(a.scale * q[c] * k[c]);
  if (a.bias) sum += std::fabs((*a.bias)({h, i, j}));
  if (a.alibi_slopes) sum += std::fabs((*a.alibi_slopes)({h}) * distance(a, i, j));
  return sum;
}

/// One row of softmax(s).
template <class Round>
struct Softmax {
  using Float = typename Round::Float;
  std::vector<Float> scores;
  std::vector<bool> hidden;
  std::vector<Float> weights;  ///< p_j, without dropout
  Float logsumexp;

  /// exp(s - shift) stands for exp(s), which would overflow. The shift is the largest score, if that is finite.
  Softmax(const AttentionArguments& a, Round round, std::int64_t h, std::int64_t i) {
    constexpr Float kInfinity = std::numeric_limits<Float>::infinity();
    Float largest = -kInfinity;
    for (std::int64_t j = 0; j < a.seq_k(); ++j) {
      const Float s = score(a, round, h, i, j);
      scores.push_back(s);
      hidden.push_back(s == -kInfinity);
      largest = s > largest ? s : largest;
    }
    const Float shift = std::isfinite(largest) ? largest : 0;
    Float sum = 0;
    for (const Float s : scores) {
      weights.push_back(round(std::exp(round(s - shift))));
      sum += weights.back();
    }
    logsumexp = shift + std::log(sum);
    sum = round(sum);
    for (Float& w : weights) w = sum == 0 ? 0 : round(w / sum);
  }
};

/// What dropout multiplies the weight of key j with.
inline double dropout_factor(const AttentionArguments& a, std::int64_t h, std::int64_t i, std::int64_t j) {
  return a.dropout.keeps(a.batch * a.heads_q() + h, i, j) ? a.dropout.scale() : 0;
}

/// One row of the output: sum_j p_j d_j v_j.
template <class Round>
std::vector<typename Round::Float> output_row(const AttentionArguments& a, Round round, const Softmax<Round>& p,
                                              std::int64_t h, std::int64_t i) {
  using Float = typename Round::Float;
  std::vector<Float> sums(static_cast<std::size_t>(a.value.shape[2]));
  for (std::int64_t j = 0; j < a.seq_k(); ++j) {
    const auto at = static_cast<std::size_t>(j);
    if (p.hidden[at]) continue;
    const Float weight = round(p.weights[at] * static_cast<Float>(dropout_factor(a, h, i, j)));
    const double* v = a.value.row({j, a.head_kv(h)});
    for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += round(weight * static_cast<Float>(v[c]));
  }
  for (Float& sum : sums) sum = round(sum);
  return sums;
}

}  // namespace ki::test
