// Between the registers of a warp and the tiles that mma_float.h multiplies. mma_fragments.h says where elements are;
// here that means: the 32 lanes of a register of A, one after the other, are an 8 x 8 matrix of 16-bit elements (8 x 4
// of tf32) in row-major order, and of a register of B the same transposed.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstring>

#include "arithmetic/double_lanes.h"
#include "arithmetic/mma.h"
#include "arithmetic/mma_float.h"

namespace vgpu::arithmetic {

template <MmaType T>
__m256 widened(__m128i halves) {
  if constexpr (T == MmaType::f16) return _mm256_cvtph_ps(halves);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

inline void store_doubles(double* d, __m256 x) {
  _mm256_store_pd(d, _mm256_cvtps_pd(_mm256_castps256_ps128(x)));
  _mm256_store_pd(d + 4, _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)));
}

inline const std::byte* bytes(const void* p) { return static_cast<const std::byte*>(p); }

inline __m128i load16(const void* reg, int row) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes(reg) + 16 * row));
}

// Only the upper 19 bits of a tf32 operand count.
inline __m128 load_tf32(const void* reg, int row) {
  return _mm_castsi128_ps(_mm_and_si128(load16(reg, row), _mm_set1_epi32(~0x1FFF)));
}

inline void transpose(__m128i (&m)[8]) {
  __m128i pairs[8], quads[8];
  for (int i = 0; i < 4; ++i) {
    pairs[i] = _mm_unpacklo_epi16(m[2 * i], m[2 * i + 1]);
    pairs[i + 4] = _mm_unpackhi_epi16(m[2 * i], m[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    quads[2 * (i % 2) + 4 * (i / 2)] = _mm_unpacklo_epi32(pairs[2 * i], pairs[2 * i + 1]);
    quads[2 * (i % 2) + 4 * (i / 2) + 1] = _mm_unpackhi_epi32(pairs[2 * i], pairs[2 * i + 1]);
  }
  // quads[0..3]: columns 0-3, rows 0-3 in 0 and 1, rows 4-7 in 2 and 3; quads[4..7]: columns 4-7 likewise.
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      m[4 * i + 2 * j] = _mm_unpacklo_epi64(quads[4 * i + j], quads[4 * i + j + 2]);
      m[4 * i + 2 * j + 1] = _mm_unpackhi_epi64(quads[4 * i + j], quads[4 * i + j + 2]);
    }
  }
}

template <MmaType T, int K>
void load_operands(FloatTile& tile, const void* const* a, const void* const* b) {
  if constexpr (T == MmaType::tf32) {
    for (int k = 0; k < K; k += 4) {
      for (int row = 0; row < 16; ++row) {
        _mm256_store_pd(&tile.a[row][k], _mm256_cvtps_pd(load_tf32(a[2 * (k / 4) + row / 8], row % 8)));
      }
      for (int n = 0; n < 8; ++n) {
        alignas(16) float column[4];
        _mm_store_ps(column, load_tf32(b[k / 4], kColumnOrder[n]));
        for (int i = 0; i < 4; ++i) tile.b[k + i][n] = column[i];
      }
    }
  } else {
    for (int k = 0; k < K; k += 8) {
      for (int row = 0; row < 16; ++row) {
        store_doubles(&tile.a[row][k], widened<T>(load16(a[2 * (k / 8) + row / 8], row % 8)));
      }
      __m128i matrix[8];
      for (int n = 0; n < 8; ++n) matrix[n] = load16(b[k / 8], kColumnOrder[n]);
      transpose(matrix);
      for (int i = 0; i < 8; ++i) store_doubles(tile.b[k + i], widened<T>(matrix[i]));
    }
  }
}

template <MmaType T>
void load_accumulators(FloatTile& tile, const void* const* c) {
  for (int row = 0; row < 16; ++row) {
    if constexpr (T == MmaType::f16) {
      const __m256i order = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kColumnOrder));
      store_doubles(tile.c[row], _mm256_permutevar8x32_ps(_mm256_cvtph_ps(load16(c[row / 8], row % 8)), order));
    } else {
      for (int half = 0; half < 2; ++half) {
        const __m128 columns = _mm_castsi128_ps(load16(c[2 * (row / 8) + half], row % 8));
        _mm256_store_pd(&tile.c[row][4 * half], _mm256_cvtps_pd(columns));
      }
    }
  }
}

template <MmaType T>
void store_accumulators(const FloatTile& tile, void* const* d) {
  for (int row = 0; row < 16; ++row) {
    const __m256d even = _mm256_load_pd(&tile.c[row][0]), odd = _mm256_load_pd(&tile.c[row][4]);
    if constexpr (T == MmaType::f16) {
      const __m128i columns = _mm_unpacklo_epi16(f16_from_doubles(even), f16_from_doubles(odd));
      std::memcpy(static_cast<std::byte*>(d[row / 8]) + 16 * (row % 8), &columns, sizeof columns);
    } else {
      _mm_storeu_ps(static_cast<float*>(d[2 * (row / 8)]) + 4 * (row % 8), float_from_doubles(even));
      _mm_storeu_ps(static_cast<float*>(d[2 * (row / 8) + 1]) + 4 * (row % 8), float_from_doubles(odd));
    }
  }
}

}  // namespace vgpu::arithmetic
