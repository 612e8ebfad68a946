// Results of a tile from its window: vectors along time, or along channels.

#if defined(KI_LONG_CONVOLUTION_CPU_SHORT_PASS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_SHORT_PASS_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_SHORT_PASS_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_SHORT_PASS_INL_H_
#endif

#include "long_convolution/cpu/short_windows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

// Calls body(count, i) for pieces that cover [0, end), of kSums where there are as many, of 4 or 1 where there are
// fewer. The last may cover what is covered already: every result is the same sum of the same terms, wherever its piece
// begins.
template <class Body>
HWY_INLINE void for_pieces(std::int64_t end, const Body& body) {
  using Many = std::integral_constant<int, kSums>;
  std::int64_t i = 0;
  for (; i + kSums <= end; i += kSums) body(Many(), i);
  if (i == end) return;
  if (end >= kSums) return body(Many(), end - kSums);
  for (; i + 4 <= end; i += 4) body(std::integral_constant<int, 4>(), i);
  for (; i < end; ++i) body(std::integral_constant<int, 1>(), i);
}

template <int kCount>
HWY_INLINE void set_all(FloatVector (&sums)[kCount], FloatVector value) {
#pragma GCC unroll 16
  for (int r = 0; r < kCount; ++r) sums[r] = value;
}

// `count` results of one channel, time being contiguous.
template <class T>
HWY_INLINE void pass_times(const float* HWY_RESTRICT x, const float* HWY_RESTRICT taps, std::int64_t width, float bias,
                           std::int64_t count, T* HWY_RESTRICT to) {
  const FloatTag d;
  const auto biases = hn::Set(d, bias);
  const std::int64_t whole = count / kLanes;
  for_pieces(whole, [&](auto vectors, std::int64_t v) HWY_ATTR {
    constexpr int kCount = decltype(vectors)::value;
    FloatVector sums[kCount];
    set_all(sums, biases);
    convolve_times(x + v * kLanes, taps, width, sums);
#pragma GCC unroll 16
    for (int r = 0; r < kCount; ++r) simd::store(d, sums[r], to + (v + r) * kLanes);
  });
  if (whole * kLanes == count) return;
  FloatVector sums[1] = {biases};
  convolve_times(x + whole * kLanes, taps, width, sums);
  simd::store_first(d, sums[0], to + whole * kLanes, static_cast<std::size_t>(count - whole * kLanes));
}

// `rows` results of the first `count` channels of a vector, channels being contiguous.
template <class X, class T>
HWY_INLINE void pass_channels(const X* HWY_RESTRICT x, std::ptrdiff_t step, const float* HWY_RESTRICT taps,
                              std::int64_t width, FloatVector bias, std::int64_t rows, T* HWY_RESTRICT to,
                              std::ptrdiff_t to_step, std::size_t count) {
  const FloatTag d;
  for_pieces(rows, [&](auto together, std::int64_t t) HWY_ATTR {
    constexpr int kCount = decltype(together)::value;
    FloatVector sums[kCount];
    set_all(sums, bias);
    convolve_channels(x + t * step, step, taps, width, sums);
    if (count == static_cast<std::size_t>(kLanes)) {
#pragma GCC unroll 16
      for (int r = 0; r < kCount; ++r) simd::store(d, sums[r], to + (t + r) * to_step);
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < kCount; ++r) simd::store_first(d, sums[r], to + (t + r) * to_step, count);
    }
  });
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_SHORT_PASS_INL_H_
