// A left factor that a warp has computed itself: an accumulator, rounded to the type that is multiplied.
#pragma once

#include <cstdint>

#include "cuda/device/warp_matrix.cuh"

namespace ki::cuda {

template <class T, int kRows, int kColumns>
struct LeftFactor {
  std::uint32_t at[kRows / 16][kColumns / 16][4];  // FragmentA

  // Elements 2 half and 2 half + 1 of an accumulator's block (m, n).
  __device__ void set(int m, int n, int half, float lower, float upper) {
    at[m][n / 2][n % 2 * 2 + half] = ptx::cvt_rn_x2_f32<T>(upper, lower);
  }

  __device__ void set_all(const Accumulator<kRows, kColumns>& sums) {
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
      for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
        for (int half = 0; half < 2; ++half) set(m, n, half, sums.at[m][n][2 * half], sums.at[m][n][2 * half + 1]);
      }
    }
  }
};

// Float32 stays as it is.
template <int kRows, int kColumns>
struct LeftFactor<float, kRows, kColumns> {
  Accumulator<kRows, kColumns> sums;

  __device__ void set(int m, int n, int half, float lower, float upper) {
    sums.at[m][n][2 * half] = lower;
    sums.at[m][n][2 * half + 1] = upper;
  }

  __device__ void set_all(const Accumulator<kRows, kColumns>& other) { sums = other; }
};

// sums += a b. b: a tile with a row for each column of a, by the lane's address of its first block.
template <class Tile, class T, int kRows, int kInner, int kColumns>
__device__ void multiply(Accumulator<kRows, kColumns>& sums, const LeftFactor<T, kRows, kInner>& a, std::uint32_t b) {
  using Layout = typename Tile::Layout;
#pragma unroll
  for (int inner = 0; inner < kInner / 16; ++inner) {
#pragma unroll
    for (int n = 0; n < kColumns / 16; ++n) {
      std::uint32_t right[4];
      ptx::ldmatrix_x4_trans(right, Layout::moved(b, 2 * n) + inner * 16 * Tile::kRowBytes);
#pragma unroll
      for (int m = 0; m < kRows / 16; ++m) {
        ptx::mma_m16n8k16<T>(sums.at[m][2 * n], a.at[m][inner], right[0], right[1]);
        ptx::mma_m16n8k16<T>(sums.at[m][2 * n + 1], a.at[m][inner], right[2], right[3]);
      }
    }
  }
}

}  // namespace ki::cuda
