// Rotary embedding (RoFormer, Su et al. 2021, section 3.2) of one row, in float32.

#if defined(KI_ATTENTION_CPU_ROTARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_ROTARY_INL_H_
#undef KI_ATTENTION_CPU_ROTARY_INL_H_
#else
#define KI_ATTENTION_CPU_ROTARY_INL_H_
#endif

#include "attention/cpu/at.h"
#include "attention/problem.h"
#include "cpu/simd/convert-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// Turns a vector's worth of pairs (x, y) by their angles.
template <class D>
HWY_INLINE void turn(D d, const float* HWY_RESTRICT cos, const float* HWY_RESTRICT sin, hn::Vec<D>& x, hn::Vec<D>& y) {
  const auto c = hn::LoadU(d, cos), s = hn::LoadU(d, sin);
  const auto turned = hn::MulSub(x, c, hn::Mul(y, s));
  y = hn::MulAdd(x, s, hn::Mul(y, c));
  x = turned;
}

// Pairs (first + i, first + i + half): `x` is the row from its element `first` on.
template <class D>
HWY_INLINE void turn_halves(D d, const float* cos, const float* sin, int half, float* x) {
  auto a = hn::LoadU(d, x), b = hn::LoadU(d, x + half);
  turn(d, cos, sin, a, b);
  hn::StoreU(a, d, x);
  hn::StoreU(b, d, x + half);
}

// Pairs (2i, 2i + 1).
template <class D>
HWY_INLINE void turn_neighbours(D d, const float* cos, const float* sin, float* x) {
  hn::Vec<D> a, b;
  hn::LoadInterleaved2(d, x, a, b);
  turn(d, cos, sin, a, b);
  hn::StoreInterleaved2(a, b, d, x);
}

// Turns the first rotary_dim elements of a row that stands at a position.
HWY_INLINE void rotate_row(const Cache& cache, std::int64_t position, float* HWY_RESTRICT row) {
  const float* cos = at<const float>(cache.rotary_cos, position);
  const float* sin = at<const float>(cache.rotary_sin, position);
  const int half = static_cast<int>(cache.rotary_dim / 2);
  const auto turn_pairs = [&](auto d, int c) HWY_ATTR {
    if (cache.rotary_interleaved) {
      turn_neighbours(d, cos + c, sin + c, row + 2 * c);
    } else {
      turn_halves(d, cos + c, sin + c, half, row + c);
    }
  };
  int c = 0;
  for (; c + simd::kLanes <= half; c += simd::kLanes) turn_pairs(simd::FloatTag(), c);
  for (; c < half; ++c) turn_pairs(hn::CappedTag<float, 1>(), c);
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_ROTARY_INL_H_
