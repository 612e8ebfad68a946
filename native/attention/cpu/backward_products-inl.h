// The products of the backward pass over one block of query rows and one chunk of keys, cut into the micro-kernel's tiles.
//
// A panel is the outer loop and the tiles of the left side the inner one, so that a panel stays in the first-level cache.
// What no row of a tile sees is not computed; what only some rows see is computed with zeros in their place.

#if defined(KI_ATTENTION_CPU_BACKWARD_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_BACKWARD_PRODUCTS_INL_H_
#undef KI_ATTENTION_CPU_BACKWARD_PRODUCTS_INL_H_
#else
#define KI_ATTENTION_CPU_BACKWARD_PRODUCTS_INL_H_
#endif

#include <algorithm>

#include "attention/cpu/backward.h"
#include "cpu/simd/micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::gradients::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::kLanes;
using simd::kTileRows;

using AsStored = simd::Steps<kPitch, 1>;
using Transposed = simd::Steps<1, kPitch>;

constexpr float kUnchanged[kTileRows] = {1, 1, 1, 1, 1, 1};

// Up to kTileRows rows of the left side, and the hull of what any of them is multiplied with.
struct Tile {
  int first, rows;
  int begin, end;  // of the other side; both 0 if there is nothing

  bool meets(int other_begin, int other_end) const { return begin < other_end && other_begin < end; }
};

template <int kMax>
struct Tiles {
  static constexpr int kMost = (kMax + kTileRows - 1) / kTileRows;
  Tile tile[kMost];
  int count;

  // Tiles of nearly equal height: 13 rows are better cut into 4, 4 and 5 than into 6, 6 and 1.
  explicit Tiles(int rows) : count((rows + kTileRows - 1) / kTileRows) {
    for (int t = 0; t < count; ++t) {
      const int first = rows * t / count, end = rows * (t + 1) / count;
      tile[t] = {first, end - first, 0, 0};
    }
  }
  const Tile* begin() const { return tile; }
  const Tile* end() const { return tile + count; }
  Tile* begin() { return tile; }
  Tile* end() { return tile + count; }
};

using RowTiles = Tiles<kBlockRows>;
using KeyTiles = Tiles<kChunkKeys>;

// For each few keys, the rows whose tiles see any of them.
inline KeyTiles make_key_tiles(int keys, const RowTiles& rows) {
  KeyTiles tiles(keys);
  for (Tile& tile : tiles) {
    for (const Tile& row_tile : rows) {
      if (!row_tile.meets(tile.first, tile.first + tile.rows)) continue;
      if (tile.end == 0) tile.begin = row_tile.first;
      tile.end = row_tile.first + row_tile.rows;
    }
  }
  return tiles;
}

// The packed right side of a product.
struct Right {
  const float* packed;
  int depth, columns;
};

// Whether it holds numbers only: any other times 0 is NaN.
inline bool all_finite(const Right& b) {
  const simd::FloatTag d;
  const auto zero = hn::Zero(d);
  const std::int64_t count = std::int64_t{b.depth} * round_up(b.columns, kLanes);
  auto even = zero, odd = zero;
  std::int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    even = hn::MulAdd(hn::Load(d, b.packed + i), zero, even);
    odd = hn::MulAdd(hn::Load(d, b.packed + i + kLanes), zero, odd);
  }
  if (i < count) even = hn::MulAdd(hn::Load(d, b.packed + i), zero, even);
  return hn::ReduceSum(d, hn::Add(even, odd)) == 0.0f;
}

// c[row, key] = factor * row of a . column of b, for the keys of each tile
inline void multiply(const RowTiles& rows, const float* a, const Right& b, float factor, float* c) {
  for (int key = 0, vectors; key < b.columns; key += vectors * kLanes) {
    vectors = simd::panel_vectors(b.columns, key);
    const float* panel = b.packed + std::int64_t{key} * b.depth;
    for (const Tile& tile : rows) {
      if (!tile.meets(key, key + vectors * kLanes)) continue;
      const std::int64_t first = std::int64_t{tile.first} * kPitch;
      simd::product_function<AsStored>(tile.rows, vectors)(a + first, panel, b.depth, factor, c + first + key, kPitch);
    }
  }
}

// c[r] += sum over the tile's range of a[r, k] * b[k], where A says how a is stored
template <class A, int kMax>
void accumulate(const Tiles<kMax>& tiles, const float* a, const Right& b, float* c, std::int64_t pitch) {
  for (int column = 0, vectors; column < b.columns; column += vectors * kLanes) {
    vectors = simd::panel_vectors(b.columns, column);
    const float* panel = b.packed + std::int64_t{column} * b.depth;
    for (const Tile& tile : tiles) {
      if (tile.begin == tile.end) continue;
      simd::accumulate_function<A>(tile.rows, vectors)(a + tile.first * A::kRowStep + tile.begin * A::kDepthStep,
                                                       panel + tile.begin * vectors * kLanes, tile.end - tile.begin,
                                                       kUnchanged, c + tile.first * pitch + column, pitch);
    }
  }
}

// The same, pair by pair and only those with seen(r, k): for a right side with NaN or infinities, which must not meet the
// zeros that stand for what is hidden.
template <class A, int kMax, class Seen>
void accumulate_seen(const Tiles<kMax>& tiles, const float* a, const Right& b, float* c, std::int64_t pitch,
                     const Seen& seen) {
  for (const Tile& tile : tiles) {
    for (int r = tile.first; r < tile.first + tile.rows; ++r) {
      for (int k = tile.begin; k < tile.end; ++k) {
        if (!seen(r, k)) continue;
        for (int column = 0, vectors; column < b.columns; column += vectors * kLanes) {
          vectors = simd::panel_vectors(b.columns, column);
          const float* row = b.packed + std::int64_t{column} * b.depth + k * vectors * kLanes;
          simd::accumulate_function<A>(1, vectors)(a + r * A::kRowStep + k * A::kDepthStep, row, 1, kUnchanged,
                                                   c + r * pitch + column, pitch);
        }
      }
    }
  }
}

}  // namespace ki::attention::cpu::gradients::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_BACKWARD_PRODUCTS_INL_H_
