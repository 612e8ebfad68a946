// Loads of key and value rows for the decode path, which uses each element a few times only: the fewest instructions for
// each type, in whatever order of lanes they give.
//
// A pair of bfloat16 is one 32-bit word, whose upper half is a float32 once the lower one is cleared, and whose lower half is
// one once it is shifted up. That is one instruction for each vector of float32 where widening in order takes two, but
// splits a group of two vectors into its even and its odd elements, its two parts. Queries are brought into that order, and
// sums of values out of it, once for many keys.

#if defined(KI_ATTENTION_CPU_DECODE_PARTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_DECODE_PARTS_INL_H_
#undef KI_ATTENTION_CPU_DECODE_PARTS_INL_H_
#else
#define KI_ATTENTION_CPU_DECODE_PARTS_INL_H_
#endif

#include <type_traits>

#include "cpu/simd/convert-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// Vectors of float32 that the elements of a group fill, and the elements.
template <class C>
inline constexpr int kParts = std::is_same_v<C, ki::cpu::BFloat16> ? 2 : 1;
template <class C>
inline constexpr int kGroup = kParts<C>* simd::kLanes;

// Calls body with the number of each part, a constant.
template <class C, class Body>
HWY_INLINE void for_parts(const Body& body) {
  body(std::integral_constant<int, 0>());
  if constexpr (kParts<C> == 2) body(std::integral_constant<int, 1>());
}

template <int kPart>
HWY_INLINE simd::FloatVector part_of(hn::Vec<hn::Repartition<std::uint16_t, simd::FloatTag>> pairs) {
  const hn::RebindToUnsigned<simd::FloatTag> du;
  const auto words = hn::BitCast(du, pairs);
  return hn::BitCast(simd::FloatTag(),
                     kPart == 0 ? hn::ShiftLeft<16>(words) : hn::And(words, hn::Set(du, 0xFFFF0000u)));
}

template <int kPart, class C>
HWY_INLINE simd::FloatVector load_part(simd::FloatTag d, const C* from) {
  if constexpr (kParts<C> == 1) {
    return simd::load(d, from);
  } else {
    return part_of<kPart>(hn::LoadU(hn::Repartition<std::uint16_t, simd::FloatTag>(), &from->bits));
  }
}

// The same of a group's first `count` elements, zeros behind; reads nothing beyond them.
template <int kPart, class C>
HWY_INLINE simd::FloatVector load_first_part(simd::FloatTag d, const C* from, std::size_t count) {
  if constexpr (kParts<C> == 1) {
    return simd::load_first(d, from, count);
  } else {
    return part_of<kPart>(hn::LoadN(hn::Repartition<std::uint16_t, simd::FloatTag>(), &from->bits, count));
  }
}

// Brings a row of whole groups into the order of parts.
template <class C>
HWY_INLINE void split_into_parts(float* row, std::int64_t count) {
  if constexpr (kParts<C> == 2) {
    const simd::FloatTag d;
    for (std::int64_t i = 0; i < count; i += kGroup<C>) {
      const auto low = hn::LoadU(d, row + i), high = hn::LoadU(d, row + i + simd::kLanes);
      hn::StoreU(hn::ConcatEven(d, high, low), d, row + i);
      hn::StoreU(hn::ConcatOdd(d, high, low), d, row + i + simd::kLanes);
    }
  }
}

// And back.
template <class C>
HWY_INLINE void join_parts(float* row, std::int64_t count) {
  if constexpr (kParts<C> == 2) {
    const simd::FloatTag d;
    for (std::int64_t i = 0; i < count; i += kGroup<C>) {
      const auto even = hn::LoadU(d, row + i), odd = hn::LoadU(d, row + i + simd::kLanes);
      hn::StoreU(hn::InterleaveWholeLower(d, even, odd), d, row + i);
      hn::StoreU(hn::InterleaveWholeUpper(d, even, odd), d, row + i + simd::kLanes);
    }
  }
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DECODE_PARTS_INL_H_
