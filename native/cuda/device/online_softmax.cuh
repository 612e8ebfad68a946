// Softmax over scores that arrive tile by tile (Milakov and Gimelshein 2018), in base 2, for rows that neighbouring lanes
// share.
//
// What is summed so far stays unscaled; when a larger score arrives it is multiplied by a power of two, and only at the
// very end divided by the sum.
#pragma once

#include <cmath>

#include "cuda/ptx/math.cuh"

namespace ki::cuda {

inline constexpr float kInfinity = INFINITY;
inline constexpr unsigned kFullWarp = 0xFFFFFFFF;

// The largest x, or the sum, of kLanes neighbouring lanes, known to all of them.
template <int kLanes>
__device__ float lanes_max(float x) {
#pragma unroll
  for (int step = 1; step < kLanes; step *= 2) x = fmaxf(x, __shfl_xor_sync(kFullWarp, x, step));
  return x;
}

template <int kLanes>
__device__ float lanes_sum(float x) {
#pragma unroll
  for (int step = 1; step < kLanes; step *= 2) x += __shfl_xor_sync(kFullWarp, x, step);
  return x;
}

// The state of one row, as one of the kLanes lanes that share it sees it.
template <int kLanes>
struct SoftmaxRow {
  float largest = -kInfinity;  // score so far, before it is multiplied by the scale
  float sum = 0;               // of the powers of two that this lane computed

  // What is subtracted from the scaled scores. A row whose scores are all -infinity has seen nothing yet; any finite shift
  // keeps its terms at 0, where -infinity less itself would be NaN.
  __device__ float shift(float scale) const { return largest == -kInfinity ? 0 : largest * scale; }

  // Takes in the largest score of a tile. Returns what everything summed so far must be multiplied by.
  __device__ float raise(float tile_largest, float scale) {
    const float before = largest * scale;
    largest = fmaxf(largest, lanes_max<kLanes>(tile_largest));
    const float factor = ptx::ex2_approx_ftz_f32(before - shift(scale));
    sum *= factor;
    return factor;
  }

  // Over all lanes.
  __device__ float total() const { return lanes_sum<kLanes>(sum); }
};

// What multiplies the output in the end; 0 for a row that has seen nothing.
__device__ inline float inverse_of(float total) { return total == 0 ? 0 : ptx::rcp_rn_f32(total); }

// The natural logarithm of the sum of the exponentials of a row's scores. A score of +infinity leaves a sum of NaN, infinity
// less itself, and dominates all the same.
template <int kLanes>
__device__ float logsumexp_of(const SoftmaxRow<kLanes>& row, float total, float scale) {
  constexpr float kLn2 = 0.693147180559945309F;
  return row.largest == kInfinity ? kInfinity : row.shift(scale) * kLn2 + logf(total);
}

}  // namespace ki::cuda
