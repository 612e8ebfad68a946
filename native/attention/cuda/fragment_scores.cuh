// A warp's scores, or weights, as a variant sees them: variant.cuh.
#pragma once

#include "cuda/device/warp_matrix.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

template <int kRows, int kKeys>
struct FragmentScores {
  static constexpr bool kPairs = true;
  static constexpr bool kGroups = kKeys % 32 == 0;

  Accumulator<kRows, kKeys>& scores;
  int first_query, first_key;  // of the tile's part that this is
  int lane = ptx::tid_x() % kWarpSize;

  __device__ int end_key() const { return first_key + kKeys; }

  template <class F>
  __device__ void for_each_pair(F f) {
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
          float(&block)[FragmentC::kElements] = scores.at[m][n];
          f(block[2 * half], block[2 * half + 1], first_query + m * 16 + FragmentC::row(lane, 2 * half),
            first_key + n * 8 + FragmentC::col(lane, 0));
        }
      }
    }
  }

  template <class F>
  __device__ void for_each(F f) {
    for_each_pair([&](float& first, float& second, int query, int key) {
      f(first, query, key);
      f(second, query, key + 1);
    });
  }

  // All that one counter of dropout decides: f(weight, query, key), where weight(w, half) is that of key + 8 w + half.
  template <class F>
  __device__ void for_each_group(F f) {
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
#pragma unroll
        for (int n = 0; n < kKeys / 8; n += 4) {
          f([&](int w, int side) -> float& { return scores.at[m][n + w][2 * half + side]; },
            first_query + m * 16 + FragmentC::row(lane, 2 * half), first_key + n * 8 + FragmentC::col(lane, 0));
        }
      }
    }
  }
};

}  // namespace ki::attention::cuda
