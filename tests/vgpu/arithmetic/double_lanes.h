// Four doubles rounded to narrower types.
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

// To f32, ties to even; every NaN becomes the one that tensor instructions answer.
inline __m128 float_from_doubles(__m256d x) {
  const __m128 rounded = _mm256_cvtpd_ps(x);
  const __m128 nan = _mm_castsi128_ps(_mm_set1_epi32(0x7FFF'FFFF));
  return _mm_blendv_ps(rounded, nan, _mm_cmpunord_ps(rounded, rounded));
}

// To f32, rounded to odd: what does not fit is dropped, but the last bit that stays says so. A second rounding, to a
// type narrower by two bits or more, then gives what a single one would have given.
inline __m128 odd_float_from_doubles(__m256d x) {
  const __m256d kept = truncated_to_float(x);
  const __m256i is_inexact = _mm256_castpd_si256(_mm256_cmp_pd(kept, x, _CMP_NEQ_OQ));
  const __m128i low_words =
      _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(is_inexact, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6)));
  const __m128 narrow = _mm256_cvtpd_ps(kept);
  const __m128 magnitude = _mm_andnot_ps(_mm_set1_ps(-0.0f), narrow);
  const __m128 is_finite = _mm_cmplt_ps(magnitude, _mm_set1_ps(__builtin_inff()));
  const __m128i last_bit = _mm_and_si128(_mm_and_si128(low_words, _mm_castps_si128(is_finite)), _mm_set1_epi32(1));
  return _mm_castsi128_ps(_mm_or_si128(_mm_castps_si128(narrow), last_bit));
}

// Four 16-bit numbers out of the low halves of 32-bit ones, with 0x7FFF where `source` is NaN.
inline __m128i packed_halves(__m128i words, __m128 source) {
  const __m128i is_nan = _mm_castps_si128(_mm_cmpunord_ps(source, source));
  const __m128i chosen = _mm_blendv_epi8(words, _mm_set1_epi32(0x7FFF), is_nan);
  return _mm_packus_epi32(chosen, _mm_setzero_si128());
}

// To f16 or bf16, ties to even; every NaN becomes 0x7FFF.
inline __m128i f16_from_doubles(__m256d x) {
  const __m128 odd = odd_float_from_doubles(x);
  return packed_halves(_mm_cvtepu16_epi32(_mm_cvtps_ph(odd, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)), odd);
}

inline __m128i bf16_from_doubles(__m256d x) {
  const __m128 odd = odd_float_from_doubles(x);
  const __m128i bits = _mm_castps_si128(odd);
  const __m128i last_kept = _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(1));
  const __m128i rounded = _mm_add_epi32(bits, _mm_add_epi32(last_kept, _mm_set1_epi32(0x7FFF)));
  return packed_halves(_mm_srli_epi32(rounded, 16), odd);
}

inline __m256d nearest_f16(__m256d x) { return _mm256_cvtps_pd(_mm_cvtph_ps(f16_from_doubles(x))); }

}  // namespace vgpu::arithmetic
