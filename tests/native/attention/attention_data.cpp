#include "attention/attention_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "support/dtype.h"
#include "support/random.h"

namespace ki::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Values {
  Array query, key, value;
};

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

Array normal_array(Shape shape, Random& random) {
  Array array(std::move(shape));
  for (double& x : array.values) x = random.normal();
  return array;
}

/// Where each tensor of a case lies.
struct Layouts {
  Layout query, key, value, output, logsumexp;
};

Layouts layouts_of(const AttentionCase& c) {
  Layouts layouts;
  // Neither aligned nor misaligned memory is the rule.
  const auto misalign = static_cast<std::int64_t>(seed_of(c.name()) % 3);
  const auto each = [&](auto set) {
    for (Layout* layout : {&layouts.query, &layouts.key, &layouts.value, &layouts.output}) set(*layout);
  };
  each([&](Layout& layout) { layout.misalign = misalign; });
  layouts.logsumexp.misalign = misalign;
  switch (c.placement) {
    case Placement::dense:
    case Placement::packed: break;
    case Placement::heads_first: each([](Layout& layout) { layout.order = {0, 2, 1, 3}; }); break;
    case Placement::sequence_first:
      each([](Layout& layout) { layout.order = {1, 0, 2, 3}; });
      layouts.logsumexp.order = {1, 0, 2};
      break;
    case Placement::padded_rows:
      each([](Layout& layout) { layout.row_gap = 3; });
      layouts.logsumexp.row_gap = 2;
      break;
    case Placement::broadcast_batch: layouts.key.broadcast = layouts.value.broadcast = {0}; break;
    case Placement::broadcast_heads: layouts.key.broadcast = layouts.value.broadcast = {2}; break;
    case Placement::broadcast_query: layouts.query.broadcast = {1}; break;
    case Placement::aligned:
      each([](Layout& layout) { layout.misalign = 0; });
      break;
  }
  return layouts;
}

std::vector<TensorData> place(const AttentionCase& c) {
  const Shape query{c.batch, c.seq_q, c.heads_q, c.head_dim}, output{c.batch, c.seq_q, c.heads_q, c.head_dim_v};
  const Shape key{c.batch, c.seq_k, c.heads_kv, c.head_dim}, value{c.batch, c.seq_k, c.heads_kv, c.head_dim_v};
  if (c.placement != Placement::packed) {
    const Layouts layouts = layouts_of(c);
    return {TensorData(c.dtype, query, layouts.query), TensorData(c.dtype, key, layouts.key),
            TensorData(c.dtype, value, layouts.value), TensorData(c.dtype, output, layouts.output)};
  }

  // Rows of [query heads | key heads | value heads | output heads | a gap], one per batch and position.
  constexpr std::int64_t kGap = 5;
  const std::int64_t row =
      c.heads_q * c.head_dim + c.heads_kv * (c.head_dim + c.head_dim_v) + c.heads_q * c.head_dim_v + kGap;
  const auto memory = std::make_shared<Memory>((c.batch * c.seq_q * row + kGap) * element_size(c.dtype));
  std::vector<TensorData> tensors;
  std::int64_t offset = kGap;
  for (const Shape& shape : {query, key, value, output}) {
    tensors.emplace_back(c.dtype, shape, Shape{c.seq_q * row, row, shape[3], 1}, memory, offset);
    offset += shape[2] * shape[3];
  }
  return tensors;
}

}  // namespace

float scale_of(const AttentionCase& c) {
  return c.scale ? *c.scale : static_cast<float>(1 / std::sqrt(static_cast<double>(c.head_dim)));
}

AttentionData::AttentionData(const AttentionCase& c) : AttentionData(c, place(c)) {}

AttentionData::AttentionData(const AttentionCase& c, std::vector<TensorData> tensors)
    : attention_case(c), query(tensors[0]), key(tensors[1]), value(tensors[2]), output(tensors[3]) {
  Random random(seed_of(c.name()));
  Values values{normal_array(query.shape(), random), normal_array(key.shape(), random),
                normal_array(value.shape(), random)};
  apply_contents(c, values, random);
  query.write(values.query);
  key.write(values.key);
  value.write(values.value);
  if (c.logsumexp) {
    logsumexp.emplace(KI_DTYPE_FLOAT32, Shape{c.batch, c.heads_q, c.seq_q}, layouts_of(c).logsumexp);
  }
}

AttentionArguments AttentionData::arguments() const {
  return {query.read(), key.read(), value.read(), scale_of(attention_case), attention_case.causal};
}

}  // namespace ki::test
