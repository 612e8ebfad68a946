// The softmax of a run of scores in units of log2, short of the division by the sum.

#if defined(KI_ATTENTION_CPU_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_SOFTMAX_INL_H_
#undef KI_ATTENTION_CPU_SOFTMAX_INL_H_
#else
#define KI_ATTENTION_CPU_SOFTMAX_INL_H_
#endif

#include <algorithm>
#include <limits>

#include "cpu/simd/convert-inl.h"
#include "cpu/simd/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// A run's last, partial vector of scores; lanes behind the last key, which hold anything, are -infinity. The memory must
// reach to the vector's end.
HWY_INLINE simd::FloatVector tail_scores(const float* scores, int keys) {
  const simd::FloatTag d;
  const int full = keys / simd::kLanes * simd::kLanes;
  const auto hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
  return hn::IfThenElse(hn::FirstN(d, keys - full), hn::LoadU(d, scores + full), hidden);
}

HWY_INLINE float largest_score(const float* HWY_RESTRICT scores, int keys) {
  const simd::FloatTag d;
  constexpr int kLanes = simd::kLanes;
  const int full = keys / kLanes * kLanes;
  // Four maxima at a time: one would wait for itself.
  simd::FloatVector maxima[4];
  for (auto& maximum : maxima) maximum = tail_scores(scores, keys);
  int j = 0;
  for (; j + 4 * kLanes <= full; j += 4 * kLanes) {
    for (int i = 0; i < 4; ++i) maxima[i] = hn::Max(maxima[i], hn::LoadU(d, scores + j + i * kLanes));
  }
  for (; j < full; j += kLanes) maxima[0] = hn::Max(maxima[0], hn::LoadU(d, scores + j));
  return hn::ReduceMax(d, hn::Max(hn::Max(maxima[0], maxima[1]), hn::Max(maxima[2], maxima[3])));
}

// Turns scores into 2^(score - shift) and returns their sum. Whole vectors are written.
HWY_INLINE float exponentiate(float* HWY_RESTRICT scores, int keys, float shift) {
  const simd::FloatTag d;
  constexpr int kLanes = simd::kLanes;
  const auto shifts = hn::Set(d, shift);
  const int full = keys / kLanes * kLanes;
  auto sums = simd::exp2(d, hn::Sub(tail_scores(scores, keys), shifts));
  hn::StoreU(sums, d, scores + full);
  for (int j = 0; j < full; j += kLanes) {
    const auto terms = simd::exp2(d, hn::Sub(hn::LoadU(d, scores + j), shifts));
    hn::StoreU(terms, d, scores + j);
    sums = hn::Add(sums, terms);
  }
  return hn::ReduceSum(d, sums);
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_SOFTMAX_INL_H_
