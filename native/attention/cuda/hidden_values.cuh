// Keeps values that are not finite from rows that do not see them.
//
// A tile of values is multiplied as a whole, with weight 0 where a row does not see a key; but 0 times infinity or NaN is
// NaN. So in tiles of which rows see different parts, values that are not finite are taken out, and if there were any, the
// end of the kernel adds them to the rows that do see them: weights are positive, so the product would have made the same
// of them.
#pragma once

#include <cstdint>

#include "cuda/device/finite.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/tile_copy.cuh"
#include "cuda/device/warp_matrix.cuh"
#include "cuda/ptx/convert.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Takes the values that are not finite out of a tile that has arrived. Each thread looks at the chunks that it has copied
// itself, so this needs no barrier before it. Returns whether the thread found any.
template <int kThreads, class Tile>
__device__ bool remove_values_not_finite(Tile& values, int thread) {
  using T = typename Tile::Element;
  using Share = TileShare<Tile, kThreads>;
  std::uint32_t found = 0;
#pragma unroll 1
  for (int row = Share::row(thread); row < Tile::kRows; row += Share::kRowStep) {
#pragma unroll
    for (int c = 0; c < Share::kChunkSteps; ++c) {
      uint4& chunk = values.chunk(row, Share::chunk(thread) + c * Share::kThreadsPerRow);
      const uint4 x = chunk;
      const std::uint32_t here = not_finite<T>(x.x) | not_finite<T>(x.y) | not_finite<T>(x.z) | not_finite<T>(x.w);
      if (here != 0) chunk = {finite_part<T>(x.x), finite_part<T>(x.y), finite_part<T>(x.z), finite_part<T>(x.w)};
      found |= here;
    }
  }
  return found != 0;
}

// Adds what was removed from one key's row of values, read again from global memory. Bit 2 m + half of `seen` says whether
// the lane's row m * 16 + half * 8 sees the key, and of `dropped` whether its weight became 0, which makes NaN of such values.
template <class T, int kRows, int kColumns>
__device__ void add_values_not_finite(Accumulator<kRows, kColumns>& output, const char* values, int row_bytes,
                                      unsigned seen, unsigned dropped) {
  const int lane = ptx::tid_x() % kWarpSize;  // anew for each key, or the compiler would keep 64 columns' conditions
#pragma unroll
  for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
    for (int side = 0; side < 2; ++side) {
      const int column = n * 8 + FragmentC::col(lane, side);
      if (column * int(sizeof(T)) >= row_bytes) continue;
      const T value = reinterpret_cast<const T*>(values)[column];
      if (not_finite<T>(value.bits) == 0) continue;
#pragma unroll
      for (int row = 0; row < kRows / 8; ++row) {
        if ((seen >> row & 1) == 0) continue;
        output.at[row / 2][n][row % 2 * 2 + side] += (dropped >> row & 1) != 0 ? NAN : ptx::cvt_f32(value);
      }
    }
  }
}

}  // namespace ki::attention::cuda
