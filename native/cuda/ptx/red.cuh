// red: additions to global memory that return nothing.
#pragma once

namespace ki::ptx {

__device__ inline void red_add_f32(float* global, float x) {
  asm volatile("red.global.add.f32 [%0], %1;" ::"l"(__cvta_generic_to_global(global)), "f"(x) : "memory");
}

}  // namespace ki::ptx
