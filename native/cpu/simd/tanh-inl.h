// tanh, for the bound on attention's scores.

#if defined(KI_CPU_SIMD_TANH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_CPU_SIMD_TANH_INL_H_
#undef KI_CPU_SIMD_TANH_INL_H_
#else
#define KI_CPU_SIMD_TANH_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Relative error below 2^-21, small arguments included; NaN stays NaN.
//
// x p(x^2) / q(x^2), both of degree 4 and fitted on |x| <= 9.1 to the least largest relative error (2.4e-8); from there on
// tanh is 1 in float32. All coefficients are positive, so nothing cancels.
template <class D>
HWY_INLINE hn::Vec<D> tanh(D d, hn::Vec<D> x) {
  const auto limit = hn::Set(d, 9.1f);
  // Not Min and Max, which lose a NaN on some processors.
  x = hn::IfThenElse(hn::Gt(hn::Abs(x), limit), hn::CopySign(limit, x), x);
  const auto z = hn::Mul(x, x);
  auto p = hn::Set(d, 1.3241965688472935e-8f);
  p = hn::MulAdd(p, z, hn::Set(d, 2.0533363004077858e-5f));
  p = hn::MulAdd(p, z, hn::Set(d, 3.4912422243759893e-3f));
  p = hn::MulAdd(p, z, hn::Set(d, 1.3377457843790184e-1f));
  p = hn::MulAdd(p, z, hn::Set(d, 1.0f));
  auto q = hn::Set(d, 7.7320736902268182e-7f);
  q = hn::MulAdd(q, z, hn::Set(d, 3.278344924411956e-4f));
  q = hn::MulAdd(q, z, hn::Set(d, 2.5860726807378231e-2f));
  q = hn::MulAdd(q, z, hn::Set(d, 4.6710778063307606e-1f));
  q = hn::MulAdd(q, z, hn::Set(d, 1.0f));
  return hn::Div(hn::Mul(x, p), q);
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_TANH_INL_H_
