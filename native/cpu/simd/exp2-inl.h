// 2^x for the softmax, where x is never above 0 but for rounding.

#if defined(KI_CPU_SIMD_EXP2_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_CPU_SIMD_EXP2_INL_H_
#undef KI_CPU_SIMD_EXP2_INL_H_
#else
#define KI_CPU_SIMD_EXP2_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// 2^x for x <= 1. Relative error below 2^-22 for x >= -126; below that the absolute error is under 2^-125, and the
// result is exactly 0 from -127 down to -infinity. 2^0 is exactly 1. NaN stays NaN.
//
// x = n + f with n an integer and |f| <= 1/2. Adding 1.5 * 2^23 rounds x to an integer and leaves n in the low bits of
// the sum, whence it goes straight into the exponent. 2^f = 1 + f q(f), q of degree 4, fitted to the least largest
// relative error (9.2e-8) with the constant term held at 1.
template <class D>
HWY_INLINE hn::Vec<D> exp2(D d, hn::Vec<D> x) {
  const hn::RebindToUnsigned<D> du;
  // At -127 the sum of exponents is 0 and the bits are those of 0.0. Not Max, which loses a NaN on some processors.
  const auto lowest = hn::Set(d, -127.0f);
  x = hn::IfThenElse(hn::Lt(x, lowest), lowest, x);
  const auto round = hn::Set(d, 12582912.0f);
  const auto shifted = hn::Add(x, round);
  const auto f = hn::Sub(x, hn::Sub(shifted, round));
  auto p = hn::Set(d, 1.3264726902467152e-3f);
  p = hn::MulAdd(p, f, hn::Set(d, 9.671512660512244e-3f));
  p = hn::MulAdd(p, f, hn::Set(d, 5.550733744234238e-2f));
  p = hn::MulAdd(p, f, hn::Set(d, 2.402224208492027e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 6.931469775984768e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0f));
  return hn::BitCast(d, hn::Add(hn::BitCast(du, p), hn::ShiftLeft<23>(hn::BitCast(du, shifted))));
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_EXP2_INL_H_
