// The products of warp_matrix.cuh for float32, in full precision on the CUDA cores. Sums lie in the lanes as those of the
// tensor cores do, so that a kernel is written once for all types.
#pragma once

#include <cstdint>

#include "cuda/device/left_factor.cuh"
#include "cuda/ptx/ld_shared.cuh"

namespace ki::cuda {

// How a lane finds the factors of a product in tiles of T: the addresses that the product functions take.
template <class T>
struct FactorAddress {
  template <class Tile>
  __device__ static std::uint32_t left(const Tile& tile, int row, int lane) {
    return lane_address_a(tile, row, lane);
  }
  // A right factor whose rows are the product's columns.
  template <class Tile>
  __device__ static std::uint32_t transposed(const Tile& tile, int lane) {
    return lane_address_b(tile, 0, lane);
  }
  // A right factor whose rows are the product's inner dimension.
  template <class Tile>
  __device__ static std::uint32_t right(const Tile& tile, int lane) {
    return lane_address_a(tile, 0, lane);
  }
};

template <>
struct FactorAddress<float> {
  template <class Tile>
  __device__ static std::uint32_t left(const Tile& tile, int row, int lane) {
    return tile.address(row + FragmentC::row(lane, 0), 0);
  }
  template <class Tile>
  __device__ static std::uint32_t transposed(const Tile& tile, int lane) {
    return tile.address(FragmentC::col(lane, 0), 0);
  }
  template <class Tile>
  __device__ static std::uint32_t right(const Tile& tile, int lane) {
    const int column = FragmentC::col(lane, 0);
    return tile.address(0, column / 4) + column % 4 * int(sizeof(float));
  }
};

// sums += a b^T, as multiply_transposed() does with 16-bit tiles.
template <class Tile, int kRows, int kColumns>
__device__ void multiply_transposed_float32(Accumulator<kRows, kColumns>& sums, std::uint32_t a, std::uint32_t b) {
  using Layout = typename Tile::Layout;
#pragma unroll 2
  for (int inner = 0; inner < Tile::kChunksPerRow; ++inner) {
    float left[kRows / 8][4];
#pragma unroll
    for (int m = 0; m < kRows / 8; ++m)
      ptx::ld_shared_v4_f32(left[m], Layout::moved(a, inner) + m * 8 * Tile::kRowBytes);
#pragma unroll
    for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        // The lane's second column is an odd row of b, whose chunks have changed places with their neighbours.
        const std::uint32_t row = (Layout::moved(b, inner) ^ (side * kChunkBytes)) + (n * 8 + side) * Tile::kRowBytes;
        float right[4];
        ptx::ld_shared_v4_f32(right, row);
#pragma unroll
        for (int m = 0; m < kRows / 8; ++m) {
          float& sum = sums.at[m / 2][n][m % 2 * 2 + side];
#pragma unroll
          for (int i = 0; i < 4; ++i) sum = fmaf(left[m][i], right[i], sum);
        }
      }
    }
  }
}

// Dispatches to tensor cores or CUDA cores.
template <class Tile, int kRows, int kColumns>
__device__ void multiply_tiles_transposed(Accumulator<kRows, kColumns>& sums, std::uint32_t a, std::uint32_t b) {
  if constexpr (sizeof(typename Tile::Element) == 4) {
    multiply_transposed_float32<Tile>(sums, a, b);
  } else {
    multiply_transposed<Tile>(sums, a, b);
  }
}

// sums += a b. Four lanes share a row of a: each element goes from the lane that has it to the others.
template <class Tile, int kRows, int kInner, int kColumns>
__device__ void multiply(Accumulator<kRows, kColumns>& sums, const LeftFactor<float, kRows, kInner>& a,
                         std::uint32_t b) {
  using Layout = typename Tile::Layout;
#pragma unroll
  for (int block = 0; block < kInner / 8; ++block) {
#pragma unroll 1
    for (int owner = 0; owner < 4; ++owner) {
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        float left[kRows / 8];
#pragma unroll
        for (int m = 0; m < kRows / 8; ++m) {
          left[m] = __shfl_sync(0xFFFFFFFF, a.sums.at[m / 2][block][m % 2 * 2 + side], owner, 4);
        }
        const int row = owner * 2 + side;
        const std::uint32_t right_row =
            (b ^ static_cast<std::uint32_t>(row * kChunkBytes)) + (block * 8 + row) * Tile::kRowBytes;
#pragma unroll
        for (int n = 0; n < kColumns / 8; ++n) {
          float right[2];
          ptx::ld_shared_v2_f32(right, Layout::moved(right_row, 2 * n));
#pragma unroll
          for (int m = 0; m < kRows / 8; ++m) {
#pragma unroll
            for (int i = 0; i < 2; ++i) {
              float& sum = sums.at[m / 2][n][m % 2 * 2 + i];
              sum = fmaf(left[m], right[i], sum);
            }
          }
        }
      }
    }
  }
}

}  // namespace ki::cuda
