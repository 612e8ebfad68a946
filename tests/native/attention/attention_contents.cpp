#include "attention/attention_contents.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/dtype.h"

namespace ki::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The last key that the middle query of a causal case does not see, or thereabouts: some queries see it, some do not.
std::int64_t middle_key(const AttentionCase& c, std::int64_t room = 1) {
  return std::max<std::int64_t>(0, c.seq_k - c.seq_q / 2 - room);
}

/// Query i is a multiple of one of the keys it sees, mostly the first or the last, so that no other key has any weight.
void point_at_keys(const AttentionCase& c, Values& values, Random& random) {
  for (double& x : values.key.values) x = random.uniform() < 0.5 ? -1 : 1;
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t i = 0; i < c.seq_q; ++i) {
      const std::int64_t visible = c.causal ? std::clamp<std::int64_t>(i + c.seq_k - c.seq_q + 1, 0, c.seq_k) : c.seq_k;
      if (visible == 0) continue;
      for (std::int64_t h = 0; h < c.heads_q; ++h) {
        const std::int64_t choice = random.below(3);
        const std::int64_t j = choice == 0 ? 0 : choice == 1 ? visible - 1 : random.below(visible);
        const double* key = values.key.row({b, j, h / (c.heads_q / c.heads_kv)});
        double* query = values.query.row({b, i, h});
        for (std::int64_t d = 0; d < c.head_dim; ++d) query[d] = 64 * key[d];
      }
    }
  }
}

void repeat_the_first_key(const AttentionCase& c, Values& values) {
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t j = 1; j < c.seq_k; ++j) {
      for (std::int64_t g = 0; g < c.heads_kv; ++g) {
        std::copy_n(values.key.row({b, 0, g}), c.head_dim, values.key.row({b, j, g}));
      }
    }
  }
}

void hide_keys(const AttentionCase& c, Values& values, std::int64_t hidden) {
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t i = 0; i < c.seq_q; ++i) {
      for (std::int64_t h = 0; h < c.heads_q; ++h) {
        double& x = values.query({b, i, h, 0});
        x = std::fabs(x) + 0.125;
      }
    }
    for (std::int64_t j = 0; j < hidden; ++j) {
      for (std::int64_t g = 0; g < c.heads_kv; ++g) values.key({b, j, g, 0}) = -kInfinity;
    }
  }
}

}  // namespace

void apply_contents(const AttentionCase& c, Values& values, Random& random) {
  const double tiniest = 2 * half_ulp(c.dtype, 0);
  switch (c.contents) {
    case Contents::normal: break;
    case Contents::retrieval: point_at_keys(c, values, random); break;
    case Contents::equal_scores: repeat_the_first_key(c, values); break;
    case Contents::wide_values:
      for (double& x : values.value.values) x = std::ldexp(x, static_cast<int>(random.below(25)) - 14);
      break;
    case Contents::subnormal:
      for (double& x : values.value.values) x *= 100 * tiniest;
      break;
    case Contents::nan_query: values.query({0, c.seq_q / 2, 0, 1}) = kNaN; break;
    case Contents::nan_key: values.key({0, middle_key(c), 0, 1}) = kNaN; break;
    case Contents::nan_value: values.value({0, middle_key(c), 0, 2}) = kNaN; break;
    case Contents::infinite_key:
      values.key({0, middle_key(c), 0, 0}) = kInfinity;
      values.key({1, middle_key(c), 1, 1}) = -kInfinity;
      break;
    case Contents::infinite_value:
      values.value({0, middle_key(c, 3), 0, 3}) = kInfinity;
      values.value({0, middle_key(c, 3) + 1, 0, 4}) = kInfinity;
      values.value({0, middle_key(c, 3) + 2, 0, 4}) = -kInfinity;
      break;
    case Contents::hidden_keys: hide_keys(c, values, 600); break;
  }
}

}  // namespace ki::test
