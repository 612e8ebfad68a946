// barrier: named barriers among some of a block's warps. Barrier 0 is that of __syncthreads().
#pragma once

namespace ki::ptx {

// Waits until `threads` threads have come to barrier `id`, by this function or by bar_arrive(). What they wrote before can
// be read after it.
__device__ inline void bar_sync(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

// Counts as having come, and goes on.
__device__ inline void bar_arrive(int id, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

}  // namespace ki::ptx
