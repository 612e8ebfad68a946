// Rows of float32 to int8 with a scale, as an int8 cache holds them.

#if defined(KI_ATTENTION_CPU_QUANTISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_QUANTISE_INL_H_
#undef KI_ATTENTION_CPU_QUANTISE_INL_H_
#else
#define KI_ATTENTION_CPU_QUANTISE_INL_H_
#endif

#include <cmath>

#include "cpu/simd/convert-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// The largest magnitude of a row; NaN if there is one, which a vector's maximum would lose.
HWY_INLINE float largest_magnitude(const float* HWY_RESTRICT row, int count) {
  const simd::FloatTag d;
  auto largest = hn::Zero(d), sum = hn::Zero(d);
  for (int i = 0; i < count; i += simd::kLanes) {
    const auto x = hn::Abs(hn::LoadN(d, row + i, HWY_MIN(count - i, simd::kLanes)));
    largest = hn::Max(largest, x);
    sum = hn::Add(sum, x);
  }
  const float total = hn::ReduceSum(d, sum);
  return std::isnan(total) ? total : hn::ReduceMax(d, largest);
}

// Writes round(x / scale), half to even, and returns the scale, the largest magnitude / 127. A row of zeros has scale 0.
HWY_INLINE float quantise_row(const float* HWY_RESTRICT row, int count, std::int8_t* HWY_RESTRICT to) {
  const simd::FloatTag d;
  const hn::Rebind<std::int8_t, simd::FloatTag> d8;
  const float scale = largest_magnitude(row, count) / 127.0f;
  const auto scales = hn::Set(d, scale == 0.0f ? 1.0f : scale);  // x is 0 then, or far below half a step
  for (int i = 0; i < count; i += simd::kLanes) {
    const int lanes = HWY_MIN(count - i, simd::kLanes);
    const auto steps = hn::NearestInt(hn::Div(hn::LoadN(d, row + i, lanes), scales));
    // Where the scale is subnormal, and so rounded coarsely, quotients exceed 127; -128 would have no counterpart.
    const auto lowest = hn::Set(hn::RebindToSigned<simd::FloatTag>(), -127);
    hn::StoreN(hn::DemoteTo(d8, hn::Max(steps, lowest)), d8, to + i, lanes);
  }
  return scale;
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_QUANTISE_INL_H_
