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

HWY_INLINE void find_rows(const Problem& p, const DecodeTask& task, std::int64_t first, int count, DecodeTile& tile) {
  const auto find = [&](const Tensor& tensor, std::byte** rows) {
    if (tensor.rank > 0) row_addresses(p, task.sequence, task.batch, tensor, first, count, rows);
  };
  tile.first = first;
  tile.count = count;
  find(p.key, tile.keys);
  // There is something to fetch for every key of the tile before.
  std::fill(tile.keys + count, tile.keys + kDecodeTile, tile.keys[count - 1]);
  find(p.value, tile.values);
  find(p.cache.key_scale, tile.key_scales);
  find(p.cache.value_scale, tile.value_scales);
}

HWY_INLINE FloatRows scores_of(const DecodeScratch& s) { return {s.scores, kDecodePitch}; }
HWY_INLINE FloatRows sums_of(const Problem& p, const DecodeTask& task) {
  return {task.partial.sums, decode_pitch(p.head_dim_v)};
}

// Rows of a tensor at a head of the task.
HWY_INLINE ByteRows rows_of_head(const DecodeTask& task, const Tensor& tensor, std::byte* const* rows, int head) {
  return {rows, (task.first_head + head) * tensor.strides[2] * static_cast<std::int64_t>(size_of(tensor.dtype))};
}

// scores = q . k
//
// A few keys at a time for all heads: memory is read in the order in which it usually lies. The values, which are needed
// next, are fetched meanwhile, and while those are added the keys of the next tile are: memory is read all the time, with
// enough of it underway.
template <class C>
HWY_INLINE void multiply_keys(const Problem& p, const DecodeTask& task, const DecodeTile& tile,
                              const DecodeScratch& s) {
  const FloatRows queries{s.queries, decode_pitch(p.head_dim)};
  const int rows = task.rows, depth = static_cast<int>(p.head_dim), heads = task.heads();
  const std::int64_t value_bytes = p.head_dim_v * static_cast<std::int64_t>(sizeof(C));
  const auto visit = [&](int first, auto keys) HWY_ATTR {
    for (int h = 0; h < heads; ++h) {
      const ByteRows values = rows_of_head(task, p.value, tile.values, h);
      for (int j = first; j < first + keys; ++j) prefetch(values.row(j), 0, value_bytes);
      score_rows<C, keys>(rows_of_head(task, p.key, tile.keys, h).from(first), queries.from(h * rows), rows, depth,
                          scores_of(s).from(h * rows, first));
    }
  };
  int j = 0;
  for (; j + kBlockKeys <= tile.count; j += kBlockKeys) visit(j, std::integral_constant<int, kBlockKeys>());
  for (; j < tile.count; ++j) visit(j, std::integral_constant<int, 1>());
}

// sums += weights * values, where every row sees every key. The keys of the next tile are fetched meanwhile.
template <class C>
HWY_INLINE void add_values(const Problem& p, const DecodeTask& task, const DecodeTile& tile, const DecodeTile& next,
                           const DecodeScratch& s) {
  for (int j = 0; j < tile.count; j += kValueKeys) {
    for (int h = 0; h < task.heads(); ++h) {
      const int first = h * task.rows;
      const Values values{rows_of_head(task, p.value, tile.values, h).from(j), HWY_MIN(tile.count - j, kValueKeys),
                          rows_of_head(task, p.key, next.keys, h).from(j)};
      value_rows<C>(values, scores_of(s).from(first, j), task.rows, static_cast<int>(p.head_dim_v),
                    sums_of(p, task).from(first));
    }
  }
}

// The same row by row, so that no value touches a row that does not see it: 0 times NaN is NaN.
template <class C>
HWY_INLINE void add_seen_values(const Problem& p, const DecodeTask& task, const DecodeTile& tile,
                                const DecodeTile& next, const DecodeScratch& s) {
  for (int i = 0; i < task.heads() * task.rows; ++i) {
    const int h = i / task.rows;
    const ByteRows values = rows_of_head(task, p.value, tile.values, h), keys = rows_of_head(task, p.key, next.keys, h);
    // By runs of keys that it sees: adding the lowest bit carries through the lowest run.
    for (std::uint64_t seen = s.seen[i]; seen != 0; seen &= seen + (seen & -seen)) {
      const int j = std::countr_zero(seen), count = std::countr_one(seen >> j);
      value_rows<C>({values.from(j), count, keys.from(j)}, scores_of(s).from(i, j), 1, static_cast<int>(p.head_dim_v),
                    sums_of(p, task).from(i));
    }
  }
}

// The scales of a tile's keys, or values, at one head of the problem.
struct TileScales {
  HWY_ALIGN float scale[kDecodePitch] = {};

  HWY_INLINE TileScales(const Tensor& tensor, std::byte* const* rows, int count, std::int64_t head) {
    if (tensor.rank == 0) return;
    for (int j = 0; j < count; ++j) scale[j] = reinterpret_cast<const float*>(rows[j])[head * tensor.strides[2]];
  }
  HWY_INLINE simd::FloatVector operator()(int j) const { return hn::Load(simd::FloatTag(), scale + j); }
};

// x[j] *= factors(j), a vector at a time
template <class Factors>
HWY_INLINE void multiply(int count, float* HWY_RESTRICT x, const Factors& factors) {
  change_lanes(x, count, [&](simd::FloatVector y, int j, int) HWY_ATTR { return hn::Mul(y, factors(j)); });
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

// Whether every query sees every key of a tile as far as ranges go. A later query sees no fewer keys at either end.
HWY_INLINE bool is_in_range(const Problem& p, const DecodeTask& task, const DecodeTile& tile) {
  const VisibleKeys first = p.visible_keys(task.sequence, 0);
  const VisibleKeys last = p.visible_keys(task.sequence, task.sequence.seq_q - 1);
  const std::int64_t end = tile.first + tile.count;
  return end <= std::min(first.sinks, last.sinks) || (tile.first >= last.begin && end <= first.end);
}

// Turns the products of a tile into scores, finds each row's largest one, and says whether every row sees every key.
//
// Here and below, all rows take one step after the other: a row's steps wait for one another, those of its neighbours do not.
// The full tile's `count` is a constant: its loops have no tails.
template <class Count>
HWY_INLINE bool compute_scores(const Problem& p, const DecodeTask& task, const DecodeTile& tile, Count count,
                               const DecodeScratch& s) {
  const simd::FloatTag d;
  const auto factor = hn::Set(d, product_factor(p));
  const bool in_range = is_in_range(p, task, tile), is_general = p.is_general();
  const bool may_hide = !in_range || p.mask.rank > 0 || p.tree_mask.rank > 0 || p.bias.rank > 0;
  bool all_seen = true;
  for (int h = 0; h < task.heads(); ++h) {
    const Block block = task.block(h);
    const TileScales key_scales(p.cache.key_scale, tile.key_scales, count, block.head_kv);
    for (int r = 0; r < task.rows; ++r) {
      const int i = h * task.rows + r;
      float* scores = scores_of(s).from(i).data;
      multiply(count, scores, [&](int) HWY_ATTR { return factor; });
      if (p.cache.key_scale.rank > 0) multiply(count, scores, key_scales);
      const QueryRow row = is_general || !in_range ? block.query_row(p, r) : QueryRow{};
      if (is_general) {
        finish_scores(p, score_row(p, task.sequence, task.batch, row.head, row.query), tile.first, count, scores);
      }
      if (!in_range) hide_outside(p.visible_keys(task.sequence, row.query), tile, scores);
      s.seen[i] = may_hide ? seen_keys(scores, count) : all_keys(count);
      all_seen &= s.seen[i] == all_keys(count);
      s.shifts[i] = largest_score(scores, count);
    }
  }
  return all_seen;
}

// Brings the maxima of rows up to date by the largest scores of a tile. In place of those, the shift that makes exponents of
// scores, and the factor that what was summed so far has to be multiplied with.
HWY_INLINE void update_maxima(int rows, float* HWY_RESTRICT maxima, const DecodeScratch& s) {
  const simd::FloatTag d;
  change_lanes(maxima, rows, [&](simd::FloatVector before, int j, int) HWY_ATTR {
    const auto largest = hn::Load(d, s.shifts + j);
    const auto maximum = hn::IfThenElse(hn::Gt(largest, before), largest, before);  // a NaN is none
    // A row whose scores are all -infinity has seen nothing yet; any finite shift keeps its terms at 0.
    const auto shift = hn::IfThenZeroElse(hn::Eq(maximum, hn::Set(d, -kInfinity)), maximum);
    hn::Store(shift, d, s.shifts + j);
    hn::Store(simd::exp2(d, hn::Sub(before, shift)), d, s.rescale + j);
    return maximum;
  });
}

// Turns scores into weights, short of the division by their sum, and brings sums of weights and of values up to date.
template <class Count>
HWY_INLINE void compute_weights(const Problem& p, const DecodeTask& task, const DecodeTile& tile, Count count,
                                const DecodeScratch& s) {
  const simd::FloatTag d;
  for (int h = 0; h < task.heads(); ++h) {
    const Block block = task.block(h);
    const TileScales value_scales(p.cache.value_scale, tile.value_scales, count, block.head_kv);
    for (int r = 0; r < task.rows; ++r) {
      const int i = h * task.rows + r;
      float* scores = scores_of(s).from(i).data;
      float* sums = sums_of(p, task).from(i).data;
      task.partial.weights[i] = task.partial.weights[i] * s.rescale[i] + exponentiate(scores, count, s.shifts[i]);
      const auto rescale = hn::Set(d, s.rescale[i]);
      for (std::int64_t c = 0; c < decode_pitch(p.head_dim_v); c += simd::kLanes) {
        hn::Store(hn::Mul(rescale, hn::Load(d, sums + c)), d, sums + c);
      }
      if (p.dropout_threshold != 0) {
        HWY_ALIGN float factors[kDecodePitch];
        const QueryRow row = block.query_row(p, r);
        dropout_factors(p, task.batch, row.head, row.query, tile.first, count, factors);
        multiply(count, scores, [&](int j) HWY_ATTR { return hn::Load(d, factors + j); });
      }
      if (p.cache.value_scale.rank > 0) multiply(count, scores, value_scales);
    }
  }
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DECODE_TILE_INL_H_
