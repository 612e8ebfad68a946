#include "attention/attention_sequences.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "attention/attention_layout.h"
#include "reference/rotary.h"

namespace ki::test {
namespace {

/// Rows of a tensor of any rank, a row being all heads of one token.
struct Rows {
  Array values;
  std::int64_t heads, dim;

  explicit Rows(const TensorData& tensor)
      : values(tensor.read()), heads(tensor.shape()[tensor.shape().size() - 2]), dim(tensor.shape().back()) {}

  const double* row(std::int64_t i) const { return values.values.data() + i * heads * dim; }
};

/// Multiplies the rows of an int8 cache with their scales.
Rows dequantised(const TensorData& tensor, const std::optional<TensorData>& scale) {
  Rows rows(tensor);
  if (!scale) return rows;
  const Array scales = scale->read();
  for (std::size_t i = 0; i < rows.values.values.size(); ++i) {
    rows.values.values[i] *= scales.values[i / static_cast<std::size_t>(rows.dim)];
  }
  return rows;
}

/// The cosines and sines of a case with a rotary embedding.
struct Rotation {
  Array cosines, sines;
  std::int64_t rotary_dim;
  bool interleaved;

  explicit Rotation(const AttentionData& data)
      : cosines(data.rotary_cos->read()),
        sines(data.rotary_sin->read()),
        rotary_dim(data.attention_case.cache->rotary_dim),
        interleaved(data.attention_case.cache->interleaved) {}

  void turn(double* row, std::int64_t position) const {
    rotate(row, cosines.row({position}), sines.row({position}), rotary_dim, interleaved);
  }
};

/// The elements of a bias or mask that belong to one sequence.
class Scores {
 public:
  Scores(const TensorData& tensor, double beyond) : values_(tensor.read()), beyond_(beyond) {}

  Array of(std::int64_t b, std::int64_t heads, std::int64_t seq_q, std::int64_t seq_k) const {
    Array result({heads, seq_q, seq_k}, beyond_);
    const Shape& shape = values_.shape;
    const auto index = [](std::int64_t i, std::int64_t length) { return length == 1 ? 0 : i; };
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t i = 0; i < seq_q; ++i) {
        if (index(i, shape[2]) >= shape[2]) continue;
        for (std::int64_t j = 0; j < std::min(seq_k, shape[3]); ++j) {
          result({h, i, j}) = values_({index(b, shape[0]), index(h, shape[1]), index(i, shape[2]), j});
        }
      }
    }
    return result;
  }

 private:
  Array values_;
  double beyond_;  ///< what holds where the tensor is too short
};

/// Entry b of the first dimension, or its only one.
Array entry(const Array& all, std::int64_t b) {
  Array result(Shape(all.shape.begin() + 1, all.shape.end()));
  const auto size = static_cast<std::ptrdiff_t>(result.values.size());
  std::copy_n(all.values.begin() + (all.shape[0] == 1 ? 0 : b * size), size, result.values.begin());
  return result;
}

Array slopes_of(const AttentionData& data, std::int64_t b) {
  const Array slopes = data.alibi_slopes->read();
  return slopes.shape.size() == 1 ? slopes : entry(slopes, b);
}

/// The options that are one for all sequences.
AttentionArguments options_of(const AttentionData& data) {
  const AttentionCase& c = data.attention_case;
  AttentionArguments a;
  a.scale = scale_of(c);
  a.causal = c.causal;
  a.window_left = c.window ? c.window->left : -1;
  a.window_right = c.window ? c.window->right : -1;
  a.sink_count = c.sink_count;
  a.softcap = c.softcap;
  a.dropout = {dropout_threshold_of(c), dropout_offset_of(c), dropout_seed_of(c)};
  return a;
}

Array new_row_of(const AttentionData& data, const TensorData& tensor, std::int64_t b, std::int64_t i) {
  const Rows rows(tensor);
  Array result({rows.heads, rows.dim});
  std::copy_n(rows.row(data.new_row(b, i)), rows.heads * rows.dim, result.values.begin());
  return result;
}

}  // namespace

std::vector<AttentionArguments> sequences_of(const AttentionData& data) {
  const AttentionCase& c = data.attention_case;
  const Rows query(data.query), key = dequantised(data.key, data.key_scale),
                                value = dequantised(data.value, data.value_scale);
  const std::vector<std::int64_t> first_query = offsets_of(c.packed_q);
  std::optional<Rotation> rotation;
  if (data.rotary_cos) rotation.emplace(data);
  std::optional<Scores> bias, mask;
  if (data.bias) bias.emplace(*data.bias, 0.0);
  if (data.mask) mask.emplace(*data.mask, 0.0);

  std::vector<AttentionArguments> sequences;
  for (std::int64_t b = 0; b < c.sequence_count(); ++b) {
    AttentionArguments a = options_of(data);
    const std::int64_t seq_q = c.seq_q_of(b), seq_k = c.seq_k_of(b);
    a.batch = b;
    a.query = Array({seq_q, c.heads_q, c.head_dim});
    a.key = Array({seq_k, c.heads_kv, c.head_dim});
    a.value = Array({seq_k, c.heads_kv, c.head_dim_v});
    const std::int64_t first = c.packed_q.empty() ? b * seq_q : first_query.at(static_cast<std::size_t>(b));
    std::copy_n(query.row(first), a.query.values.size(), a.query.values.begin());
    for (std::int64_t j = 0; j < seq_k; ++j) {
      const std::int64_t row = data.key_row(b, j);
      std::copy_n(key.row(row), c.heads_kv * c.head_dim, a.key.values.begin() + j * c.heads_kv * c.head_dim);
      std::copy_n(value.row(row), c.heads_kv * c.head_dim_v, a.value.values.begin() + j * c.heads_kv * c.head_dim_v);
    }
    for (std::int64_t i = std::max<std::int64_t>(0, seq_q - seq_k); rotation && i < seq_q; ++i) {
      for (std::int64_t h = 0; h < c.heads_q; ++h) rotation->turn(a.query.row({i, h}), i + seq_k - seq_q);
    }
    if (bias) a.bias = bias->of(b, c.heads_q, seq_q, seq_k);
    if (mask) a.mask = mask->of(b, c.heads_q, seq_q, seq_k);
    if (data.alibi_slopes) a.alibi_slopes = slopes_of(data, b);
    if (data.tree_mask) a.tree_mask = entry(data.tree_mask->read(), b);
    sequences.push_back(std::move(a));
  }
  return sequences;
}

Array new_key_of(const AttentionData& data, std::int64_t b, std::int64_t i) {
  Array key = new_row_of(data, *data.new_key, b, i);
  if (!data.rotary_cos) return key;
  const AttentionCase& c = data.attention_case;
  const Rotation rotation(data);
  for (std::int64_t g = 0; g < c.heads_kv; ++g) rotation.turn(key.row({g}), c.seq_k_of(b) - c.seq_new_of(b) + i);
  return key;
}

Array new_value_of(const AttentionData& data, std::int64_t b, std::int64_t i) {
  return new_row_of(data, *data.new_value, b, i);
}

}  // namespace ki::test
