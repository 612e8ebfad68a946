// Gradients of the blocks of a butterfly: what came out of a block times the conjugate of what went in, summed over
// columns. One instantiation; modules.cmake lists them all.
//   KI_PARTS  bfloat16 parts of a number: 2 for rows of 16 bits, 3 for float32
#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/butterfly_params.h"
#include "long_convolution/cuda/butterfly_split.cuh"

namespace ki::long_convolution::cuda {

constexpr int kRows = kButterflyRows, kDepth = kButterflyDepth;

// Of each, the real and then the imaginary parts.
template <int kParts>
struct GradientTiles {
  using Tile = SplitTile<kParts, kRows, kDepth>;
  Tile left[2], right[2];
};

// kRows elements from `first` on, with kDepth columns. What does not exist is zero.
template <class Tile>
__device__ void load_tile(Tile& tile, const ButterflyGradientParams& p, const float* points, std::int64_t index_step,
                          int first, std::int64_t column) {
  constexpr int kThreadsPerRow = kDepth / 4;
  const int thread = ptx::tid_x(), quad = thread % kThreadsPerRow * 4;
#pragma unroll
  for (int r = thread / kThreadsPerRow; r < kRows; r += kButterflyThreads / kThreadsPerRow) {
    float x[4] = {};
    if (first + r < p.order && column + quad < p.columns) {
      load_columns<float>(x, points + (first + r) * index_step * p.columns + column + quad);
    }
    tile.set(r, quad, x);
  }
}

template <class Tile>
__device__ void load_factor(Tile (&tiles)[2], const ButterflyGradientParams& p, const ButterflyFieldParams& field,
                            std::int64_t block, int first, std::int64_t column) {
  const float* points = field.data + block * field.block_step * p.columns;
  load_tile(tiles[0], p, points, field.index_step, first, column);
  if (field.part != 0) load_tile(tiles[1], p, points + field.part * p.columns, field.index_step, first, column);
}

// Sums of a warp: 16 by 16 complex numbers.
struct GradientSums {
  float real[2][4] = {}, imaginary[2][4] = {};
};

// (a + bi) conj(c + di) = (ac + bd) + (bc - ad)i
template <int kParts>
__device__ void add_products(GradientSums& sums, const GradientTiles<kParts>& tiles, const ButterflyGradientParams& p,
                             int row, int column, int lane) {
#pragma unroll 1
  for (int k = 0; k < kDepth; k += 16) {
    SplitFragment<kParts> left, right;
    right.load_right_transposed(tiles.right[0], column, k, lane);
    left.load_left(tiles.left[0], row, k, lane);
    multiply_split(sums.real, left, right);
    if (p.left.part != 0) {
      left.load_left(tiles.left[1], row, k, lane);
      multiply_split(sums.imaginary, left, right);
    }
    if (p.right.part == 0) continue;
    right.load_right_transposed(tiles.right[1], column, k, lane);
    if (p.left.part != 0) {
      multiply_split(sums.real, left, right);
      left.load_left(tiles.left[0], row, k, lane);
    }
    left.negate();
    multiply_split(sums.imaginary, left, right);
  }
}

__device__ void store_sums(const GradientSums& sums, const ButterflyGradientParams& p, float* block, int row,
                           int column, int lane) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
#pragma unroll
    for (int i = 0; i < FragmentC::kElements; i += 2) {
      const int m = row + FragmentC::row(lane, i), k = column + 8 * half + FragmentC::col(lane, i);
      float* to = block + 2 * (m * p.order + k);
      float x[4] = {};
      if (p.add) load_columns(x, to, 4, p.aligned);
      const float more[4] = {sums.real[half][i], sums.imaginary[half][i], sums.real[half][i + 1],
                             sums.imaginary[half][i + 1]};
#pragma unroll
      for (int j = 0; j < 4; ++j) x[j] += more[j];
      store_columns(to, x, 4, p.aligned);
    }
  }
}

template <int kParts>
__device__ void butterfly_gradient(const ButterflyGradientParams& p) {
  __shared__ GradientTiles<kParts> tiles;
  const int lane = ptx::tid_x() % kWarpSize, warp = ptx::tid_x() / kWarpSize;
  const int warp_row = warp % 2 * 16, warp_column = warp / 2 * 16;
  const unsigned tiles_per_side = (p.order + kRows - 1) / kRows, index = ptx::ctaid_x();
  const std::int64_t block = index / tiles_per_side / tiles_per_side;
  const int row = index / tiles_per_side % tiles_per_side * kRows, column = index % tiles_per_side * kRows;

  const bool exists = row + warp_row < p.order && column + warp_column < p.order;
  GradientSums sums;
#pragma unroll 1
  for (std::int64_t k = 0; k < p.columns; k += kDepth) {
    if (k > 0) __syncthreads();  // all have read the tiles
    load_factor(tiles.left, p, p.left, block, row, k);
    load_factor(tiles.right, p, p.right, block, column, k);
    __syncthreads();
    if (exists) add_products(sums, tiles, p, warp_row, warp_column, lane);
  }
  if (!exists) return;
  float* to = p.gradient + 2 * block * p.order * p.order;
  store_sums(sums, p, to, row + warp_row, column + warp_column, lane);
}

extern "C" __global__ void __launch_bounds__(kButterflyThreads, kButterflyBlocks)
    butterfly_gradient(const __grid_constant__ ButterflyGradientParams params) {
  butterfly_gradient<KI_PARTS>(params);
}

}  // namespace ki::long_convolution::cuda
