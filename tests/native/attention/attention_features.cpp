#include "attention/attention_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace ki::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Tells the elements of bias or mask that hide keys: here and there, whole rows, and whole tiles of 64 queries and 128 keys.
bool is_hidden(std::int64_t i, std::int64_t j, Random& random) {
  return random.uniform() < 0.25 || i % 7 == 3 || (i / 64 + j / 128) % 3 == 1;
}

}  // namespace

Array normal_array(Shape shape, Random& random) {
  Array array(std::move(shape));
  for (double& x : array.values) x = random.normal();
  return array;
}

Array bias_values(const BiasCase& bias, const Shape& shape, Random& random) {
  Array values = normal_array(shape, random);
  for (std::size_t e = 0; bias.hides && e < values.values.size(); ++e) {
    const Shape index = values.index(e);
    if (is_hidden(index[2], index[3], random)) values.values[e] = -kInfinity;
  }
  return values;
}

/// Everything but 0 is true.
Array mask_values(const MaskCase& mask, const Shape& shape, Random& random) {
  constexpr double kTrue[] = {1, 2, 128, 255};
  Array values(shape);
  for (std::size_t e = 0; e < values.values.size(); ++e) {
    const Shape index = values.index(e);
    bool hidden = false;
    if (mask.pattern == MaskPattern::scattered) hidden = is_hidden(index[2], index[3], random);
    if (mask.pattern == MaskPattern::padding) hidden = index[3] >= shape[3] - (shape[3] + 2) / 3;
    values.values[e] = hidden ? 0 : kTrue[random.below(4)];
  }
  return values;
}

/// Row t: draft token t and its ancestors.
Array tree_values(const TreeCase& tree, std::int64_t batch, Random& random) {
  const std::int64_t n = tree.draft_length;
  Array values({batch, n, n});
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t t = 0; t < n; ++t) {
      const std::int64_t parent = tree.chain ? t - 1 : random.below(t + 1) - 1;  // -1: a root
      if (parent >= 0) std::copy_n(values.row({b, parent}), n, values.row({b, t}));
      values({b, t, t}) = 1;
    }
  }
  return values;
}

/// Of mixed size and sign; one of them 0.
Array slope_values(const AttentionCase& c, Random& random) {
  Array slopes(c.alibi == Alibi::per_head ? Shape{c.heads_q} : Shape{c.sequence_count(), c.heads_q});
  for (double& slope : slopes.values)
    slope = (random.uniform() < 0.2 ? -0.05 : 1) * std::exp2(-1 - random.uniform() * 6);
  if (slopes.values.size() > 1) slopes.values[1] = 0;
  return slopes;
}

Array angle_values(std::int64_t positions, std::int64_t rotary_dim, double (*function)(double)) {
  Array values({positions, rotary_dim / 2});
  for (std::int64_t t = 0; t < positions; ++t) {
    for (std::int64_t c = 0; c < rotary_dim / 2; ++c) {
      const double frequency = std::pow(10000.0, -2.0 * static_cast<double>(c) / static_cast<double>(rotary_dim));
      values({t, c}) = function(static_cast<double>(t) * frequency);
    }
  }
  return values;
}

}  // namespace ki::test
