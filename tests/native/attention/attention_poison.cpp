#include "attention/attention_poison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "attention/attention_layout.h"
#include "attention/attention_sequences.h"

namespace ki::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Calls visit(h, i, j) for every key that a query of the sequence sees.
template <class Visit>
void for_each_seen(const AttentionArguments& a, Visit visit) {
  for (std::int64_t h = 0; h < a.heads_q(); ++h) {
    for (std::int64_t i = 0; i < a.seq_q(); ++i) {
      for (std::int64_t j = 0; j < a.seq_k(); ++j) {
        if (sees(a, h, i, j)) visit(h, i, j);
      }
    }
  }
}

/// Whether the rows of keys and values lie apart: a broadcast one is read where another is not.
bool keys_lie_apart(Placement placement) {
  return placement != Placement::broadcast_batch && placement != Placement::broadcast_heads;
}

/// Which rows of keys and values are seen: an entry for each row and head, before anything is appended.
std::vector<bool> seen_rows(const AttentionData& data, const std::vector<AttentionArguments>& sequences) {
  const AttentionCase& c = data.attention_case;
  std::vector<bool> seen(static_cast<std::size_t>(element_count(key_rows(c)) * c.heads_kv), false);
  for (const AttentionArguments& a : sequences) {
    const std::int64_t cached = a.seq_k() - c.seq_new_of(a.batch);
    std::vector<std::int64_t> rows;
    for (std::int64_t j = 0; j < cached; ++j) rows.push_back(data.key_row(a.batch, j));
    for_each_seen(a, [&](std::int64_t h, std::int64_t, std::int64_t j) {
      if (j < cached) {
        seen[static_cast<std::size_t>(rows[static_cast<std::size_t>(j)] * c.heads_kv + a.head_kv(h))] = true;
      }
    });
  }
  return seen;
}

/// NaN in whatever rows are not seen. Scales are rows of one element.
void poison_rows(TensorData& tensor, const std::vector<bool>& seen) {
  Array values = tensor.read();
  const std::size_t dim = seen.empty() ? 1 : values.values.size() / seen.size();
  for (std::size_t e = 0; e < values.values.size(); ++e) {
    if (!seen[e / dim]) values.values[e] = kNaN;
  }
  tensor.write(values);
}

void poison_bias(TensorData& bias, const std::vector<AttentionArguments>& sequences) {
  Array values = bias.read();
  Array used(values.shape);
  const auto index = [&](std::size_t d, std::int64_t i) { return values.shape[d] == 1 ? 0 : i; };
  for (AttentionArguments a : sequences) {
    a.bias.reset();  // what hides a key by -inf must stay
    for_each_seen(a, [&](std::int64_t h, std::int64_t i, std::int64_t j) {
      if (index(2, i) < values.shape[2] && j < values.shape[3]) {
        used({index(0, a.batch), index(1, h), index(2, i), j}) = 1;
      }
    });
  }
  for (std::size_t e = 0; e < values.values.size(); ++e) {
    if (used.values[e] == 0) values.values[e] = kNaN;
  }
  bias.write(values);
}

}  // namespace

TensorData quantise(const AttentionCase& c, Array& values) {
  Shape rows(values.shape.begin(), values.shape.end() - 1);
  Array scales(rows);
  const auto dim = static_cast<std::size_t>(values.shape.back());
  for (std::size_t r = 0; r < scales.values.size(); ++r) {
    double largest = 0;
    for (std::size_t d = 0; d < dim; ++d) largest = std::max(largest, std::fabs(values.values[r * dim + d]));
    scales.values[r] = largest / 127;
    for (std::size_t d = 0; d < dim; ++d) {
      double& x = values.values[r * dim + d];
      x = largest == 0 ? 0 : std::nearbyint(x / scales.values[r]);
    }
  }
  TensorData tensor = placed_tensor(c, Role::scales, KI_DTYPE_FLOAT32, rows);
  tensor.write(scales);
  return tensor;
}

void poison_unseen(AttentionData& data) {
  const Placement placement = data.attention_case.placement;
  const std::vector<AttentionArguments> sequences = sequences_of(data);
  if (keys_lie_apart(placement)) {
    const std::vector<bool> seen = seen_rows(data, sequences);
    poison_rows(data.key, seen);
    poison_rows(data.value, seen);
    if (data.key_scale) poison_rows(*data.key_scale, seen);
    if (data.value_scale) poison_rows(*data.value_scale, seen);
  }
  if (data.bias && keys_lie_apart(placement) && placement != Placement::broadcast_query) {
    poison_bias(*data.bias, sequences);
  }
}

}  // namespace ki::test
