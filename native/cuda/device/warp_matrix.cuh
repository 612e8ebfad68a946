// Products of matrices by one warp on the tensor cores: factors in shared memory or in registers, sums in registers.
#pragma once

#include <cstdint>

#include "cuda/device/fragment.cuh"
#include "cuda/device/shared_tile.cuh"
#include "cuda/ptx/convert.cuh"
#include "cuda/ptx/ldmatrix.cuh"
#include "cuda/ptx/mma.cuh"

namespace ki::cuda {

// Sums of kRows x kColumns elements, as FragmentC. `at` counts blocks of 16 rows and of 8 columns.
template <int kRows, int kColumns>
struct Accumulator {
  static constexpr int kRowBlocks = kRows / 16;
  static constexpr int kColumnBlocks = kColumns / 8;
  float at[kRowBlocks][kColumnBlocks][FragmentC::kElements];

  __device__ void clear() {
#pragma unroll
    for (auto& row : at) {
#pragma unroll
      for (auto& block : row) {
#pragma unroll
        for (float& x : block) x = 0;
      }
    }
  }
};

// The lane's address of the 16x16 block at (row, 0) of a tile that is a left factor, or a right factor whose rows are the
// product's inner dimension (loaded transposed).
template <class Tile>
__device__ std::uint32_t lane_address_a(const Tile& tile, int row, int lane) {
  return tile.address(row + MatrixRowsA::row(lane), MatrixRowsA::half(lane));
}

// The same for a right factor whose rows are the product's columns.
template <class Tile>
__device__ std::uint32_t lane_address_b(const Tile& tile, int row, int lane) {
  return tile.address(row + MatrixRowsB::row(lane), MatrixRowsB::half(lane));
}

// sums += a b^T over kInner columns of both. a: kRows rows of a tile; b: kColumns rows of another; both by the lane's
// address of their first block.
template <class Tile, int kRows, int kColumns>
__device__ void multiply_transposed(Accumulator<kRows, kColumns>& sums, std::uint32_t a, std::uint32_t b) {
  using Layout = typename Tile::Layout;
#pragma unroll
  for (int inner = 0; inner < Tile::kChunksPerRow; inner += 2) {
    std::uint32_t left[kRows / 16][4];
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
      ptx::ldmatrix_x4(left[m], Layout::moved(a, inner) + m * 16 * Tile::kRowBytes);
    }
#pragma unroll
    for (int n = 0; n < kColumns / 16; ++n) {
      std::uint32_t right[4];
      ptx::ldmatrix_x4(right, Layout::moved(b, inner) + n * 16 * Tile::kRowBytes);
#pragma unroll
      for (int m = 0; m < kRows / 16; ++m) {
        ptx::mma_m16n8k16<typename Tile::Element>(sums.at[m][2 * n], left[m], right[0], right[1]);
        ptx::mma_m16n8k16<typename Tile::Element>(sums.at[m][2 * n + 1], left[m], right[2], right[3]);
      }
    }
  }
}

// sums += a b. a: an accumulator, rounded to the tile's type as it is used; b: a tile, by the lane's address of its first
// block, with a row for each column of a.
template <class Tile, int kRows, int kInner, int kColumns>
__device__ void multiply(Accumulator<kRows, kColumns>& sums, const Accumulator<kRows, kInner>& a, std::uint32_t b) {
  using Layout = typename Tile::Layout;
  using T = typename Tile::Element;
#pragma unroll
  for (int inner = 0; inner < kInner / 16; ++inner) {
    std::uint32_t left[kRows / 16][4];
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
      for (int r = 0; r < 4; ++r) {
        const float* pair = &a.at[m][2 * inner + r / 2][r % 2 * 2];
        left[m][r] = ptx::cvt_rn_x2_f32<T>(pair[1], pair[0]);
      }
    }
#pragma unroll
    for (int n = 0; n < kColumns / 16; ++n) {
      std::uint32_t right[4];
      ptx::ldmatrix_x4_trans(right, Layout::moved(b, 2 * n) + inner * 16 * Tile::kRowBytes);
#pragma unroll
      for (int m = 0; m < kRows / 16; ++m) {
        ptx::mma_m16n8k16<T>(sums.at[m][2 * n], left[m], right[0], right[1]);
        ptx::mma_m16n8k16<T>(sums.at[m][2 * n + 1], left[m], right[2], right[3]);
      }
    }
  }
}

}  // namespace ki::cuda
