// ld.shared: two or four neighbouring float32 from shared memory.
#pragma once

#include <cstdint>

namespace ki::ptx {

__device__ inline void ld_shared_v2_f32(float (&x)[2], std::uint32_t shared) {
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(x[0]), "=f"(x[1]) : "r"(shared) : "memory");
}

__device__ inline void ld_shared_v4_f32(float (&x)[4], std::uint32_t shared) {
  asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
               : "=f"(x[0]), "=f"(x[1]), "=f"(x[2]), "=f"(x[3])
               : "r"(shared)
               : "memory");
}

}  // namespace ki::ptx
