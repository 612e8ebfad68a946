// A tile of the decode path: some keys in a row, and all query rows of a task's heads. Scores, softmax, and the weighted
// sum of the values.
//
// Rows of queries, scores and sums go by head, then by query, then by query head of the group.

#if defined(KI_ATTENTION_CPU_DECODE_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_DECODE_TILE_INL_H_
#undef KI_ATTENTION_CPU_DECODE_TILE_INL_H_
#else
#define KI_ATTENTION_CPU_DECODE_TILE_INL_H_
#endif

#include <hwy/cache_control.h>

#include <bit>

#include "attention/cpu/cache_rows.h"
#include "attention/cpu/decode.h"
#include "attention/cpu/decode_products-inl.h"
#include "attention/cpu/dropout-inl.h"
#include "attention/cpu/scores-inl.h"
#include "attention/cpu/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

struct DecodeTile {
  std::int64_t first;
  int count;
  // Where the rows of its keys are, at head 0. Scales are those of int8 elements.
  std::byte* keys[kDecodeTile];
  std::byte* values[kDecodeTile];
  std::byte* key_scales[kDecodeTile];
  std::byte* value_scales[kDecodeTile];
};

HWY_INLINE void find_rows(const Problem& p, const DecodeTask& task, DecodeTile& tile) {
  const auto find = [&](const Tensor& tensor, std::byte** rows) {
    if (tensor.rank > 0) row_addresses(p, task.sequence, task.batch, tensor, tile.first, tile.count, rows);
  };
  find(p.key, tile.keys);
  find(p.value, tile.values);
  find(p.cache.key_scale, tile.key_scales);
  find(p.cache.value_scale, tile.value_scales);
}

// The row of a key at a head of the problem.
template <class C>
HWY_INLINE const C* row_at_head(const std::byte* row, const Tensor& tensor, std::int64_t head) {
  return reinterpret_cast<const C*>(row) + head * tensor.strides[2];
}

HWY_INLINE FloatRows scores_of(const DecodeScratch& s) { return {s.scores, kDecodePitch}; }
HWY_INLINE FloatRows sums_of(const Problem& p, const DecodeTask& task) {
  return {task.partial.sums, accumulator_pitch(p)};
}

// Has the cache lines of some rows fetched.
HWY_INLINE void prefetch_rows(std::byte* const* rows, int count, std::int64_t offset, std::int64_t bytes) {
  for (int j = 0; j < count; ++j) {
    for (std::int64_t i = 0; i < bytes; i += 64) hwy::Prefetch(rows[j] + offset + i);
  }
}

// Calls block(row, keys, head, first) for blocks of a tile's keys and each of the task's heads, row[j] being where the row of key
// first + j is. Blocks have kBlockKeys keys, and then one each. A few keys at a time for all heads: memory is read in the
// order in which it usually lies. The rows of the next block are on their way meanwhile: without that, bfloat16 was 30%
// slower.
template <class C, class Block>
HWY_INLINE void for_blocks(const DecodeTask& task, int count, const Tensor& tensor, std::byte* const* rows,
                           const Block& block) {
  const int heads = task.heads();
  const std::int64_t head_bytes = tensor.strides[2] * static_cast<std::int64_t>(sizeof(C));
  const std::int64_t row_bytes = tensor.shape[3] * static_cast<std::int64_t>(sizeof(C));
  const auto visit = [&](int first, auto keys) HWY_ATTR {
    const int next = first + keys, next_count = HWY_MIN(count - next, keys);
    for (int h = 0; h < heads; ++h) {
      const std::int64_t offset = (task.first_head + h) * head_bytes;
      const C* row[keys];
      for (int j = 0; j < keys; ++j) row[j] = reinterpret_cast<const C*>(rows[first + j] + offset);
      prefetch_rows(rows + next, next_count, offset, row_bytes);
      block(row, keys, h, first);
    }
  };
  int j = 0;
  for (; j + kBlockKeys <= count; j += kBlockKeys) visit(j, std::integral_constant<int, kBlockKeys>());
  for (; j < count; ++j) visit(j, std::integral_constant<int, 1>());
}

// scores = q . k
template <class C>
HWY_INLINE void multiply_keys(const Problem& p, const DecodeTask& task, const DecodeTile& tile,
                              const DecodeScratch& s) {
  const FloatRows queries{s.queries, query_pitch(p)};
  const int rows = task.rows, depth = static_cast<int>(p.head_dim);
  for_blocks<C>(task, tile.count, p.key, tile.keys, [&](const C* const* row, auto keys, int h, int j) HWY_ATTR {
    score_rows<C, keys>(row, queries.from(h * rows), rows, depth, scores_of(s).from(h * rows, j));
  });
}

// sums += weights * values, where every row sees every key.
template <class C>
HWY_INLINE void add_values(const Problem& p, const DecodeTask& task, const DecodeTile& tile, const DecodeScratch& s) {
  const FloatRows sums = sums_of(p, task);
  const int rows = task.rows, columns = static_cast<int>(p.head_dim_v);
  for_blocks<C>(task, tile.count, p.value, tile.values, [&](const C* const* row, auto keys, int h, int j) HWY_ATTR {
    value_rows<C, keys>(row, scores_of(s).from(h * rows, j), rows, columns, sums.from(h * rows));
  });
}

// The same row by row, so that no value touches a row that does not see it: 0 times NaN is NaN.
template <class C>
HWY_INLINE void add_seen_values(const Problem& p, const DecodeTask& task, const DecodeTile& tile,
                                const DecodeScratch& s) {
  const FloatRows sums = sums_of(p, task);
  for (int i = 0; i < task.heads() * task.rows; ++i) {
    for (std::uint64_t seen = s.seen[i]; seen != 0; seen &= seen - 1) {
      const int j = std::countr_zero(seen);
      const C* row = row_at_head<C>(tile.values[j], p.value, task.first_head + i / task.rows);
      value_rows<C, 1>(&row, scores_of(s).from(i, j), 1, static_cast<int>(p.head_dim_v), sums.from(i));
    }
  }
}

// The scales of a tile's keys, or values, at one head.
struct TileScales {
  HWY_ALIGN float scale[kDecodePitch] = {};

  HWY_INLINE TileScales(const Tensor& tensor, std::byte* const* rows, int count, std::int64_t head) {
    if (tensor.rank == 0) return;
    for (int j = 0; j < count; ++j) scale[j] = *row_at_head<float>(rows[j], tensor, head);
  }
};

// x *= factors, where there are any
HWY_INLINE void multiply(const float* HWY_RESTRICT factors, int count, float* HWY_RESTRICT x) {
  change_lanes(x, count, [&](simd::FloatVector y, int j, int) HWY_ATTR {
    return hn::Mul(y, hn::LoadU(simd::FloatTag(), factors + j));
  });
}

// Hides keys outside of the range that a row sees.
HWY_INLINE void hide_outside(const VisibleKeys& visible, const DecodeTile& tile, float* scores) {
  for (int j = 0; j < tile.count; ++j) {
    if (!visible.contains(tile.first + j)) scores[j] = -kInfinity;
  }
}

// A bit for each key whose score is not -infinity.
HWY_INLINE std::uint64_t seen_keys(const float* HWY_RESTRICT scores, int count) {
  const simd::FloatTag d;
  std::uint64_t seen = 0;
  for (int j = 0; j < count; j += simd::kLanes) {
    const auto is_seen = hn::Ne(hn::LoadU(d, scores + j), hn::Set(d, -kInfinity));
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, hn::And(is_seen, hn::FirstN(d, count - j)), bits);
    seen |= (bits[0] | std::uint64_t{bits[1]} << 8) << j;  // kLanes of them
  }
  return seen;
}

constexpr std::uint64_t all_keys(int count) { return ~std::uint64_t{0} >> (64 - count); }

// Turns one row's products into scores, hidden keys being -infinity, and says which keys it sees.
HWY_INLINE std::uint64_t compute_scores(const Problem& p, const DecodeTask& task, const DecodeTile& tile, QueryRow row,
                                        const TileScales& key_scales, float* scores) {
  const simd::FloatTag d;
  const auto factor = hn::Set(d, product_factor(p));
  change_lanes(scores, tile.count, [&](simd::FloatVector x, int, int) HWY_ATTR { return hn::Mul(x, factor); });
  if (p.cache.key_scale.rank > 0) multiply(key_scales.scale, tile.count, scores);
  if (p.is_general()) {
    finish_scores(p, score_row(p, task.sequence, task.batch, row.head, row.query), tile.first, tile.count, scores);
  }
  const VisibleKeys visible = p.visible_keys(task.sequence, row.query);
  const std::int64_t last = tile.first + tile.count - 1;
  const bool in_range = last < visible.sinks || (tile.first >= visible.begin && last < visible.end);
  if (!in_range) hide_outside(visible, tile, scores);
  const bool may_hide = p.mask.rank > 0 || p.tree_mask.rank > 0 || p.bias.rank > 0;
  return in_range && !may_hide ? all_keys(tile.count) : seen_keys(scores, tile.count);
}

// Turns one row's scores into weights, short of the division by their sum, and brings its maximum and its sums up to date.
HWY_INLINE void update_row(const Problem& p, int count, float* HWY_RESTRICT scores, const Partial& row) {
  const simd::FloatTag d;
  const float before = *row.maximum, maximum = std::max(before, largest_score(scores, count));
  // A row whose scores are all -infinity has seen nothing yet; any finite shift keeps its terms at 0.
  const float shift = maximum == -kInfinity ? 0.0f : maximum;
  const auto rescale = simd::exp2(d, hn::Set(d, before - shift));
  const float factor = hn::GetLane(rescale);
  *row.maximum = maximum;
  *row.weights = *row.weights * factor + exponentiate(scores, count, shift);
  if (factor == 1.0f) return;
  for (int c = 0; c < p.head_dim_v; c += simd::kLanes) {
    hn::Store(hn::Mul(rescale, hn::Load(d, row.sums + c)), d, row.sums + c);
  }
}

// Turns the products of a tile into weights; says whether every row sees every key.
HWY_INLINE bool compute_weights(const Problem& p, const DecodeTask& task, const DecodeTile& tile,
                                const DecodeScratch& s) {
  bool all_seen = true;
  for (int h = 0; h < task.heads(); ++h) {
    const Block block = task.block(h);
    const TileScales key_scales(p.cache.key_scale, tile.key_scales, tile.count, block.head_kv);
    const TileScales value_scales(p.cache.value_scale, tile.value_scales, tile.count, block.head_kv);
    for (int r = 0; r < task.rows; ++r) {
      const int i = h * task.rows + r;
      const QueryRow row = block.query_row(p, r);
      float* scores = scores_of(s).from(i).data;
      s.seen[i] = compute_scores(p, task, tile, row, key_scales, scores);
      all_seen &= s.seen[i] == all_keys(tile.count);
      if (s.seen[i] == 0) continue;
      update_row(p, tile.count, scores,
                 {sums_of(p, task).from(i).data, task.partial.maximum + i, task.partial.weights + i});
      if (p.dropout_threshold != 0) {
        HWY_ALIGN float factors[kDecodePitch];
        dropout_factors(p, task.batch, row.head, row.query, tile.first, tile.count, factors);
        multiply(factors, tile.count, scores);
      }
      if (p.cache.value_scale.rank > 0) multiply(value_scales.scale, tile.count, scores);
    }
  }
  return all_seen;
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DECODE_TILE_INL_H_
