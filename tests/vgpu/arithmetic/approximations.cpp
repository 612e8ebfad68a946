#include "arithmetic/approximations.h"

#include <immintrin.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "arithmetic/ex2.h"
#include "arithmetic/half_bits.h"

namespace vgpu::arithmetic {
namespace {

constexpr std::uint32_t kSign = 0x8000'0000;

bool is_subnormal(std::uint32_t bits) { return (bits & 0x7F80'0000) == 0; }  // or zero

float operand(std::uint32_t bits, bool ftz) {
  return std::bit_cast<float>(ftz && is_subnormal(bits) ? bits & kSign : bits);
}

std::uint32_t result(double x, bool ftz) {
  if (std::isnan(x)) return kFloatNan;
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(x));
  return ftz && is_subnormal(bits) ? bits & kSign : bits;
}

template <class F>
void for_lanes(void* d, const void* a, bool ftz, F&& f) {
  for (int lane = 0; lane < 32; ++lane) {
    const double x = operand(static_cast<const std::uint32_t*>(a)[lane], ftz);
    static_cast<std::uint32_t*>(d)[lane] = result(f(x), ftz);
  }
}

template <class F>
void for_lanes(void* d, const void* a, const void* b, bool ftz, F&& f) {
  for (int lane = 0; lane < 32; ++lane) {
    const double x = operand(static_cast<const std::uint32_t*>(a)[lane], ftz);
    const double y = operand(static_cast<const std::uint32_t*>(b)[lane], ftz);
    static_cast<std::uint32_t*>(d)[lane] = result(f(x, y), ftz);
  }
}

// Zero of the same sign in place of a number too small to be normal.
__m256 flushed(__m256 x) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0f));
  const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
  return _mm256_blendv_ps(x, sign, _mm256_cmp_ps(magnitude, _mm256_set1_ps(0x1p-126f), _CMP_LT_OQ));
}

// f64 approximations see the upper 32 bits of their operand and answer the upper 32 bits of their result.
template <class F>
void for_upper_halves(void* d, const void* a, F&& f) {
  constexpr std::uint64_t kUpper = 0xFFFF'FFFF'0000'0000, kSign64 = 1ull << 63, kExponent = 0x7FF0'0000'0000'0000;
  const auto flush = [](std::uint64_t bits) { return (bits & kExponent) == 0 ? bits & kSign64 : bits; };
  for (int lane = 0; lane < 32; ++lane) {
    const std::uint64_t bits = flush(static_cast<const std::uint64_t*>(a)[lane] & kUpper);
    const double y = f(std::bit_cast<double>(bits));
    constexpr std::uint64_t kNan = 0x7FFF'FFFF'0000'0000;
    static_cast<std::uint64_t*>(d)[lane] = std::isnan(y) ? kNan : flush(std::bit_cast<std::uint64_t>(y) & kUpper);
  }
}

}  // namespace

void ex2_approx(void* d, const void* a, bool ftz) {
  for (int lane = 0; lane < 32; lane += 8) {
    __m256 x = _mm256_loadu_ps(static_cast<const float*>(a) + lane);
    if (ftz) x = flushed(x);
    const __m128 low = _mm256_cvtpd_ps(exp2_for_floats(_mm256_cvtps_pd(_mm256_castps256_ps128(x))));
    const __m128 high = _mm256_cvtpd_ps(exp2_for_floats(_mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))));
    __m256 y = _mm256_set_m128(high, low);
    if (ftz) y = flushed(y);
    const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(kFloatNan));
    _mm256_storeu_ps(static_cast<float*>(d) + lane, _mm256_blendv_ps(y, nan, _mm256_cmp_ps(x, x, _CMP_UNORD_Q)));
  }
}

void lg2_approx(void* d, const void* a, bool ftz) {
  for_lanes(d, a, ftz, [](double x) { return std::log2(x); });
}

void rcp_approx(void* d, const void* a, bool ftz) {
  for_lanes(d, a, ftz, [](double x) { return 1 / x; });
}

void rsqrt_approx(void* d, const void* a, bool ftz) {
  for_lanes(d, a, ftz, [](double x) { return 1 / std::sqrt(x); });
}

void sqrt_approx(void* d, const void* a, bool ftz) {
  for_lanes(d, a, ftz, [](double x) { return std::sqrt(x); });
}

void sin_approx(void* d, const void* a, bool ftz) {
  for_lanes(d, a, ftz, [](double x) { return std::sin(x); });
}

void cos_approx(void* d, const void* a, bool ftz) {
  for_lanes(d, a, ftz, [](double x) { return std::cos(x); });
}

void tanh_approx(void* d, const void* a, bool ftz) {
  for_lanes(d, a, ftz, [](double x) { return std::tanh(x); });
}

void div_approx(void* d, const void* a, const void* b, bool ftz) {
  for_lanes(d, a, b, ftz, [](double x, double y) {
    // The reciprocal of a huge divisor would be subnormal, and is zero there.
    const double magnitude = std::fabs(y);
    return magnitude > 0x1p126 && magnitude < 0x1p128 ? x * std::copysign(0.0, y) : x / y;
  });
}

void div_full(void* d, const void* a, const void* b, bool ftz) {
  for_lanes(d, a, b, ftz, [](double x, double y) { return x / y; });
}

void rcp_approx_f64(void* d, const void* a) {
  for_upper_halves(d, a, [](double x) { return 1 / x; });
}

void rsqrt_approx_f64(void* d, const void* a) {
  for_upper_halves(d, a, [](double x) { return 1 / std::sqrt(x); });
}

}  // namespace vgpu::arithmetic
