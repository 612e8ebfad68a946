// cp.async: copies from global to shared memory that run beside the arithmetic.
#pragma once

#include <cstdint>

namespace ki::ptx {

// Copies 16 bytes past the L1 cache. Only the first `source_bytes` of them are read; zeros follow.
__device__ inline void cp_async_cg_16(std::uint32_t shared, const void* global, int source_bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(__cvta_generic_to_global(global)),
               "r"(source_bytes)
               : "memory");
}

// Copies 16 bytes, all of which are read.
__device__ inline void cp_async_cg_16(std::uint32_t shared, const void* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared), "l"(__cvta_generic_to_global(global))
               : "memory");
}

// Copies 4 bytes, for rows that are not aligned to 16.
__device__ inline void cp_async_ca_4(std::uint32_t shared, const void* global, int source_bytes) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared), "l"(__cvta_generic_to_global(global)),
               "r"(source_bytes)
               : "memory");
}

// Makes one group of the copies that this thread has issued since the last one.
__device__ inline void cp_async_commit_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until all groups of this thread but the last kPending have arrived. Other threads' copies need a barrier as well.
template <int kPending>
__device__ inline void cp_async_wait_group() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

}  // namespace ki::ptx
