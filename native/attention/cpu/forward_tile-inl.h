// A tile: up to six query rows of a block and the packed keys of a chunk. Scores, softmax, and the weighted sum of the
// values.
//
// Every row sees a run of the keys of its own. What all rows of a tile see is done as a tile, and the rests that only
// some see row by row, so that no row touches a value that it does not see: it may be NaN.
//
// The steps are not inlined: together their constants do not fit the registers, and loops would move them about.

#if defined(KI_ATTENTION_CPU_FORWARD_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_FORWARD_TILE_INL_H_
#undef KI_ATTENTION_CPU_FORWARD_TILE_INL_H_
#else
#define KI_ATTENTION_CPU_FORWARD_TILE_INL_H_
#endif

#include <algorithm>

#include "attention/cpu/dropout-inl.h"
#include "attention/cpu/forward.h"
#include "attention/cpu/scores-inl.h"
#include "attention/cpu/softmax-inl.h"
#include "cpu/simd/micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::kLanes;
using simd::kTileRows;

static_assert(kTileRows == kScratchTileRows && simd::kPitchA == kScratchPitch);
static_assert(kKeyChunk + kMaxLanes <= kScratchPitch);  // whole vectors of scores are written

// A packed chunk of a sequence's keys and values.
struct Chunk {
  std::int64_t first_key;
  int keys;
  bool leaves_out_hidden;  // whether hidden keys must not be multiplied with, not even with 0: see is_finite
};

// Keys [begin, end), counted from the chunk's first one.
struct Run {
  int begin, end;

  int count() const { return end - begin; }
  bool empty() const { return begin == end; }
};

struct Tile {
  int first, rows;         // within the block
  Run visible[kTileRows];  // of each row
  Run any;                 // from the first key to the last one that some row sees
  Run all;                 // that every row sees

  // What row r sees before and behind the keys that all see.
  Run before(int r) const { return {visible[r].begin, std::min(visible[r].end, all.begin)}; }
  Run behind(int r) const { return {std::max(visible[r].begin, all.end), visible[r].end}; }
};

// The tile of rows whose visible keys, of the sequence, range(row) says.
template <class Range>
HWY_INLINE Tile make_tile(int first, int rows, const Chunk& chunk, const Range& range) {
  Tile tile{first, rows, {}, {chunk.keys, 0}, {0, chunk.keys}};
  for (int r = 0; r < rows; ++r) {
    const auto [begin, end] = range(first + r);
    const KeyRun run(chunk.first_key, chunk.keys, begin, end);
    tile.visible[r] = {run.first, run.first + run.count};
    tile.all = {std::max(tile.all.begin, run.first), std::min(tile.all.end, run.first + run.count)};
    if (run.count == 0) continue;
    tile.any = {std::min(tile.any.begin, run.first), std::max(tile.any.end, run.first + run.count)};
  }
  // Rows that have nothing in common are done one by one: all they see lies before this.
  if (tile.all.end <= tile.all.begin) tile.all = {chunk.keys, chunk.keys};
  if (tile.any.end < tile.any.begin) tile.any = {0, 0};
  return tile;
}

// tile_scores[r, j] = product_factor(p) * q_r . k_j, for every key that some row of the tile sees
HWY_NOINLINE inline void multiply_keys(const Problem& p, const Chunk& chunk, const Tile& tile, const Scratch& s) {
  const int head_dim = static_cast<int>(p.head_dim);
  for (int r = 0; r < tile.rows; ++r) {
    simd::widen_row(s.queries + (tile.first + r) * query_pitch(p), s.tile_queries + r * kScratchPitch, head_dim);
  }
  const float factor = product_factor(p);
  for (int key = 0, vectors; key < tile.any.end; key += vectors * kLanes) {
    vectors = simd::panel_vectors(chunk.keys, key);
    if (key + vectors * kLanes <= tile.any.begin) continue;
    simd::product_function(tile.rows, vectors)(s.tile_queries, s.keys + key * p.head_dim, head_dim, factor,
                                               s.tile_scores + key, kScratchPitch);
  }
}

// Products become scores, where more stands between them than the factor.
HWY_NOINLINE inline void finish_tile_scores(const Problem& p, const Block& block, const Chunk& chunk, const Tile& tile,
                                            const Scratch& s) {
  for (int r = 0; r < tile.rows; ++r) {
    const Run run = tile.visible[r];
    if (run.empty()) continue;
    const QueryRow row = block.query_row(p, tile.first + r);
    float* scores = s.tile_scores + r * kScratchPitch + run.begin;
    finish_scores(p, score_row(p, block.sequence, block.batch, row.head, row.query), chunk.first_key + run.begin,
                  run.count(), scores);
    if (chunk.leaves_out_hidden) std::copy_n(scores, run.count(), s.tile_seen + r * kScratchPitch + run.begin);
  }
}

// Turns the scores of a tile into weights, short of the division by their sum, and brings every row's running maximum and
// sum up to date. rescale[r] is the factor that what row r has summed so far has to be multiplied with.
//
// First all maxima, then all exponentials: a row's reductions then overlap with the next row's loads.
HWY_NOINLINE inline void softmax(const Tile& tile, const Scratch& s, float* HWY_RESTRICT rescale) {
  const FloatTag d;
  float* row_max = s.row_max + tile.first;
  float* row_sum = s.row_sum + tile.first;
  float shift[kTileRows];
  for (int r = 0; r < tile.rows; ++r) {
    const Run run = tile.visible[r];
    const float before = row_max[r];
    if (!run.empty()) {
      row_max[r] = std::max(before, largest_score(s.tile_scores + r * kScratchPitch + run.begin, run.count()));
    }
    // A row whose scores are all -infinity has seen nothing yet; any finite shift keeps its terms at 0.
    shift[r] = row_max[r] == -kInfinity ? 0.0f : row_max[r];
    rescale[r] = hn::GetLane(simd::exp2(d, hn::Set(d, before - shift[r])));
  }
  for (int r = 0; r < tile.rows; ++r) {
    const Run run = tile.visible[r];
    if (run.empty()) continue;
    float* scores = s.tile_scores + r * kScratchPitch + run.begin;
    row_sum[r] = row_sum[r] * rescale[r] + exponentiate(scores, run.count(), shift[r]);
  }
}

// Multiplies the weights with dropout's factors; the sums of the softmax are those before.
HWY_NOINLINE inline void drop_weights(const Problem& p, const Block& block, const Chunk& chunk, const Tile& tile,
                                      const Scratch& s) {
  const FloatTag d;
  HWY_ALIGN float factors[kKeyChunk];
  for (int r = 0; r < tile.rows; ++r) {
    const Run run = tile.visible[r];
    if (run.empty()) continue;
    const QueryRow row = block.query_row(p, tile.first + r);
    dropout_factors(p, block.batch, row.head, row.query, chunk.first_key + run.begin, run.count(), factors);
    change_lanes(s.tile_scores + r * kScratchPitch + run.begin, run.count(),
                 [&](auto weight, int j, int) HWY_ATTR { return hn::Mul(weight, hn::Load(d, factors + j)); });
  }
}

// A row's accumulator, a panel's width of it, plus its weights of the keys in `run` times their values.
HWY_INLINE void accumulate_run(const Scratch& s, int tile_row, Run run, const float* panel, int vectors, float rescale,
                               float* accumulator) {
  simd::accumulate_function(1, vectors)(s.tile_scores + tile_row * kScratchPitch + run.begin,
                                        panel + std::int64_t{run.begin} * vectors * kLanes, run.count(), &rescale,
                                        accumulator, 0);
}

// The same without the keys whose score is -infinity.
HWY_NOINLINE inline void accumulate_seen(const Scratch& s, int tile_row, Run run, const float* panel, int vectors,
                                         float rescale, float* accumulator) {
  const float* scores = s.tile_seen + tile_row * kScratchPitch;
  const auto hidden = [&](int j) { return scores[j] == -kInfinity; };
  accumulate_run(s, tile_row, {run.begin, run.begin}, panel, vectors, rescale, accumulator);
  for (int j = run.begin, end; j < run.end; j = end + 1) {
    for (end = j; end < run.end && !hidden(end);) ++end;
    accumulate_run(s, tile_row, {j, end}, panel, vectors, 1.0f, accumulator);
  }
}

// accumulators[r] = rescale[r] * accumulators[r] + sum over visible keys of weight * value, in the order of the keys
HWY_NOINLINE inline void accumulate_values(const Problem& p, const Chunk& chunk, const Tile& tile, const float* rescale,
                                           const Scratch& s) {
  const std::int64_t pitch = accumulator_pitch(p);
  const int columns = static_cast<int>(p.head_dim_v);
  float tile_rescale[kTileRows];  // of rows that are not rescaled by what comes before
  for (int r = 0; r < tile.rows; ++r) tile_rescale[r] = tile.before(r).empty() ? rescale[r] : 1.0f;
  for (int column = 0, vectors; column < columns; column += vectors * kLanes) {
    vectors = simd::panel_vectors(columns, column);
    const float* panel = s.values + std::int64_t{column} * chunk.keys;
    float* accumulators = s.accumulators + tile.first * pitch + column;
    if (chunk.leaves_out_hidden) {
      for (int r = 0; r < tile.rows; ++r) {
        accumulate_seen(s, r, tile.visible[r], panel, vectors, rescale[r], accumulators + r * pitch);
      }
      continue;
    }
    for (int r = 0; r < tile.rows; ++r) {
      const Run run = tile.before(r);
      if (!run.empty()) accumulate_run(s, r, run, panel, vectors, rescale[r], accumulators + r * pitch);
    }
    if (!tile.all.empty()) {
      simd::accumulate_function(tile.rows, vectors)(s.tile_scores + tile.all.begin,
                                                    panel + std::int64_t{tile.all.begin} * vectors * kLanes,
                                                    tile.all.count(), tile_rescale, accumulators, pitch);
    }
    for (int r = 0; r < tile.rows; ++r) {
      const Run run = tile.behind(r);
      if (run.count() > 0) accumulate_run(s, r, run, panel, vectors, 1.0f, accumulators + r * pitch);
    }
  }
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_FORWARD_TILE_INL_H_
