// The scores of a decode tile as variants see them, and what a lane remembers of keys that are hidden.
#pragma once

#include "attention/cuda/decode_walk.cuh"
#include "cuda/device/finite.cuh"
#include "cuda/device/warp_matrix.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

using DecodeScores = Accumulator<kDecodeRows, kDecodeKeys>;

// The lane's scores, or weights, of one of its rows: a view as variant.cuh describes.
template <int kHalf>
struct DecodeRowScores {
  static constexpr bool kPairs = true, kGroups = true;

  DecodeScores& scores;
  int query, first_key, lane;

  __device__ int end_key() const { return first_key + kDecodeKeys; }

  template <class F>
  __device__ void for_each_pair(F f) {
#pragma unroll
    for (int n = 0; n < kDecodeKeys / 8; ++n) {
      float(&block)[FragmentC::kElements] = scores.at[0][n];
      f(block[2 * kHalf], block[2 * kHalf + 1], query, first_key + n * 8 + FragmentC::col(lane, 0));
    }
  }

  template <class F>
  __device__ void for_each(F f) {
    for_each_pair([&](float& first, float& second, int query, int key) {
      f(first, query, key);
      f(second, query, key + 1);
    });
  }

  template <class F>
  __device__ void for_each_group(F f) {
    f([&](int w, int side) -> float& { return scores.at[0][w][2 * kHalf + side]; }, query,
      first_key + FragmentC::col(lane, 0));
  }
};

// Calls f(view, row) for both rows of a lane. They are made anew each time: few tiles need them, and registers are scarce.
template <class F>
__device__ void for_each_row(DecodeScores& scores, const DecodeTile& tile, int first_key, F f) {
  const int lane = ptx::tid_x() % kWarpSize;
  const DecodeRow upper(tile, FragmentC::row(lane, 0)), lower(tile, FragmentC::row(lane, 2));
  f(DecodeRowScores<0>{scores, upper.query, first_key, lane}, upper);
  f(DecodeRowScores<1>{scores, lower.query, first_key, lane}, lower);
}

// One bit for each of a lane's scores: bit 8 half + 2 n + side is element 2 half + side of block n.
struct ScoreBits {
  std::uint32_t bits = 0;

  template <class Test>
  __device__ ScoreBits(const DecodeScores& scores, Test test) {
#pragma unroll
    for (int n = 0; n < kDecodeKeys / 8; ++n) {
#pragma unroll
      for (int i = 0; i < FragmentC::kElements; ++i) {
        if (test(scores.at[0][n][i])) bits |= 1U << (i / 2 * 8 + n * 2 + i % 2);
      }
    }
  }

  // Those of the lane's rows for any key of the tile, from the lane that holds it: row `half` in bit 8 half.
  __device__ std::uint32_t of_key(int key, int lane) const {
    const std::uint32_t theirs = __shfl_sync(kFullWarp, bits, lane / 4 * 4 + key % 8 / 2);
    return theirs >> (key / 8 * 2 + key % 2);
  }
};

// A tile is multiplied as a whole, with weight 0 where a row does not see a key; but 0 times infinity or NaN is NaN. So where
// keys are hidden from some rows, this adds values that are not finite to the rows that see them, and takes them out of the
// tile. `hidden` says which scores are -infinity, `scores` are weights by now.
template <class Tile, int kColumns>
__device__ void add_values_not_finite(Accumulator<kDecodeRows, kColumns>& output, const DecodeScores& scores,
                                      const ScoreBits& hidden, Tile& values, int lane) {
  using T = typename Tile::Element;
  const auto not_finite_in = [](const uint4& x) {
    return not_finite<T>(x.x) | not_finite<T>(x.y) | not_finite<T>(x.z) | not_finite<T>(x.w);
  };
  std::uint32_t found = 0;
#pragma unroll 4
  for (int i = lane; i < kDecodeKeys * Tile::kChunksPerRow; i += kWarpSize) {
    found |= not_finite_in(values.chunk(i / Tile::kChunksPerRow, i % Tile::kChunksPerRow));
  }
  if (!__any_sync(kFullWarp, found != 0)) return;

  // Where a weight became 0, because it was dropped or is that small, the product is NaN.
  const ScoreBits zero(scores, [](float weight) { return weight == 0; });
#pragma unroll 1
  for (int key = 0; key < kDecodeKeys; ++key) {
    const std::uint32_t hides = hidden.of_key(key, lane), zeros = zero.of_key(key, lane);
#pragma unroll
    for (int n = 0; n < kColumns / 8; ++n) {
      const std::uint32_t pair = reinterpret_cast<const std::uint32_t*>(&values.chunk(key, n))[lane % 4];
      if (not_finite<T>(pair) == 0) continue;
#pragma unroll
      for (int i = 0; i < FragmentC::kElements; ++i) {
        const std::uint32_t half = i / 2 * 8;
        const T value{static_cast<std::uint16_t>(pair >> i % 2 * 16)};
        if (not_finite<T>(value.bits) == 0 || (hides >> half & 1) != 0) continue;
        output.at[0][n][i] += (zeros >> half & 1) != 0 ? ptx::cvt_f32(value) * 0 : ptx::cvt_f32(value);
      }
    }
  }
  __syncwarp();
#pragma unroll 1
  for (int i = lane; i < kDecodeKeys * Tile::kChunksPerRow; i += kWarpSize) {
    uint4& x = values.chunk(i / Tile::kChunksPerRow, i % Tile::kChunksPerRow);
    x = {finite_part<T>(x.x), finite_part<T>(x.y), finite_part<T>(x.z), finite_part<T>(x.w)};
  }
  __syncwarp();
}

}  // namespace ki::attention::cuda
