#include "arithmetic/mma_float.h"

#include <immintrin.h>

#include "arithmetic/double_lanes.h"

namespace vgpu::arithmetic {

void multiply_exact(FloatTile& tile, int depth) {
  constexpr int kRows = 4;  // 8 accumulators, 2 vectors of B and a broadcast element of A fit the 16 vector registers
  for (int row = 0; row < 16; row += kRows) {
    __m256d sum[kRows][2];
    for (int r = 0; r < kRows; ++r) {
      for (int half = 0; half < 2; ++half) sum[r][half] = _mm256_load_pd(&tile.c[row + r][4 * half]);
    }
    for (int k = 0; k < depth; ++k) {
      const __m256d b[2] = {_mm256_load_pd(&tile.b[k][0]), _mm256_load_pd(&tile.b[k][4])};
      for (int r = 0; r < kRows; ++r) {
        const __m256d a = _mm256_broadcast_sd(&tile.a[row + r][k]);
        for (int half = 0; half < 2; ++half) sum[r][half] = _mm256_fmadd_pd(a, b[half], sum[r][half]);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      for (int half = 0; half < 2; ++half) _mm256_store_pd(&tile.c[row + r][4 * half], sum[r][half]);
    }
  }
}

namespace {

// The power of two at or below each |x|, but no less than `smallest`, and 0 for 0. Infinity and NaN become infinity.
__m256d power_of(__m256d x, __m256d smallest) {
  const __m256d exponent = _mm256_castsi256_pd(_mm256_set1_epi64x(0x7FF0'0000'0000'0000));
  const __m256d is_not_zero = _mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_NEQ_UQ);
  return _mm256_and_pd(_mm256_max_pd(_mm256_and_pd(x, exponent), smallest), is_not_zero);
}

// 2^24 / power, from the bits: the exponent field of 2^n is n + 1023. Harmless garbage for a power of 0 or infinity,
// which only meets terms that are all zero, or a sum that is infinite or NaN whatever its scale.
__m256d alignment_scale(__m256d power) {
  const __m256i bits = _mm256_set1_epi64x((2 * 1023LL + 24) << 52);
  return _mm256_castsi256_pd(_mm256_sub_epi64(bits, _mm256_castpd_si256(power)));
}

__m256d truncated(__m256d x) { return _mm256_round_pd(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

}  // namespace

void multiply_ampere(FloatTile& tile, int depth, int slice, double smallest_power, bool half_accumulator) {
  alignas(64) double a_power[16][16], b_power[16][8];
  const __m256d smallest = _mm256_set1_pd(smallest_power);
  for (int row = 0; row < 16; ++row) {
    for (int k = 0; k < depth; k += 4) {
      _mm256_store_pd(&a_power[row][k], power_of(_mm256_load_pd(&tile.a[row][k]), smallest));
    }
  }
  for (int k = 0; k < depth; ++k) {
    for (int n = 0; n < 8; n += 4) {
      _mm256_store_pd(&b_power[k][n], power_of(_mm256_load_pd(&tile.b[k][n]), smallest));
    }
  }
  const __m256d c_smallest = _mm256_set1_pd(half_accumulator ? 0x1p-14 : 0x1p-126);
  for (int row = 0; row < 16; ++row) {
    for (int n = 0; n < 8; n += 4) {
      __m256d sum = _mm256_load_pd(&tile.c[row][n]);
      for (int begin = 0; begin < depth; begin += slice) {
        __m256d power = power_of(sum, c_smallest);
        for (int k = begin; k < begin + slice; ++k) {
          const __m256d product_power =
              _mm256_mul_pd(_mm256_broadcast_sd(&a_power[row][k]), _mm256_load_pd(&b_power[k][n]));
          power = _mm256_max_pd(power, product_power);
        }
        const __m256d scale = alignment_scale(power);
        // Integers below 2^31 in doubles: every addition is exact. Starting from +0 makes a sum of nothing +0.
        __m256d aligned = _mm256_add_pd(_mm256_setzero_pd(), truncated(_mm256_mul_pd(sum, scale)));
        for (int k = begin; k < begin + slice; ++k) {
          const __m256d product = _mm256_mul_pd(_mm256_broadcast_sd(&tile.a[row][k]), _mm256_load_pd(&tile.b[k][n]));
          aligned = _mm256_add_pd(aligned, truncated(_mm256_mul_pd(product, scale)));
        }
        sum = _mm256_mul_pd(_mm256_mul_pd(aligned, _mm256_set1_pd(0x1p-24)), power);
        sum = half_accumulator ? nearest_f16(sum) : truncated_to_float(sum);
      }
      _mm256_store_pd(&tile.c[row][n], sum);
    }
  }
}

}  // namespace vgpu::arithmetic
