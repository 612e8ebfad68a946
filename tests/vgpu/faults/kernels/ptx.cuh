// The few instructions that CUDA C++ has no words for.
#pragma once

__device__ inline unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

// Copies 16 bytes to shared memory, or zeros where `size` is 0.
__device__ inline void copy_async(void* shared, const void* from, int size = 16) {
  const unsigned to = shared_address(shared);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(size) : "memory");  // mark: copy
}
__device__ inline void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int pending>
__device__ inline void wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}
