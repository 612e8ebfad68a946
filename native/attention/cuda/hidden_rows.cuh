// Keeps queries, gradients and keys that are not finite from sums that do not see them. What hidden_values.cuh does for
// values in the forward pass: in tiles of which some scores are hidden, infinities and NaN are taken out of the tile
// before it is multiplied with weights, some of which are 0.
//
// Queries and keys need nothing more: one that is not finite has made the scores of all that see it, and so their
// weights, NaN. Gradients of the output have not, and are added to the gradients of the values at the end.
#pragma once

#include <cmath>
#include <cstdint>

#include "attention/cuda/backward_place.cuh"
#include "cuda/device/finite.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/device/tile_copy.cuh"
#include "cuda/device/warp_matrix.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Two 16-bit elements or one float32.
template <class T>
__device__ std::uint32_t not_finite_in(std::uint32_t word) {
  if constexpr (sizeof(T) == 4) {
    return (word & 0x7F800000) == 0x7F800000 ? 1 : 0;
  } else {
    return not_finite<T>(word);
  }
}

template <class T>
__device__ std::uint32_t finite_part_of(std::uint32_t word) {
  if constexpr (sizeof(T) == 4) {
    return not_finite_in<T>(word) != 0 ? 0 : word;
  } else {
    return finite_part<T>(word);
  }
}

// Calls f with each chunk that the thread has copied.
template <int kThreads, class Tile, class F>
__device__ void for_each_own_chunk(Tile& tile, int thread, F f) {
  using Share = TileShare<Tile, kThreads>;
#pragma unroll 1
  for (int row = Share::row(thread); row < Tile::kRows; row += Share::kRowStep) {
#pragma unroll 1
    for (int c = Share::chunk(thread); c < Tile::kChunksPerRow; c += Share::kThreadsPerRow) f(tile.chunk(row, c));
  }
}

template <class T>
__device__ std::uint32_t not_finite_in(const uint4& x) {
  return not_finite_in<T>(x.x) | not_finite_in<T>(x.y) | not_finite_in<T>(x.z) | not_finite_in<T>(x.w);
}

// Takes out what is not finite. Returns whether the thread found any.
template <int kThreads, class Tile>
__device__ bool remove_not_finite(Tile& tile, int thread) {
  using T = typename Tile::Element;
  std::uint32_t found = 0;
  for_each_own_chunk<kThreads>(tile, thread, [&](uint4& chunk) {
    const uint4 x = chunk;
    const std::uint32_t here = not_finite_in<T>(x);
    if (here != 0) {
      chunk = {finite_part_of<T>(x.x), finite_part_of<T>(x.y), finite_part_of<T>(x.z), finite_part_of<T>(x.w)};
    }
    found |= here;
  });
  return found != 0;
}

// Whether all that the thread has copied is finite.
template <int kThreads, class Tile>
__device__ bool is_finite(Tile& tile, int thread) {
  std::uint32_t found = 0;
  for_each_own_chunk<kThreads>(tile, thread,
                               [&](const uint4& chunk) { found |= not_finite_in<typename Tile::Element>(chunk); });
  return found == 0;
}

// Adds the gradients of the output that are not finite to the gradients of the values that they belong to, if the warp
// sums those, from `first_row` of the tile on. Where no score was hidden they are in the sums already: infinity and NaN
// stay what they are. All threads of the block must come here; `head_place` is shared memory that nobody else uses.
template <class Config, int kRows, int kColumns>
__device__ void add_gradients_not_finite(const BackwardParams& p, const KeyGradientPlace& place, Place& head_place,
                                         Accumulator<kRows, kColumns>& sums, int first_row, bool is_of_values) {
  using T = typename Config::Element;
  const int end = min(place.end_tile * Config::kTile.queries, place.seq_q);
#pragma unroll 1
  for (int head = place.head * p.group; head < (place.head + 1) * p.group; ++head) {
    if constexpr (!Config::Variant::kIsPlain) {  // The plain one looks nothing up.
      __syncthreads();
      if (ptx::tid_x() == 0) head_place = place.of_head(head);
      __syncthreads();
    }
    if (!is_of_values) continue;
    const auto variant = make_variant<typename Config::Variant>(p, head_place);
#pragma unroll 1
    for (int query = place.first_tile * Config::kTile.queries; query < end; ++query) {
      const int lane = ptx::tid_x() % kWarpSize;
      const T* gradient =
          reinterpret_cast<const T*>(row_at(static_cast<const char*>(p.grad_output), p.grad_output_strides, place.batch,
                                            place.first_query_row + query, head));
      unsigned seen = 0, dropped = 0;
#pragma unroll 1
      for (int row = 0; row < kRows / 8; ++row) {
        const int key = place.first_key + first_row + row * 8 + lane / 4;
        if (key < place.seq_k && sees(place.visible, variant, query, key)) seen |= 1U << row;
        if (variant.drops() && !variant.keeps(query, key)) dropped |= 1U << row;
      }
#pragma unroll
      for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
        for (int side = 0; side < 2; ++side) {
          const int column = n * 8 + FragmentC::col(lane, side);
          if (column * int(sizeof(T)) >= p.row_bytes_v) continue;
          const float value = to_float(gradient[column]);
          if (isfinite(value)) continue;
#pragma unroll
          for (int row = 0; row < kRows / 8; ++row) {
            if ((seen >> row & 1) == 0) continue;
            sums.at[row / 2][n][row % 2 * 2 + side] += (dropped >> row & 1) != 0 ? NAN : value;
          }
        }
      }
    }
  }
}

}  // namespace ki::attention::cuda
