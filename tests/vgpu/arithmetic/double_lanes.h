// Four doubles rounded to narrower types, for the accumulators of mma.
#pragma once

#include <immintrin.h>

namespace vgpu::arithmetic {

// Towards zero to a number that f32 has. Beyond its range stays beyond; infinity and NaN stay.
inline __m256d truncated_to_float(__m256d x) {
  const __m256d kept_bits = _mm256_castsi256_pd(_mm256_set1_epi64x(~0x1FFF'FFFFLL));
  const __m256d normal = _mm256_and_pd(x, kept_bits);
  const __m256d magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
  const __m256d is_subnormal = _mm256_cmp_pd(magnitude, _mm256_set1_pd(0x1p-126), _CMP_LT_OQ);
  const __m256d scaled =
      _mm256_round_pd(_mm256_mul_pd(x, _mm256_set1_pd(0x1p149)), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  const __m256d subnormal = _mm256_mul_pd(scaled, _mm256_set1_pd(0x1p-149));
  return _mm256_blendv_pd(normal, subnormal, is_subnormal);
}

// To f16, ties to even; every NaN becomes 0x7FFF. Going through f32 is right because that first step rounds to odd: it drops the low bits, but
// lets the last bit it keeps say whether any of them was set.
inline __m128i f16_from_doubles(__m256d x) {
  const __m256i low_bits = _mm256_set1_epi64x(0x1FFF'FFFF);
  const __m256i bits = _mm256_castpd_si256(x);
  const __m256i is_exact = _mm256_cmpeq_epi64(_mm256_and_si256(bits, low_bits), _mm256_setzero_si256());
  const __m256i sticky = _mm256_andnot_si256(is_exact, _mm256_set1_epi64x(0x2000'0000));
  const __m256d odd = _mm256_castsi256_pd(_mm256_or_si256(_mm256_andnot_si256(low_bits, bits), sticky));
  const __m128 narrow = _mm256_cvtpd_ps(odd);
  const __m128i halves = _mm_cvtps_ph(narrow, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m128i is_nan = _mm_castps_si128(_mm_cmpunord_ps(narrow, narrow));
  return _mm_or_si128(halves, _mm_srli_epi16(_mm_packs_epi32(is_nan, _mm_setzero_si128()), 1));
}

inline __m256d nearest_f16(__m256d x) { return _mm256_cvtps_pd(_mm_cvtph_ps(f16_from_doubles(x))); }

// To f32, ties to even; every NaN becomes the one that tensor instructions answer.
inline __m128 float_from_doubles(__m256d x) {
  const __m128 rounded = _mm256_cvtpd_ps(x);
  const __m128 nan = _mm_castsi128_ps(_mm_set1_epi32(0x7FFF'FFFF));
  return _mm_blendv_ps(rounded, nan, _mm_cmpunord_ps(rounded, rounded));
}

}  // namespace vgpu::arithmetic
