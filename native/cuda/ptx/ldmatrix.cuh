// ldmatrix: a warp loads four 8x8 matrices of 16-bit elements from shared memory into fragments of mma.
#pragma once

#include <cstdint>

namespace ki::ptx {

// Lane l gives the address of row l % 8 of matrix l / 8, aligned to 16 bytes. Register m then holds two neighbours of
// matrix m: columns 2 (l % 4) and 2 (l % 4) + 1 of row l / 4.
__device__ inline void ldmatrix_x4(std::uint32_t (&r)[4], std::uint32_t shared) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared)
               : "memory");
}

// The same for the transposed matrices: rows 2 (l % 4) and 2 (l % 4) + 1 of column l / 4.
__device__ inline void ldmatrix_x4_trans(std::uint32_t (&r)[4], std::uint32_t shared) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared)
               : "memory");
}

}  // namespace ki::ptx
