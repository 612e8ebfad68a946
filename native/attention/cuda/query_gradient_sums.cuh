// The gradient of the queries, summed by atomics while the gradients of keys and values are: dQ += dS K, of which a
// block of keys has one term for each query. In return the scores are computed once only. The sums' last bits depend on
// the order in which blocks come.
#pragma once

#include <cstdint>

#include "attention/cuda/backward_place.cuh"
#include "attention/cuda/hidden_rows.cuh"
#include "cuda/device/left_factor.cuh"
#include "cuda/device/shared_tile.cuh"
#include "cuda/ptx/red.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Writes a warp's gradients of scores, from key `first_row` of the tile on, to where all warps read them.
template <class Tile, class T, int kRows, int kQueries>
__device__ void share_score_gradients(Tile& tile, int first_row, const LeftFactor<T, kRows, kQueries>& gradients) {
  const int lane = ptx::tid_x() % kWarpSize;
#pragma unroll
  for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
    for (int n = 0; n < kQueries / 8; ++n) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = first_row + m * 16 + FragmentC::row(lane, 2 * half);
        reinterpret_cast<std::uint32_t*>(&tile.chunk(row, n))[lane % 4] = gradients.at[m][n / 2][n % 2 * 2 + half];
      }
    }
  }
}

// Where the sums of one query of one head are: float32, as many as the tile has columns.
template <class Config>
__device__ float* query_sums_at(const BackwardParams& p, int batch, int row, int head) {
  return p.query_sums + (row_sums_at(p, batch, row, head) - p.row_sums) * Config::kTile.head_dim;
}

// The products of a warp: of the tile's queries and columns it has 32 each.
template <class Config, bool kSumsQueries = Config::kSumsQueries>
class QueryProducts {
 public:
  template <class Shared>
  __device__ QueryProducts(const Shared& shared, int thread) {
    const int lane = thread % kWarpSize, warp = thread / kWarpSize;
    first_row_ = warp / kColumnParts * kRows + FragmentC::row(lane, 0);
    const int column = warp % kColumnParts * kColumns;
    first_column_ = column + FragmentC::col(lane, 0);
    // The left factor lies transposed: its rows, the queries, are columns of the tile.
    left_at_ = shared.score_gradients.address(
        MatrixRowsB::row(lane), warp / kColumnParts * (kRows / ScoreTile::kChunkElements) + MatrixRowsB::half(lane));
    right_at_ =
        shared.rows[0].address(MatrixRowsA::row(lane), column / KeyTile::kChunkElements + MatrixRowsA::half(lane));
  }

  // Adds them to the sums of the queries, of which `rows` exist.
  __device__ void add(float* sums, int rows) const {
    Accumulator<kRows, kColumns> products;
    products.clear();
#pragma unroll
    for (int inner = 0; inner < KeyTile::kRows / 16; ++inner) {
      std::uint32_t left[kRows / 16][4];
#pragma unroll
      for (int m = 0; m < kRows / 16; ++m) {
        ptx::ldmatrix_x4_trans(left[m], ScoreTile::Layout::moved(left_at_, 2 * m) + inner * 16 * ScoreTile::kRowBytes);
      }
#pragma unroll
      for (int n = 0; n < kColumns / 16; ++n) {
        std::uint32_t right[4];
        ptx::ldmatrix_x4_trans(right, KeyTile::Layout::moved(right_at_, 2 * n) + inner * 16 * KeyTile::kRowBytes);
#pragma unroll
        for (int m = 0; m < kRows / 16; ++m) {
          ptx::mma_m16n8k16<T>(products.at[m][2 * n], left[m], right[0], right[1]);
          ptx::mma_m16n8k16<T>(products.at[m][2 * n + 1], left[m], right[2], right[3]);
        }
      }
    }
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        // A row that does not exist has products of 0, which do no harm to the last one.
        float* row = sums + min(first_row_ + m * 16 + half * 8, rows - 1) * kTile.head_dim + first_column_;
#pragma unroll
        for (int n = 0; n < kColumns / 8; ++n) {
          ptx::red_add_f32(row + n * 8, products.at[m][n][2 * half]);
          ptx::red_add_f32(row + n * 8 + 1, products.at[m][n][2 * half + 1]);
        }
      }
    }
  }

 private:
  using T = typename Config::Element;
  static constexpr KeyGradientTile kTile = Config::kTile;
  using ScoreTile = SharedTile<T, kTile.keys(), kTile.queries>;
  using KeyTile = SharedTile<T, kTile.keys(), kTile.head_dim>;
  static constexpr int kRows = 32, kColumns = kTile.head_dim * (kTile.queries / kRows) * kWarpSize / kTile.threads();
  static constexpr int kColumnParts = kTile.head_dim / kColumns;
  static_assert(kTile.queries / kRows * kColumnParts == kTile.threads() / kWarpSize);

  int first_row_, first_column_;  // the lane's
  std::uint32_t left_at_, right_at_;
};

template <class Config>
class QueryProducts<Config, false> {
 public:
  template <class Shared>
  __device__ QueryProducts(const Shared&, int) {}
};

// The same where some scores are hidden and some key is not finite: what is hidden has a gradient of 0, and is left
// out.
template <class Config, class ScoreTile, class KeyTile>
__device__ void add_visible_query_gradients(ScoreTile& scores, KeyTile& keys, float* to, int rows) {
  using T = typename Config::Element;
  constexpr int kPitch = Config::kTile.head_dim, kPerChunk = ScoreTile::kChunkElements;
#pragma unroll 1
  for (int i = ptx::tid_x(); i < min(rows, Config::kTile.queries) * kPitch; i += Config::kTile.threads()) {
    const int query = i / kPitch, column = i % kPitch;
    float sum = 0;
#pragma unroll 1
    for (int key = 0; key < KeyTile::kRows; ++key) {
      const T gradient = reinterpret_cast<const T*>(&scores.chunk(key, query / kPerChunk))[query % kPerChunk];
      const T element = reinterpret_cast<const T*>(&keys.chunk(key, column / kPerChunk))[column % kPerChunk];
      if ((gradient.bits & 0x7FFF) != 0) sum = fmaf(to_float(gradient), to_float(element), sum);
    }
    ptx::red_add_f32(to + query * kPitch + column, sum);
  }
}

}  // namespace ki::attention::cuda
