#include "reference/attention_gradients.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "reference/attention_scores.h"

namespace ki::test {
namespace {

/// Terms of sums as they are.
template <class Arithmetic>
struct Signed {
  using Round = Arithmetic;
  using Float = typename Round::Float;
  Round round;
  Float term(Float x) const { return round(x); }
  Float difference(Float a, Float b) const { return round(a - b); }
  template <class Magnitude>
  Float weight(Float s, Float logsumexp, Magnitude) const {
    return round(std::exp(round(s - logsumexp)));
  }
};

/// Their absolute values.
struct Unsigned {
  using Round = Exact;
  using Float = double;
  Round round{};
  double term(double x) const { return std::fabs(x); }
  double difference(double a, double b) const { return std::fabs(a) + std::fabs(b); }
  template <class Magnitude>
  double weight(double s, double logsumexp, Magnitude magnitude_of_s) const {
    constexpr double kShare = 4.0 / 16;  // of the 16 roundings that a sum may lose
    const double weight = std::exp(s - logsumexp);
    return weight == 0 ? 0 : weight * (1 + kShare * (magnitude_of_s() + std::fabs(logsumexp)));
  }
};

template <class Terms>
AttentionGradients gradients(const AttentionArguments& a, const Array& grad_output, Terms terms) {
  using Float = typename Terms::Float;
  const auto round = terms.round;
  const std::int64_t dim = a.query.shape[2], dim_v = a.value.shape[2];
  const auto dot = [&](const double* x, const auto* y) {
    Float sum = 0;
    for (std::int64_t c = 0; c < dim_v; ++c) sum += terms.term(static_cast<Float>(x[c]) * static_cast<Float>(y[c]));
    return round(sum);
  };
  // Adds factor * x to a row of sums, each of which is kept in the arithmetic's type.
  const auto add = [&](double* sums, Float factor, const double* x, std::int64_t count) {
    for (std::int64_t c = 0; c < count; ++c) {
      sums[c] = static_cast<Float>(sums[c]) + terms.term(factor * static_cast<Float>(x[c]));
    }
  };

  AttentionGradients result{Array(a.query.shape), Array(a.key.shape), Array(a.value.shape),
                            Array({a.heads_q(), a.seq_q(), a.seq_k()})};
  for (std::int64_t h = 0; h < a.heads_q(); ++h) {
    const std::int64_t g = a.head_kv(h);
    for (std::int64_t i = 0; i < a.seq_q(); ++i) {
      const Softmax p(a, round, h, i);
      const double* grad = grad_output.row({i, h});
      const Float delta = dot(grad, output_row(a, round, p, h, i).data());
      for (std::int64_t j = 0; j < a.seq_k(); ++j) {
        if (p.hidden[static_cast<std::size_t>(j)]) continue;
        const Float weight = terms.weight(p.scores[static_cast<std::size_t>(j)], p.logsumexp,
                                          [&] { return score_magnitude(a, h, i, j); });
        const auto dropout = static_cast<Float>(dropout_factor(a, h, i, j));
        const Float dp = round(dropout * dot(grad, a.value.row({j, g})));
        const Float ds = round(weight * terms.difference(dp, delta));
        Float dt = ds;
        if (a.softcap != 0) {
          const Float tangent = capped_product(a, round, h, i, j) / static_cast<Float>(a.softcap);
          dt = round(ds * terms.difference(1, tangent * tangent));
        }
        result.bias({h, i, j}) = ds;
        const Float factor = round(terms.term(static_cast<Float>(a.scale)) * dt);
        add(result.query.row({i, h}), factor, a.key.row({j, g}), dim);
        add(result.key.row({j, g}), factor, a.query.row({i, h}), dim);
        add(result.value.row({j, g}), round(weight * dropout), grad, dim_v);
      }
    }
  }
  return result;
}

}  // namespace

AttentionGradients gradients_reference(const AttentionArguments& arguments, const Array& grad_output) {
  return gradients(arguments, grad_output, Signed<Exact>{});
}

AttentionGradients gradients_magnitude(const AttentionArguments& arguments, const Array& grad_output) {
  return gradients(arguments, grad_output, Unsigned{});
}

AttentionGradients gradients_naive(const AttentionArguments& arguments, const Array& grad_output, ki_dtype storage) {
  const AttentionArguments a = in_storage(arguments, storage);
  return with_rounding(storage, [&](auto round) { return gradients(a, grad_output, Signed<decltype(round)>{round}); });
}

}  // namespace ki::test
