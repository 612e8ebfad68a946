// A warp's scores, or weights, as a variant sees them (variant.cuh), where the rows of the product are keys.
#pragma once

#include "cuda/device/warp_matrix.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

template <int kKeys, int kQueries>
struct KeyMajorScores {
  static constexpr bool kPairs = false;  // neighbouring keys belong to different lanes
  static constexpr bool kGroups = true;

  Accumulator<kKeys, kQueries>& scores;
  int first_query,
      first_key;  // of the tile's part that this is; the key is a multiple of kKeys, 16 or a multiple of 32
  int lane = ptx::tid_x() % kWarpSize;

  __device__ int end_key() const { return first_key + kKeys; }

  template <class F>
  __device__ void for_each(F f) {
#pragma unroll
    for (int m = 0; m < kKeys / 16; ++m) {
#pragma unroll
      for (int n = 0; n < kQueries / 8; ++n) {
#pragma unroll
        for (int i = 0; i < FragmentC::kElements; ++i) {
          f(scores.at[m][n][i], first_query + n * 8 + FragmentC::col(lane, i),
            first_key + m * 16 + FragmentC::row(lane, i));
        }
      }
    }
  }

  // A weight of a group, which this lane may not hold.
  struct GroupWeight {
    float& weight;
    bool is_here;
    __device__ void operator=(float x) const {
      if (is_here) weight = x;
    }
  };

  // All that one counter of dropout decides: f(weight, query, key), where weight(w, half) is that of key + 8 w + half. A lane
  // holds every second one, and where 16 keys are all that it has, half of those.
  template <class F>
  __device__ void for_each_group(F f) {
    const int row = FragmentC::row(lane, 0);
#pragma unroll
    for (int m = 0; m < kKeys / 16; m += 2) {
#pragma unroll
      for (int n = 0; n < kQueries / 8; ++n) {
#pragma unroll
        for (int side = 0; side < 2; ++side) {
          f(
              [&](int w, int half) {
                const int block = kKeys == 16 ? 0 : m + w / 2;
                const bool is_here = half == row % 2 && (kKeys > 16 || w / 2 == first_key / 16 % 2);
                return GroupWeight{scores.at[block][n][w % 2 * 2 + side], is_here};
              },
              first_query + n * 8 + FragmentC::col(lane, side), (first_key + m * 16) / 32 * 32 + row / 2 * 2);
        }
      }
    }
  }
};

}  // namespace ki::attention::cuda
