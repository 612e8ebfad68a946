// st.global: two neighbouring float32 to global memory at once, which the compiler does not always make of two assignments.
#pragma once

namespace ki::ptx {

// `global` is a multiple of 8.
__device__ inline void st_global_v2_f32(float* global, float x, float y) {
  asm volatile("st.global.v2.f32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(global)), "f"(x), "f"(y) : "memory");
}

}  // namespace ki::ptx
