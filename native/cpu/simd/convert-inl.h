// Loads that widen to float32 and stores that round to the storage type: nearest even, NaN stays NaN, overflow is
// infinity.

#if defined(KI_CPU_SIMD_CONVERT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_CPU_SIMD_CONVERT_INL_H_
#undef KI_CPU_SIMD_CONVERT_INL_H_
#else
#define KI_CPU_SIMD_CONVERT_INL_H_
#endif

#include "cpu/simd/float_types.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// 16 lanes at the most, so that the code below is the same for every target.
using FloatTag = hn::CappedTag<float, 16>;
using FloatVector = hn::Vec<FloatTag>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(FloatTag()));

template <class D>
using BitsTag = hn::Rebind<std::uint16_t, D>;

// Widen: exact.
template <class D>
HWY_INLINE hn::Vec<D> widen(D d, Float16, hn::Vec<BitsTag<D>> bits) {
  return hn::PromoteTo(d, hn::BitCast(hn::Rebind<hwy::float16_t, D>(), bits));
}

template <class D>
HWY_INLINE hn::Vec<D> widen(D d, BFloat16, hn::Vec<BitsTag<D>> bits) {
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(hn::RebindToUnsigned<D>(), bits)));
}

// Narrow: one rounding.
template <class D>
HWY_INLINE hn::Vec<BitsTag<D>> narrow(D, Float16, hn::Vec<D> x) {
  return hn::BitCast(BitsTag<D>(), hn::DemoteTo(hn::Rebind<hwy::float16_t, D>(), x));
}

template <class D>
HWY_INLINE hn::Vec<BitsTag<D>> narrow(D, BFloat16, hn::Vec<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  // Adding half of the last kept place, less one where that place is even, carries exactly when rounding goes up.
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFFu)));
  // A NaN is made quiet instead: rounding could carry its payload into infinity or zero.
  const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000u));
  const auto kept = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(x)), quiet, rounded);
  return hn::TruncateTo(BitsTag<D>(), hn::ShiftRight<16>(kept));
}

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const float* p) {
  return hn::LoadU(d, p);
}

template <class D, class T>
HWY_INLINE hn::Vec<D> load(D d, const T* p) {
  return widen(d, T{}, hn::LoadU(BitsTag<D>(), &p->bits));
}

// The first `count` lanes, zeros behind; reads nothing beyond them.
template <class D>
HWY_INLINE hn::Vec<D> load_first(D d, const float* p, std::size_t count) {
  return hn::LoadN(d, p, count);
}

template <class D, class T>
HWY_INLINE hn::Vec<D> load_first(D d, const T* p, std::size_t count) {
  return widen(d, T{}, hn::LoadN(BitsTag<D>(), &p->bits, count));
}

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const std::int8_t* p) {
  return hn::ConvertTo(d, hn::PromoteTo(hn::RebindToSigned<D>(), hn::LoadU(hn::Rebind<std::int8_t, D>(), p)));
}

template <class D>
HWY_INLINE hn::Vec<D> load_first(D d, const std::int8_t* p, std::size_t count) {
  return hn::ConvertTo(d, hn::PromoteTo(hn::RebindToSigned<D>(), hn::LoadN(hn::Rebind<std::int8_t, D>(), p, count)));
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> x, float* p) {
  hn::StoreU(x, d, p);
}

template <class D, class T>
HWY_INLINE void store(D d, hn::Vec<D> x, T* p) {
  hn::StoreU(narrow(d, T{}, x), BitsTag<D>(), &p->bits);
}

template <class D>
HWY_INLINE void store_first(D d, hn::Vec<D> x, float* p, std::size_t count) {
  hn::StoreN(x, d, p, count);
}

template <class D, class T>
HWY_INLINE void store_first(D d, hn::Vec<D> x, T* p, std::size_t count) {
  hn::StoreN(narrow(d, T{}, x), BitsTag<D>(), &p->bits, count);
}

// Copies `count` elements of a row, widened.
template <class T>
HWY_INLINE void widen_row(const T* HWY_RESTRICT from, float* HWY_RESTRICT to, int count) {
  const FloatTag d;
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(load(d, from + i), d, to + i);
  if (i < count) hn::StoreN(load_first(d, from + i, count - i), d, to + i, count - i);
}

// Copies `count` elements of a row, narrowed.
template <class T>
HWY_INLINE void narrow_row(const float* HWY_RESTRICT from, T* HWY_RESTRICT to, int count) {
  const FloatTag d;
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) store(d, hn::LoadU(d, from + i), to + i);
  if (i < count) store_first(d, hn::LoadN(d, from + i, count - i), to + i, count - i);
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_CONVERT_INL_H_
