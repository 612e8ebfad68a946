#include "attention/attention_data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/attention_contents.h"
#include "attention/attention_features.h"
#include "attention/attention_layout.h"
#include "attention/attention_poison.h"
#include "support/dtype.h"
#include "support/random.h"

namespace ki::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A tensor of indices. Those that nobody needs are such as no tensor has.
TensorData indices(const Shape& shape, const std::vector<std::int64_t>& values) {
  TensorData tensor(KI_DTYPE_INT32, shape);
  Array array(shape, kNaN);
  std::ranges::copy(values, array.values.begin());
  tensor.write(array);
  return tensor;
}

/// 0 to count - 1 in any order.
std::vector<std::int64_t> shuffled(std::int64_t count, Random& random) {
  std::vector<std::int64_t> result(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto other = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i) + 1));
    result[i] = result[other];
    result[other] = static_cast<std::int64_t>(i);
  }
  return result;
}

TensorData block_table_of(const AttentionCase& c, std::int64_t pages, Random& random) {
  const std::int64_t width = (c.seq_k + c.cache->page_size - 1) / c.cache->page_size;
  const std::vector<std::int64_t> free = shuffled(pages, random);
  Array table({c.sequence_count(), width}, kNaN);
  std::size_t next = 0;
  for (std::int64_t b = 0; b < c.sequence_count(); ++b) {
    for (std::int64_t i = 0; i < page_count(c, b); ++i) {
      table({b, i}) = static_cast<double>(i == 0 && b > 0 && c.cache->shared_prefix ? free[0] : free.at(next++));
    }
  }
  TensorData tensor(KI_DTYPE_INT32, table.shape);
  tensor.write(table);
  return tensor;
}

std::int64_t index_at(const TensorData& tensor, std::int64_t i) {
  const ki_tensor view = tensor.view();
  return static_cast<const std::int32_t*>(view.data)[i * view.strides[0]];
}

}  // namespace

float scale_of(const AttentionCase& c) {
  return c.scale ? *c.scale : static_cast<float>(1 / std::sqrt(static_cast<double>(c.head_dim)));
}

std::uint32_t dropout_threshold_of(const AttentionCase& c) {
  return static_cast<std::uint32_t>(std::lround(c.dropout * 65536.0));
}

std::uint64_t dropout_seed_of(const AttentionCase& c) { return seed_of(c.name()); }

std::uint32_t dropout_offset_of(const AttentionCase& c) { return static_cast<std::uint32_t>(c.seq_k + 1); }

AttentionData::AttentionData(const AttentionCase& c) : AttentionData(c, placed_tensors(c)) {}

AttentionData::AttentionData(const AttentionCase& c, std::vector<TensorData> tensors)
    : attention_case(c), query(tensors[0]), key(tensors[1]), value(tensors[2]), output(tensors[3]) {
  Random random(seed_of(c.name()));
  Values values{normal_array(query.shape(), random), normal_array(key.shape(), random),
                normal_array(value.shape(), random)};
  apply_contents(c, values, random);
  if (c.logsumexp) logsumexp = placed_tensor(c, Role::logsumexp, KI_DTYPE_FLOAT32, logsumexp_shape(c));
  place_sequences(random);
  place_cache(random);
  place_scores(random);
  store(values);
}

void AttentionData::place_sequences(Random& random) {
  const AttentionCase& c = attention_case;
  const std::int64_t batch = c.sequence_count();
  if (!c.packed_q.empty()) cu_seqlens_q = indices({batch + 1}, offsets_of(c.packed_q));
  if (!c.packed_k.empty()) cu_seqlens_k = indices({batch + 1}, offsets_of(c.packed_k));
  if (!c.used.empty()) seqused_k = indices({batch}, c.used);
  if (!c.cache) return;
  if (c.cache->page_size > 0) block_table = block_table_of(c, key.shape()[0], random);
  if (c.cache->slots) {
    std::vector<std::int64_t> slots = shuffled(key.shape()[0], random);
    slots.resize(static_cast<std::size_t>(batch));
    cache_slots = indices({batch}, slots);
  }
}

void AttentionData::place_cache(Random& random) {
  const AttentionCase& c = attention_case;
  if (!c.cache) return;
  const CacheCase& cache = *c.cache;
  if (!cache.appended.empty()) {
    const std::vector<std::int64_t> offsets = offsets_of(cache.appended);
    constexpr std::int64_t kBehindTheLast = 2;
    const Shape rows =
        cache.packed_new ? Shape{offsets.back() + kBehindTheLast} : Shape{c.sequence_count(), cache.appended.front()};
    if (cache.packed_new) cu_seqlens_new = indices({c.sequence_count() + 1}, offsets);
    const auto fill = [&](std::optional<TensorData>& tensor, std::int64_t dim) {
      tensor = placed_tensor(c, Role::key, c.dtype, with_heads(rows, c.heads_kv, dim));
      Array values = normal_array(tensor->shape(), random);
      if (cache.packed_new)
        std::fill(values.values.begin() + offsets.back() * c.heads_kv * dim, values.values.end(), kNaN);
      tensor->write(values);
    };
    fill(new_key, c.head_dim);
    fill(new_value, c.head_dim_v);
  }
  if (cache.rotary_dim > 0) {
    const std::int64_t positions = block_table ? block_table->shape()[1] * cache.page_size : c.seq_k;
    const auto write = [&](std::optional<TensorData>& tensor, const Array& values) {
      tensor.emplace(KI_DTYPE_FLOAT32, values.shape);
      tensor->write(values);
    };
    write(rotary_cos, angle_values(positions, cache.rotary_dim, std::cos));
    write(rotary_sin, angle_values(positions, cache.rotary_dim, std::sin));
  }
}

void AttentionData::place_scores(Random& random) {
  const AttentionCase& c = attention_case;
  if (c.bias) {
    const Shape shape = scores_shape(c, c.bias->shared, c.bias->shorter);
    bias = placed_tensor(c, Role::scores, c.bias->float32 ? KI_DTYPE_FLOAT32 : c.dtype, shape);
    bias->write(bias_values(*c.bias, shape, random));
  }
  if (c.mask) {
    const Shape shape = scores_shape(c, c.mask->shared, c.mask->shorter);
    mask = placed_tensor(c, Role::scores, KI_DTYPE_BOOL, shape);
    mask->write(mask_values(*c.mask, shape, random));
  }
  if (c.alibi != Alibi::none) {
    const Array slopes = slope_values(c, random);
    alibi_slopes.emplace(KI_DTYPE_FLOAT32, slopes.shape);
    alibi_slopes->write(slopes);
  }
  if (c.tree) {
    const Array tree = tree_values(*c.tree, c.tree->per_batch ? c.sequence_count() : 1, random);
    tree_mask.emplace(KI_DTYPE_BOOL, tree.shape);
    tree_mask->write(tree);
  }
}

void AttentionData::store(Values& values) {
  const AttentionCase& c = attention_case;
  if (!c.packed_q.empty()) {
    const std::int64_t end = offsets_of(c.packed_q).back() * c.heads_q * c.head_dim;
    std::fill(values.query.values.begin() + end, values.query.values.end(), kNaN);
  }
  query.write(values.query);
  if (key.dtype() == KI_DTYPE_INT8) {
    key_scale = quantise(c, values.key);
    value_scale = quantise(c, values.value);
  }
  key.write(values.key);
  value.write(values.value);
  poison_unseen(*this);
}

std::vector<TensorData*> AttentionData::tensors() {
  std::vector<TensorData*> all{&query, &key, &value, &output};
  for (std::optional<TensorData>* tensor :
       {&logsumexp, &bias, &mask, &alibi_slopes, &tree_mask, &cu_seqlens_q, &cu_seqlens_k, &seqused_k, &block_table,
        &cache_slots, &key_scale, &value_scale, &new_key, &new_value, &cu_seqlens_new, &rotary_cos, &rotary_sin}) {
    if (*tensor) all.push_back(&**tensor);
  }
  return all;
}

AttentionData AttentionData::copy() const {
  AttentionData result = *this;
  separate(result.tensors());
  return result;
}

TensorData AttentionData::written_output() const {
  const AttentionCase& c = attention_case;
  return c.packed_q.empty() ? output : output.narrowed(0, offsets_of(c.packed_q).back());
}

std::optional<TensorData> AttentionData::written_logsumexp() const {
  const AttentionCase& c = attention_case;
  if (!logsumexp || c.packed_q.empty()) return logsumexp;
  return logsumexp->narrowed(1, offsets_of(c.packed_q).back());
}

std::int64_t AttentionData::key_row(std::int64_t b, std::int64_t j) const {
  if (cu_seqlens_k) return index_at(*cu_seqlens_k, b) + j;
  if (!block_table) return (cache_slots ? index_at(*cache_slots, b) : b) * attention_case.seq_k + j;
  const std::int64_t page_size = attention_case.cache->page_size;
  return index_at(block_table->at(b), j / page_size) * page_size + j % page_size;
}

std::int64_t AttentionData::new_row(std::int64_t b, std::int64_t i) const {
  return (cu_seqlens_new ? index_at(*cu_seqlens_new, b) : b * new_key->shape()[1]) + i;
}

}  // namespace ki::test
