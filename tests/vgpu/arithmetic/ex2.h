// 2^x in double precision, four numbers at a time.
#pragma once

#include <immintrin.h>

namespace vgpu::arithmetic {

// x = n + f with |f| <= 1/2, and Taylor's series for 2^f: relative error below 3e-13, so that rounding to f32 gives the
// nearest number but for a few arguments in a million. Beyond [-200, 200] the result lies beyond f32's range on the
// same side. NaN gives 2^-200.
inline __m256d exp2_for_floats(__m256d x) {
  // ln(2)^i / i!
  constexpr double kCoefficients[11] = {
      1.0,
      0.6931471805599453,
      0.2402265069591007,
      0.055504108664821576,
      0.009618129107628477,
      0.0013333558146428441,
      0.00015403530393381606,
      1.5252733804059838e-05,
      1.3215486790144305e-06,
      1.0178086009239696e-07,
      7.054911620801121e-09,
  };
  const __m256d bounded = _mm256_min_pd(_mm256_max_pd(x, _mm256_set1_pd(-200)), _mm256_set1_pd(200));
  const __m256d n = _mm256_round_pd(bounded, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256d f = _mm256_sub_pd(bounded, n);
  __m256d sum = _mm256_set1_pd(kCoefficients[10]);
  for (int i = 9; i >= 0; --i) sum = _mm256_fmadd_pd(sum, f, _mm256_set1_pd(kCoefficients[i]));
  const __m256i exponent = _mm256_slli_epi64(_mm256_cvtepi32_epi64(_mm256_cvtpd_epi32(n)), 52);
  return _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(sum), exponent));
}

}  // namespace vgpu::arithmetic
