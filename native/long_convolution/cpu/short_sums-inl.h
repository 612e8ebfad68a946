// The sums that gradients of filters and biases are: outputs' gradients times the inputs that each tap meets.

#if defined(KI_LONG_CONVOLUTION_CPU_SHORT_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_SHORT_SUMS_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_SHORT_SUMS_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_SHORT_SUMS_INL_H_
#endif

#include "long_convolution/cpu/short_products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

// Adds `rows` rows of gradients `g` and inputs `x` to the sums of kTapCount taps, which are vectors `sum_step` floats
// apart. Tap q is x_step * q before x. kTogether rows at a time; more than one must be x_step apart, so that taps share
// inputs.
template <int kTogether, int kTapCount, class T>
HWY_INLINE void add_tap_sums(const T* HWY_RESTRICT g, std::ptrdiff_t g_step, const T* HWY_RESTRICT x,
                             std::ptrdiff_t x_step, std::ptrdiff_t row_step, std::int64_t rows,
                             float* HWY_RESTRICT sums, std::ptrdiff_t sum_step) {
  const FloatTag d;
  FloatVector taps[kTapCount];
#pragma GCC unroll 8
  for (int q = 0; q < kTapCount; ++q) taps[q] = hn::LoadU(d, sums + q * sum_step);
  std::int64_t r = 0;
  for (; r + kTogether <= rows; r += kTogether) {
    correlate<kTogether>(g + r * g_step, g_step, x + r * row_step, x_step, taps);
  }
  if constexpr (kTogether > 1) {
    for (; r < rows; ++r) correlate<1>(g + r * g_step, g_step, x + r * row_step, x_step, taps);
  }
#pragma GCC unroll 8
  for (int q = 0; q < kTapCount; ++q) hn::StoreU(taps[q], d, sums + q * sum_step);
}

// The same for any number of taps.
template <int kTogether, class T>
HWY_INLINE void add_all_tap_sums(std::int64_t taps, const T* g, std::ptrdiff_t g_step, const T* x,
                                 std::ptrdiff_t x_step, std::ptrdiff_t row_step, std::int64_t rows, float* sums,
                                 std::ptrdiff_t sum_step) {
  const auto next = [&](auto count) HWY_ATTR {
    constexpr int kCount = decltype(count)::value;
    add_tap_sums<kTogether, kCount>(g, g_step, x, x_step, row_step, rows, sums, sum_step);
    taps -= kCount;
    x -= kCount * x_step;
    sums += kCount * sum_step;
  };
  while (taps >= 8) next(std::integral_constant<int, 8>());
  if (taps >= 4) next(std::integral_constant<int, 4>());
  if (taps >= 2) next(std::integral_constant<int, 2>());
  if (taps >= 1) next(std::integral_constant<int, 1>());
}

template <class T>
HWY_INLINE void add_bias_sum(const T* HWY_RESTRICT g, std::ptrdiff_t step, std::int64_t rows, float* HWY_RESTRICT sum) {
  const FloatTag d;
  auto total = hn::LoadU(d, sum);
  for (std::int64_t r = 0; r < rows; ++r) total = hn::Add(total, simd::load(d, g + r * step));
  hn::StoreU(total, d, sum);
}

// Time is contiguous: a vector of sums for each tap, then one for the bias. `g` has zeros behind the last of `count`
// elements.
HWY_INLINE void add_sums_of_times(const float* HWY_RESTRICT g, const float* HWY_RESTRICT x, std::int64_t width,
                                  std::int64_t count, float* HWY_RESTRICT sums) {
  const FloatTag d;
  const std::int64_t whole = count / kLanes, rest = count % kLanes;
  if (width <= kLanes) {
    add_all_tap_sums<1>(width, g, kLanes, x, 1, kLanes, whole, sums, kLanes);
  } else {
    // Taps a vector apart share what they load.
    for (std::int64_t p = 0; p < kLanes; ++p) {
      const std::int64_t taps = (width - p + kLanes - 1) / kLanes;
      add_all_tap_sums<4>(taps, g, kLanes, x - p, kLanes, kLanes, whole, sums + p * kLanes, kLanes * kLanes);
    }
  }
  add_bias_sum(g, kLanes, whole + (rest > 0), sums + width * kLanes);
  if (rest == 0) return;
  // Outputs behind the last do not exist: the inputs that they would meet may be NaN, and must not count.
  const auto exists = hn::FirstN(d, static_cast<std::size_t>(rest));
  const auto last = hn::LoadU(d, g + whole * kLanes);
  for (std::int64_t j = 0; j < width; ++j) {
    const auto inputs = hn::IfThenElseZero(exists, hn::LoadU(d, x + whole * kLanes - j));
    hn::StoreU(hn::MulAdd(last, inputs, hn::LoadU(d, sums + j * kLanes)), d, sums + j * kLanes);
  }
}

// Channels are contiguous: the sums of one vector of channels, kBlock apart.
template <class T>
HWY_INLINE void add_sums_of_channels(const T* HWY_RESTRICT g, std::ptrdiff_t g_step, const T* HWY_RESTRICT x,
                                     std::ptrdiff_t x_step, std::int64_t width, std::int64_t rows,
                                     float* HWY_RESTRICT sums) {
  add_all_tap_sums<4>(width, g, g_step, x, x_step, x_step, rows, sums, kBlock);
  add_bias_sum(g, g_step, rows, sums + width * kBlock);
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_SHORT_SUMS_INL_H_
