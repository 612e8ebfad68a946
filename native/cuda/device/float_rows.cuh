// Attention without tensor cores: what lanes that share rows of float32 tiles do.
#pragma once

#include "cuda/device/online_softmax.cuh"
#include "cuda/device/shared_tile.cuh"

namespace ki::cuda {

template <class Tile>
__device__ float4& chunk_of(Tile& tile, int row, int chunk) {
  return reinterpret_cast<float4&>(tile.chunk(row, chunk));
}

__device__ inline void add_dot(float& sum, const float4& a, const float4& b) {
  sum = fmaf(a.x, b.x, sum);
  sum = fmaf(a.y, b.y, sum);
  sum = fmaf(a.z, b.z, sum);
  sum = fmaf(a.w, b.w, sum);
}

// sums: four of them.
__device__ inline void add_product(float* sums, float factor, const float4& x) {
  sums[0] = fmaf(factor, x.x, sums[0]);
  sums[1] = fmaf(factor, x.y, sums[1]);
  sums[2] = fmaf(factor, x.z, sums[2]);
  sums[3] = fmaf(factor, x.w, sums[3]);
}

// Turns a row's scores of a tile, those of one of the lanes that share it, into weights, short of the division by their sum.
// Returns what everything summed so far must be multiplied by.
template <int kLanes, int kKeys>
__device__ float weigh(float (&scores)[kKeys], SoftmaxRow<kLanes>& row, float scale) {
  // Scaled first, so that the largest score less the shift is 0 to the last bit, and a single key has weight 1.
  float largest = -kInfinity;
#pragma unroll
  for (float& score : scores) {
    score *= scale;
    largest = fmaxf(largest, score);
  }
  const float factor = row.raise(largest, 1), shift = row.shift(1);
#pragma unroll
  for (float& score : scores) {
    score = ptx::ex2_approx_ftz_f32(score - shift);
    row.sum += score;
  }
  return factor;
}

}  // namespace ki::cuda
