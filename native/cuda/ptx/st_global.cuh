// st.global: neighbours to global memory at once, which the compiler does not always make of several assignments, or where it does
// not see that an address is global.
#pragma once

#include <cstdint>

namespace ki::ptx {

// `global` is a multiple of 8.
__device__ inline void st_global_v2_f32(float* global, float x, float y) {
  asm volatile("st.global.v2.f32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(global)), "f"(x), "f"(y) : "memory");
}

// 16 bytes, to a multiple of 16.
__device__ inline void st_global_v4_b32(void* global, const uint4& x) {
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(global)), "r"(x.x), "r"(x.y),
               "r"(x.z), "r"(x.w)
               : "memory");
}

}  // namespace ki::ptx
