// The decode path's kernels, compiled for every instruction set: one range of keys, and the merging of ranges.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/cpu/decode_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include <cmath>

#include "attention/cpu/decode_tile-inl.h"
#include "attention/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

// Attends to keys [first, end), all of which some query sees.
template <class C>
void attend_keys(const Problem& p, const DecodeTask& task, const DecodeScratch& s, std::int64_t first,
                 std::int64_t end) {
  if (first >= end) return;
  DecodeTile tiles[2];
  const auto find = [&](std::int64_t from, DecodeTile& tile) {
    find_rows(p, task, from, static_cast<int>(std::min<std::int64_t>(end - from, kDecodeTile)), tile);
  };
  find(first, tiles[0]);
  for (int t = 0;; t = 1 - t) {
    const DecodeTile& tile = tiles[t];
    multiply_keys<C>(p, task, tile, s);
    const auto weigh = [&](auto count) HWY_ATTR {
      const bool all_seen = compute_scores(p, task, tile, count, s);
      update_maxima(task.heads() * task.rows, task.partial.maximum, s);
      compute_weights(p, task, tile, count, s);
      return all_seen;
    };
    const bool all_seen =
        tile.count == kDecodeTile ? weigh(std::integral_constant<int, kDecodeTile>()) : weigh(tile.count);
    const std::int64_t behind = tile.first + tile.count;
    if (behind < end) find(behind, tiles[1 - t]);
    const DecodeTile& next = behind < end ? tiles[1 - t] : tile;
    if (all_seen) {
      add_values<C>(p, task, tile, next, s);
    } else {
      add_seen_values<C>(p, task, tile, next, s);
    }
    if (behind >= end) return;
  }
}

template <class C>
void attend(const Problem& p, const DecodeTask& task, const DecodeScratch& s) {
  const std::int64_t query_pitch = decode_pitch(p.head_dim), sum_pitch = decode_pitch(p.head_dim_v);
  const std::int64_t all = (task.end_head - task.first_head) * task.rows;
  std::fill_n(s.queries, all * query_pitch, 0.0f);
  std::fill_n(task.partial.sums, all * sum_pitch, 0.0f);
  std::fill_n(task.partial.maximum, all, -kInfinity);
  std::fill_n(task.partial.weights, all, 0.0f);
  for (int i = 0; i < all; ++i) {
    const Block block = task.block(i / task.rows);
    float* query = s.queries + i * query_pitch;
    load_query_row(p, block, block.query_row(p, i % task.rows), query);
    split_into_parts<C>(query, query_pitch);
  }
  // Sinks, then the others.
  const SeenKeys& seen = task.seen;
  const std::int64_t behind = seen.begin - seen.sinks;  // from a key's number to its place, behind the sinks
  attend_keys<C>(p, task, s, task.first_key, std::min(task.end_key, seen.sinks));
  attend_keys<C>(p, task, s, std::max(task.first_key, seen.sinks) + behind, task.end_key + behind);
  for (int i = 0; i < all; ++i) join_parts<C>(task.partial.sums + i * sum_pitch, sum_pitch);
}

// Merges one row's partial results: sums and weights of range i count 2^(maximum_i - maximum) times.
void merge_row(const Problem& p, const MergeTask& task, const Block& block, int row) {
  const simd::FloatTag d;
  const auto part = [&](std::int64_t i) {
    return Partial{task.first.sums + i * task.sums_step + row * decode_pitch(p.head_dim_v),
                   task.first.maximum + i * task.scalar_step + row, task.first.weights + i * task.scalar_step + row};
  };
  float maximum = -kInfinity;
  for (std::int64_t i = 0; i < task.parts; ++i) maximum = std::max(maximum, *part(i).maximum);
  // A row whose scores are all -infinity has seen nothing; any finite shift keeps its terms at 0.
  const float shift = maximum == -kInfinity ? 0.0f : maximum;

  HWY_ALIGN float sums[kMaxHeadDim] = {};
  float weights = 0;
  for (std::int64_t i = 0; i < task.parts; ++i) {
    const Partial from = part(i);
    const auto factor = simd::exp2(d, hn::Set(d, *from.maximum - shift));
    weights += hn::GetLane(factor) * *from.weights;
    for (int c = 0; c < p.head_dim_v; c += simd::kLanes) {
      hn::Store(hn::MulAdd(factor, hn::Load(d, from.sums + c), hn::Load(d, sums + c)), d, sums + c);
    }
  }
  write_output_row(p, block, block.query_row(p, row), sums, maximum, weights);
}

void merge(const Problem& p, const MergeTask& task) {
  const Block block{task.sequence, task.batch, task.head, 0, task.rows};
  for (int row = 0; row < task.rows; ++row) merge_row(p, task, block, row);
}

constexpr DecodeKernels kDecodeKernels{attend<float>, attend<ki::cpu::Float16>, attend<ki::cpu::BFloat16>,
                                       attend<std::int8_t>, merge};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::attention::cpu {

const DecodeKernels& decode_kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kDecodeKernels); }

}  // namespace ki::attention::cpu
#endif
