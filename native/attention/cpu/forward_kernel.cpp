// The forward kernel of one block, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/cpu/forward_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include <cmath>
#include <limits>

#include "attention/cpu/forward.h"
#include "cpu/simd/exp2-inl.h"
#include "cpu/simd/micro_kernel-inl.h"
#include "cpu/simd/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::FloatVector;
using simd::kLanes;
using simd::kTileRows;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kLog2e = 1.4426950408889634;
constexpr double kLn2 = 0.6931471805599453;

static_assert(kTileRows == kScratchTileRows && simd::kPitchA == kScratchPitch && kKeyChunk < kScratchPitch);

template <class T>
T* at(const Tensor& tensor, std::int64_t i, std::int64_t j, std::int64_t k) {
  return reinterpret_cast<T*>(tensor.data) + i * tensor.strides[0] + j * tensor.strides[1] + k * tensor.strides[2];
}

// A tile of query rows, and how many keys of the current chunk each row sees.
struct Tile {
  int first, rows;  // within the block
  int visible[kTileRows];
  int most, fewest;
};

Tile make_tile(const Scratch& s, int first, int rows, std::int64_t chunk, int keys) {
  Tile tile{first, rows, {}, 0, keys};
  for (int r = 0; r < rows; ++r) {
    tile.visible[r] = static_cast<int>(std::clamp<std::int64_t>(s.visible[first + r] - chunk, 0, keys));
    tile.most = std::max(tile.most, tile.visible[r]);
    tile.fewest = std::min(tile.fewest, tile.visible[r]);
  }
  return tile;
}

// tile_scores[r, j] = scale * log2(e) * q_r . k_j, for every key that some row of the tile sees
void compute_scores(const Problem& p, const Tile& tile, int keys, const Scratch& s) {
  const int head_dim = static_cast<int>(p.head_dim);
  for (int r = 0; r < tile.rows; ++r) {
    simd::widen_row(s.queries + (tile.first + r) * query_pitch(p), s.tile_queries + r * kScratchPitch, head_dim);
  }
  const float factor = static_cast<float>(p.scale * kLog2e);
  for (int key = 0, vectors; key < tile.most; key += vectors * kLanes) {
    vectors = simd::panel_vectors(keys, key);
    simd::product_function(tile.rows, vectors)(s.tile_queries, s.keys + key * p.head_dim, head_dim, factor,
                                               s.tile_scores + key, kScratchPitch);
  }
}

// A row's last, partial vector of scores; lanes behind the last key, which hold whatever the product left there, are
// -infinity.
HWY_INLINE FloatVector tail_scores(const float* scores, int keys) {
  const FloatTag d;
  const int full = keys / kLanes * kLanes;
  return hn::IfThenElse(hn::FirstN(d, keys - full), hn::Load(d, scores + full), hn::Set(d, -kInfinity));
}

HWY_INLINE float largest_score(const float* HWY_RESTRICT scores, int keys) {
  const FloatTag d;
  const int full = keys / kLanes * kLanes;
  // Four maxima at a time: one would wait for itself.
  FloatVector maxima[4];
  for (auto& maximum : maxima) maximum = tail_scores(scores, keys);
  int j = 0;
  for (; j + 4 * kLanes <= full; j += 4 * kLanes) {
    for (int i = 0; i < 4; ++i) maxima[i] = hn::Max(maxima[i], hn::Load(d, scores + j + i * kLanes));
  }
  for (; j < full; j += kLanes) maxima[0] = hn::Max(maxima[0], hn::Load(d, scores + j));
  return hn::ReduceMax(d, hn::Max(hn::Max(maxima[0], maxima[1]), hn::Max(maxima[2], maxima[3])));
}

// Turns scores into 2^(score - shift) and returns their sum.
HWY_INLINE float exponentiate(float* HWY_RESTRICT scores, int keys, float shift) {
  const FloatTag d;
  const auto shifts = hn::Set(d, shift);
  const int full = keys / kLanes * kLanes;
  auto sums = simd::exp2(d, hn::Sub(tail_scores(scores, keys), shifts));
  hn::Store(sums, d, scores + full);
  for (int j = 0; j < full; j += kLanes) {
    const auto terms = simd::exp2(d, hn::Sub(hn::Load(d, scores + j), shifts));
    hn::Store(terms, d, scores + j);
    sums = hn::Add(sums, terms);
  }
  return hn::ReduceSum(d, sums);
}

// Turns the scores of a tile into probabilities, short of the division by their sum, and brings every row's running
// maximum and sum up to date. rescale[r] is the factor that what row r has summed so far has to be multiplied with.
//
// First all maxima, then all exponentials: a row's reductions then overlap with the next row's loads.
void softmax(const Tile& tile, const Scratch& s, float* HWY_RESTRICT rescale) {
  const FloatTag d;
  float* row_max = s.row_max + tile.first;
  float* row_sum = s.row_sum + tile.first;
  float shift[kTileRows];
  for (int r = 0; r < tile.rows; ++r) {
    const float before = row_max[r];
    if (tile.visible[r] > 0) {
      row_max[r] = std::max(before, largest_score(s.tile_scores + r * kScratchPitch, tile.visible[r]));
    }
    // A row whose scores are all -infinity has seen nothing yet; any finite shift keeps its terms at 0.
    shift[r] = row_max[r] == -kInfinity ? 0.0f : row_max[r];
    rescale[r] = hn::GetLane(simd::exp2(d, hn::Set(d, before - shift[r])));
  }
  for (int r = 0; r < tile.rows; ++r) {
    if (tile.visible[r] == 0) continue;
    row_sum[r] = row_sum[r] * rescale[r] + exponentiate(s.tile_scores + r * kScratchPitch, tile.visible[r], shift[r]);
  }
}

// accumulators[r] = rescale[r] * accumulators[r] + sum over visible keys of probability * value. The keys that every
// row sees are done as a tile; the few that only some rows see, row by row, so that no row touches a value it does not
// see.
void accumulate_values(const Problem& p, const Tile& tile, int keys, const float* rescale, const Scratch& s) {
  const std::int64_t pitch = accumulator_pitch(p);
  const int columns = static_cast<int>(p.head_dim_v);
  const float unchanged = 1.0f;
  for (int column = 0, vectors; column < columns; column += vectors * kLanes) {
    vectors = simd::panel_vectors(columns, column);
    const float* panel = s.values + std::int64_t{column} * keys;
    float* accumulators = s.accumulators + tile.first * pitch + column;
    simd::accumulate_function(tile.rows, vectors)(s.tile_scores, panel, tile.fewest, rescale, accumulators, pitch);
    const float* rest = panel + std::int64_t{tile.fewest} * vectors * kLanes;
    for (int r = 0; r < tile.rows; ++r) {
      const int left = tile.visible[r] - tile.fewest;
      if (left == 0) continue;
      const float* probabilities = s.tile_scores + r * kScratchPitch + tile.fewest;
      simd::accumulate_function(1, vectors)(probabilities, rest, left, &unchanged, accumulators + r * pitch, pitch);
    }
  }
}

template <class T>
void attend_chunk(const Problem& p, const Block& block, std::int64_t chunk, int keys, const Scratch& s) {
  simd::pack_transposed(at<const T>(p.key, block.batch, chunk, block.head_kv), p.key.strides[1],
                        static_cast<int>(p.head_dim), keys, s.keys);
  simd::pack(at<const T>(p.value, block.batch, chunk, block.head_kv), p.value.strides[1], keys,
             static_cast<int>(p.head_dim_v), s.values);
  // Tiles of nearly equal height: 13 rows are better cut into 4, 4 and 5 than into 6, 6 and 1.
  const int tiles = (block.rows + kTileRows - 1) / kTileRows;
  for (int t = 0; t < tiles; ++t) {
    const int first = block.rows * t / tiles, end = block.rows * (t + 1) / tiles;
    const Tile tile = make_tile(s, first, end - first, chunk, keys);
    if (tile.most == 0) continue;
    compute_scores(p, tile, keys, s);
    float rescale[kTileRows];
    softmax(tile, s, rescale);
    accumulate_values(p, tile, keys, rescale, s);
  }
}

// output = accumulators / sum, logsumexp = ln(2) * maximum + ln(sum)
template <class T>
void write_output(const Problem& p, const Block& block, const Scratch& s) {
  const FloatTag d;
  const int columns = static_cast<int>(p.head_dim_v), full = columns / kLanes * kLanes;
  for (int r = 0; r < block.rows; ++r) {
    const QueryRow row = query_row(p, block.head_kv, block.first_row + r);
    const float* accumulator = s.accumulators + r * accumulator_pitch(p);
    T* output = at<T>(p.output, block.batch, row.position, row.head);
    const float sum = s.row_sum[r];
    const auto inverse = hn::Set(d, sum == 0.0f ? 0.0f : 1.0f / sum);
    for (int i = 0; i < full; i += kLanes) {
      simd::store(d, hn::Mul(hn::Load(d, accumulator + i), inverse), output + i);
    }
    if (full < columns) {
      simd::store_first(d, hn::Mul(hn::Load(d, accumulator + full), inverse), output + full, columns - full);
    }
    if (p.logsumexp.data != nullptr) {
      // A score of +infinity leaves a sum of NaN, infinity less itself, and dominates all the same.
      const double logsumexp = s.row_max[r] == kInfinity ? kInfinity : s.row_max[r] * kLn2 + std::log(double{sum});
      *at<float>(p.logsumexp, block.batch, row.head, row.position) = static_cast<float>(logsumexp);
    }
  }
}

template <class T>
void prepare_block(const Problem& p, const Block& block, const Scratch& s) {
  for (int r = 0; r < block.rows; ++r) {
    const QueryRow row = query_row(p, block.head_kv, block.first_row + r);
    simd::widen_row(at<const T>(p.query, block.batch, row.position, row.head), s.queries + r * query_pitch(p),
                    static_cast<int>(p.head_dim));
    s.visible[r] = p.rule.visible_keys(row.position, p.seq_q, p.seq_k).end;
  }
  std::fill_n(s.accumulators, block.rows * accumulator_pitch(p), 0.0f);
  std::fill_n(s.row_max, block.rows, -kInfinity);
  std::fill_n(s.row_sum, block.rows, 0.0f);
}

template <class T>
void forward_block(const Problem& p, const Block& block, const Scratch& s) {
  prepare_block<T>(p, block, s);
  const std::int64_t visible = s.visible[block.rows - 1];  // later rows see no fewer keys
  for (std::int64_t chunk = 0; chunk < visible; chunk += kKeyChunk) {
    attend_chunk<T>(p, block, chunk, static_cast<int>(std::min(kKeyChunk, visible - chunk)), s);
  }
  write_output<T>(p, block, s);
}

constexpr Kernels kKernels{forward_block<float>, forward_block<ki::cpu::Float16>, forward_block<ki::cpu::BFloat16>};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::attention::cpu {

const Kernels& kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kKernels); }

}  // namespace ki::attention::cpu
#endif
