// The stages of a butterfly: every block times the columns of its points. One instantiation; modules.cmake lists them
// all.
//   KI_PARTS  bfloat16 parts of a number: 2 for rows of 16 bits, 3 for float32
#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "cuda/ptx/st_global.cuh"
#include "long_convolution/cuda/butterfly_params.h"
#include "long_convolution/cuda/butterfly_split.cuh"

namespace ki::long_convolution::cuda {

constexpr int kRows = kButterflyRows, kColumns = kButterflyColumns, kDepth = kButterflyDepth;

// Of each, the real and then the imaginary parts. The coefficients lie as they do in memory: rows are rows of the
// block, or, if its adjoint multiplies, columns of the adjoint.
template <int kParts>
struct ProductTiles {
  SplitTile<kParts, kRows, kDepth> coefficients[2];
  SplitTile<kParts, kDepth, kColumns> in[2];
};

// The part of the block that begins at (row, column). What does not exist is zero.
template <class Tiles>
__device__ void load_coefficients(Tiles& tiles, const ButterflyProductParams& p, const float* block, int row,
                                  int column) {
  static_assert(kRows == kDepth);
  constexpr int kThreadsPerRow = kDepth / 2;
  const int thread = ptx::tid_x(), pair = thread % kThreadsPerRow * 2;
#pragma unroll
  for (int r = thread / kThreadsPerRow; r < kRows; r += kButterflyThreads / kThreadsPerRow) {
    const bool exists = row + r < p.order && column + pair < p.order;
    float x[4];
    load_columns(x, block + 2 * ((row + r) * p.order + column + pair), exists ? 4 : 0, p.aligned);
    tiles.coefficients[0].set(r, pair, {x[0], x[2]});
    tiles.coefficients[1].set(r, pair, {x[1], x[3]});
  }
}

// kDepth points from `first` on, with the tile's columns.
template <class Tiles>
__device__ void load_in(Tiles& tiles, const ButterflyProductParams& p, const float* points, int first,
                        std::int64_t column, int part) {
  constexpr int kThreadsPerRow = kColumns / 4;
  const int thread = ptx::tid_x(), quad = thread % kThreadsPerRow * 4;
#pragma unroll
  for (int k = thread / kThreadsPerRow; k < kDepth; k += kButterflyThreads / kThreadsPerRow) {
    float x[4] = {};
    if (first + k < p.order && column + quad < p.columns) {
      load_columns<float>(x, points + (first + k) * p.in.index_step * p.columns + column + quad);
    }
    tiles.in[part].set(k, quad, x);
  }
}

// Sums of a warp: 16 complex rows by kColumns / 2 columns.
constexpr int kPairs = kColumns / 2 / 16;  // of blocks of 8 columns
struct ProductSums {
  float real[kPairs][2][4] = {}, imaginary[kPairs][2][4] = {};
};

template <int kParts>
__device__ void add_products(ProductSums& sums, const ProductTiles<kParts>& tiles, const ButterflyProductParams& p,
                             int row, int column, int depth, int lane) {
  const bool complex_in = p.in.part != 0, complex_out = p.out.part != 0;
#pragma unroll 1
  for (int k = 0; k < depth; k += 16) {
    SplitFragment<kParts> re, im;
    if (p.adjoint) {
      re.load_left_transposed(tiles.coefficients[0], k, row, lane);
      im.load_left_transposed(tiles.coefficients[1], k, row, lane);
      im.negate();
    } else {
      re.load_left(tiles.coefficients[0], row, k, lane);
      im.load_left(tiles.coefficients[1], row, k, lane);
    }
#pragma unroll
    for (int n = 0; n < kPairs; ++n) {
      SplitFragment<kParts> x;
      x.load_right(tiles.in[0], k, column + 16 * n, lane);
      multiply_split(sums.real[n], re, x);
      if (complex_out) multiply_split(sums.imaginary[n], im, x);
    }
    if (!complex_in) continue;
    SplitFragment<kParts> minus_im = im;
    minus_im.negate();
#pragma unroll
    for (int n = 0; n < kPairs; ++n) {
      SplitFragment<kParts> y;
      y.load_right(tiles.in[1], k, column + 16 * n, lane);
      multiply_split(sums.real[n], minus_im, y);
      if (complex_out) multiply_split(sums.imaginary[n], re, y);
    }
  }
}

__device__ void store_sums(const float (&sums)[kPairs][2][4], const ButterflyProductParams& p, float* points, int row,
                           std::int64_t column, int lane) {
#pragma unroll
  for (int n = 0; n < kPairs; ++n) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int i = 0; i < FragmentC::kElements; i += 2) {
        const std::int64_t c = column + 16 * n + 8 * half + FragmentC::col(lane, i);
        float* to = points + (row + FragmentC::row(lane, i)) * p.out.index_step * p.columns + c;
        if (c < p.columns) ptx::st_global_v2_f32(to, sums[n][half][i], sums[n][half][i + 1]);
      }
    }
  }
}

template <int kParts>
__device__ void butterfly_product(const ButterflyProductParams& p) {
  __shared__ ProductTiles<kParts> tiles;
  const int lane = ptx::tid_x() % kWarpSize, warp = ptx::tid_x() / kWarpSize;
  const int warp_row = warp % 2 * 16, warp_column = warp / 2 * (kColumns / 2);
  // Thread blocks that share a block of coefficients are neighbours.
  const unsigned column_tiles = (p.columns + kColumns - 1) / kColumns, row_tiles = (p.order + kRows - 1) / kRows;
  const unsigned index = ptx::ctaid_x();
  const std::int64_t block = index / column_tiles / row_tiles, column = std::int64_t{index % column_tiles} * kColumns;
  const int row = index / column_tiles % row_tiles * kRows;
  const float* coefficients = p.coefficients + 2 * block * p.order * p.order;
  const float* in = p.in.data + block * p.in.block_step * p.columns;
  float* out = p.out.data + block * p.out.block_step * p.columns;

  const bool exists = row + warp_row < p.order && column + warp_column < p.columns;  // something of the warp's share
  ProductSums sums;
#pragma unroll 1
  for (int k = 0; k < p.order; k += kDepth) {
    if (k > 0) __syncthreads();  // all have read the tiles
    load_coefficients(tiles, p, coefficients, p.adjoint ? k : row, p.adjoint ? row : k);
    load_in(tiles, p, in, k, column, 0);
    if (p.in.part != 0) load_in(tiles, p, in + p.in.part * p.columns, k, column, 1);
    __syncthreads();
    if (exists) add_products(sums, tiles, p, warp_row, warp_column, min(p.order - k, kDepth), lane);
  }
  if (!exists) return;
  store_sums(sums.real, p, out, row + warp_row, column + warp_column, lane);
  if (p.out.part != 0) {
    store_sums(sums.imaginary, p, out + p.out.part * p.columns, row + warp_row, column + warp_column, lane);
  }
}

extern "C" __global__ void __launch_bounds__(kButterflyThreads, kButterflyBlocks)
    butterfly_product(const __grid_constant__ ButterflyProductParams params) {
  butterfly_product<KI_PARTS>(params);
}

}  // namespace ki::long_convolution::cuda
