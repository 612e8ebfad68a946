// mma.sync of half the depth: 16x8 times 8x8.
#pragma once

#include <cstdint>

#include "cuda/ptx/types.cuh"

namespace ki::ptx {

// d = c + a b, with a 16x8 by rows, b 8x8 by columns, and float32 sums. Their fragments are the first halves of those of
// mma_m16n8k16.
template <class T>
__device__ void mma_m16n8k8(float (&d)[4], const std::uint32_t (&a)[2], std::uint32_t b, const float (&c)[4]);

template <>
__device__ inline void mma_m16n8k8<f16>(float (&d)[4], const std::uint32_t (&a)[2], std::uint32_t b,
                                        const float (&c)[4]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%7, %8, %9, %10};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(b), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}

template <>
__device__ inline void mma_m16n8k8<bf16>(float (&d)[4], const std::uint32_t (&a)[2], std::uint32_t b,
                                         const float (&c)[4]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%7, %8, %9, %10};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(b), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}

}  // namespace ki::ptx
