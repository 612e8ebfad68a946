// The way of a warp's sums back to global memory.
#pragma once

#include <type_traits>

#include "cuda/device/tile_copy.cuh"
#include "cuda/device/warp_matrix.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Multiplies sums by a factor and writes `rows` rows of them, by way of the rows of a shared tile from `first_row` on, which
// no other warp uses. Only the first `counted` rows count: zeros are written in place of the others.
template <int kRows, int kColumns, class Tile, class Rows>
__device__ void write_gradient(const Accumulator<kRows, kColumns>& sums, float factor, Tile& staging, int first_row,
                               int counted, int rows, char* to, std::int64_t pitch, const Rows& shape) {
  using T = typename Tile::Element;
  const int lane = ptx::tid_x() % kWarpSize;
#pragma unroll
  for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first_row + m * 16 + FragmentC::row(lane, 2 * half);
      const bool counts = row - first_row < counted;
#pragma unroll
      for (int n = 0; n < kColumns / 8; ++n) {
        const float lower = counts ? sums.at[m][n][2 * half] * factor : 0;
        const float upper = counts ? sums.at[m][n][2 * half + 1] * factor : 0;
        if constexpr (std::is_same_v<T, float>) {
          reinterpret_cast<float2*>(&staging.chunk(row, 2 * n + lane % 4 / 2))[lane % 2] = {lower, upper};
        } else {
          reinterpret_cast<std::uint32_t*>(&staging.chunk(row, n))[lane % 4] = ptx::cvt_rn_x2_f32<T>(upper, lower);
        }
      }
    }
  }
  __syncwarp();
  store_rows(staging, first_row, rows, to, pitch, shape, lane);
}

}  // namespace ki::attention::cuda
