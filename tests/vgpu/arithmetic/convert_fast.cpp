#include "arithmetic/convert_fast.h"

#include <immintrin.h>

#include <cstdint>

#include "arithmetic/half_bits.h"

namespace vgpu::arithmetic {
namespace {

using ptx::Type;

__m256 load_floats(const void* a, int lane) { return _mm256_loadu_ps(static_cast<const float*>(a) + lane); }

// Eight f32 as 16-bit halves of 32-bit lanes, so that pairs are made with a shift.
template <Type T>
__m256i halves(__m256 x) {
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  __m256i bits;
  if constexpr (T == Type::f16) {
    bits = _mm256_cvtepu16_epi32(_mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  } else {
    // Adding one less than half of the last place, and one more if that place is odd, carries exactly when it must.
    const __m256i all = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(all, 16), _mm256_set1_epi32(1));
    bits = _mm256_srli_epi32(_mm256_add_epi32(all, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
  }
  return _mm256_blendv_epi8(bits, _mm256_set1_epi32(kHalfNan), is_nan);
}

template <Type T>
void narrow(const Conversion&, void* d, const void* a) {
  for (int lane = 0; lane < 32; lane += 16) {
    const __m256i packed = _mm256_packus_epi32(halves<T>(load_floats(a, lane)), halves<T>(load_floats(a, lane + 8)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(static_cast<std::uint16_t*>(d) + lane),
                        _mm256_permute4x64_epi64(packed, 0xD8));
  }
}

template <Type T>
void narrow_pair(const Conversion&, void* d, const void* a, const void* b) {
  for (int lane = 0; lane < 32; lane += 8) {
    const __m256i high = _mm256_slli_epi32(halves<T>(load_floats(a, lane)), 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(static_cast<std::uint32_t*>(d) + lane),
                        _mm256_or_si256(high, halves<T>(load_floats(b, lane))));
  }
}

template <Type T>
void widen(const Conversion&, void* d, const void* a) {
  for (int lane = 0; lane < 32; lane += 8) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(static_cast<const std::uint16_t*>(a) + lane));
    __m256 x;
    if constexpr (T == Type::f16) {
      x = _mm256_cvtph_ps(bits);
    } else {
      x = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
    }
    const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(kFloatNan));
    _mm256_storeu_ps(static_cast<float*>(d) + lane, _mm256_blendv_ps(x, nan, _mm256_cmp_ps(x, x, _CMP_UNORD_Q)));
  }
}

void narrow_doubles(const Conversion&, void* d, const void* a) {
  for (int lane = 0; lane < 32; lane += 4) {
    const __m128 x = _mm256_cvtpd_ps(_mm256_loadu_pd(static_cast<const double*>(a) + lane));
    const __m128 nan = _mm_castsi128_ps(_mm_set1_epi32(kFloatNan));
    _mm_storeu_ps(static_cast<float*>(d) + lane, _mm_blendv_ps(x, nan, _mm_cmpunord_ps(x, x)));
  }
}

void widen_floats(const Conversion&, void* d, const void* a) {
  for (int lane = 0; lane < 32; lane += 4) {
    const __m256d x = _mm256_cvtps_pd(_mm_loadu_ps(static_cast<const float*>(a) + lane));
    const __m256d nan = _mm256_castsi256_pd(_mm256_set1_epi64x(static_cast<long long>(kDoubleNan)));
    _mm256_storeu_pd(static_cast<double*>(d) + lane, _mm256_blendv_pd(x, nan, _mm256_cmp_pd(x, x, _CMP_UNORD_Q)));
  }
}

template <class To, class From>
void cast(const Conversion&, void* d, const void* a) {
  const auto* from = static_cast<const From*>(a);
  auto* to = static_cast<To*>(d);
#pragma GCC ivdep
  for (int lane = 0; lane < 32; ++lane) to[lane] = static_cast<To>(from[lane]);
}

// cvt.{rni,rzi,rmi,rpi}.s32.f32. The processor's answer to what does not fit is the smallest integer; right for what is
// too small, but the largest is right for what is too large, and zero for NaN.
template <int Mode>
void to_signed(const Conversion&, void* d, const void* a) {
  for (int lane = 0; lane < 32; lane += 8) {
    const __m256 x = load_floats(a, lane);
    const __m256i converted = _mm256_cvttps_epi32(_mm256_round_ps(x, Mode | _MM_FROUND_NO_EXC));
    const __m256i too_large = _mm256_castps_si256(_mm256_cmp_ps(x, _mm256_set1_ps(0x1p31f), _CMP_GE_OQ));
    const __m256i is_number = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_ORD_Q));
    const __m256i clamped = _mm256_xor_si256(converted, too_large);  // 0x80000000 becomes 0x7FFFFFFF
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(static_cast<std::int32_t*>(d) + lane),
                        _mm256_and_si256(clamped, is_number));
  }
}

template <int Mode>
void to_integral(const Conversion&, void* d, const void* a) {
  for (int lane = 0; lane < 32; lane += 8) {
    const __m256 x = _mm256_round_ps(load_floats(a, lane), Mode | _MM_FROUND_NO_EXC);
    const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(kFloatNan));
    _mm256_storeu_ps(static_cast<float*>(d) + lane, _mm256_blendv_ps(x, nan, _mm256_cmp_ps(x, x, _CMP_UNORD_Q)));
  }
}

Convert find_narrowing(const Conversion& c) {
  if (c.rounding != RoundingMode::nearest_even || c.to_integral) return nullptr;
  if (c.from == Type::f64 && c.to == Type::f32) return narrow_doubles;
  if (c.from != Type::f32) return nullptr;
  if (c.to == Type::f16) return narrow<Type::f16>;
  if (c.to == Type::bf16) return narrow<Type::bf16>;
  return nullptr;
}

Convert find_widening(const Conversion& c) {
  if (c.to_integral) return nullptr;
  if (c.from == Type::f32 && c.to == Type::f64) return widen_floats;
  if (c.to != Type::f32) return nullptr;
  if (c.from == Type::f16) return widen<Type::f16>;
  if (c.from == Type::bf16) return widen<Type::bf16>;
  return nullptr;
}

Convert find_from_integer(const Conversion& c) {
  if (c.rounding != RoundingMode::nearest_even) return nullptr;
  if (c.to == Type::f32 && c.from == Type::s32) return cast<float, std::int32_t>;
  if (c.to == Type::f32 && c.from == Type::u32) return cast<float, std::uint32_t>;
  if (c.to == Type::f64 && c.from == Type::s32) return cast<double, std::int32_t>;
  if (c.to == Type::f64 && c.from == Type::u32) return cast<double, std::uint32_t>;
  return nullptr;
}

Convert find_to_integer(const Conversion& c) {
  const bool integral = c.to == Type::f32 && c.to_integral;
  if (c.from != Type::f32 || (c.to != Type::s32 && !integral)) return nullptr;
  switch (c.rounding) {
    case RoundingMode::nearest_even:
      return integral ? to_integral<_MM_FROUND_TO_NEAREST_INT> : to_signed<_MM_FROUND_TO_NEAREST_INT>;
    case RoundingMode::zero: return integral ? to_integral<_MM_FROUND_TO_ZERO> : to_signed<_MM_FROUND_TO_ZERO>;
    case RoundingMode::down: return integral ? to_integral<_MM_FROUND_TO_NEG_INF> : to_signed<_MM_FROUND_TO_NEG_INF>;
    case RoundingMode::up: return integral ? to_integral<_MM_FROUND_TO_POS_INF> : to_signed<_MM_FROUND_TO_POS_INF>;
    case RoundingMode::nearest_away: return nullptr;
  }
  return nullptr;
}

bool is_plain(const Conversion& c) { return !c.ftz && !c.sat && !c.relu && !c.satfinite; }

}  // namespace

Convert find_fast_conversion(const Conversion& conversion) {
  if (!is_plain(conversion)) return nullptr;
  for (const auto find : {find_narrowing, find_widening, find_from_integer, find_to_integer}) {
    if (const Convert convert = find(conversion)) return convert;
  }
  return nullptr;
}

ConvertPair find_fast_pair_conversion(const Conversion& conversion) {
  if (!is_plain(conversion) || conversion.rounding != RoundingMode::nearest_even) return nullptr;
  if (conversion.to == Type::f16x2) return narrow_pair<Type::f16>;
  if (conversion.to == Type::bf16x2) return narrow_pair<Type::bf16>;
  return nullptr;
}

}  // namespace vgpu::arithmetic
