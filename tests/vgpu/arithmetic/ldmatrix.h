// ldmatrix, stmatrix and movmatrix: 8x8 matrices of 16-bit elements as rows in shared memory and as
// fragments of mma.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vgpu::arithmetic {

// The lane whose address operand points to a row of a matrix.
constexpr int address_lane(int matrix, int row) { return matrix * 8 + row; }

// ldmatrix.sync.aligned.m8n8.x{count}{.trans}.shared.b16: rows[address_lane(i, r)] points to the 16 bytes of row r of
// matrix i, which goes to d[i]. The pointers need no alignment; those of lanes beyond 8 * count are not used.
void ldmatrix(int count, bool transpose, const std::byte* const* rows, std::uint32_t* const* d);

// stmatrix, the way back.
void stmatrix(int count, bool transpose, const std::uint32_t* const* a, std::byte* const* rows);

// movmatrix.sync.aligned.m8n8.trans.b16; d may be a.
void movmatrix(std::uint32_t* d, const std::uint32_t* a);

}  // namespace vgpu::arithmetic
