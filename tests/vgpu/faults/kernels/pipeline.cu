// A double buffer filled by cp.async, and what can be forgotten in it: every thread gives back, reversed, what its
// counterpart has copied.
#include "ptx.cuh"

enum Fault { none, no_barrier_after_wait, no_trailing_barrier, wait_too_lax };

template <Fault fault>
__device__ void reverse_tiles(const float4* in, float4* out, int tiles) {
  __shared__ float4 stages[2][128];
  const int thread = threadIdx.x;
  copy_async(&stages[0][thread], &in[thread]);
  commit();
  for (int tile = 0; tile < tiles; ++tile) {
    if (tile + 1 < tiles) {
      copy_async(&stages[(tile + 1) % 2][thread], &in[(tile + 1) * 128 + thread]);  // mark: refill
    }
    commit();
    wait<fault == wait_too_lax ? 2 : 1>();
    if (fault != no_barrier_after_wait) __syncthreads();
    out[tile * 128 + thread] = stages[tile % 2][127 - thread];  // mark: use
    if (fault != no_trailing_barrier) __syncthreads();
  }
}

#define KERNEL(name)                                                                     \
  extern "C" __global__ void pipeline_##name(const float4* in, float4* out, int tiles) { \
    reverse_tiles<name>(in, out, tiles);                                                 \
  }
KERNEL(none)
KERNEL(no_barrier_after_wait)
KERNEL(no_trailing_barrier)
KERNEL(wait_too_lax)
