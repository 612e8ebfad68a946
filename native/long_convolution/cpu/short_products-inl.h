// The products at the heart of a short convolution. A few vectors of inputs meet a few taps, every input that is loaded
// for all of them.

#if defined(KI_LONG_CONVOLUTION_CPU_SHORT_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_SHORT_PRODUCTS_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_SHORT_PRODUCTS_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_SHORT_PRODUCTS_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "cpu/simd/convert-inl.h"
#include "long_convolution/cpu/short.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::FloatVector;
using simd::kLanes;

// Sums that are formed side by side, and taps that an input meets at a time. Two units with a latency of 4 keep 8
// multiply-adds under way, and with twice as many sums none waits for another: 16 + 4 + 1 of 32 registers. AVX2 has 16:
// 8 + 4 + 1.
inline constexpr int kSums = HWY_TARGET == HWY_AVX2 ? 8 : 16;
inline constexpr int kTaps = 4;

// Keeps what was loaded in a register. The compiler takes loads for free, and would repeat one with every use; but
// where time is contiguous nearly all cross a cache line, and then two loads cost as much as two multiply-adds.
HWY_INLINE FloatVector in_register(FloatVector x) {
#if HWY_ARCH_X86
  asm("" : "+v"(x.raw));
#endif
  return x;
}

// sums[r] += tap(q) * x[(r - q) * step] for all r and q. `x` has elements of T.
template <int kCount, int kTapCount, class T, class Tap>
HWY_INLINE void add_taps(const T* HWY_RESTRICT x, std::ptrdiff_t step, const Tap& tap, FloatVector (&sums)[kCount]) {
  const FloatTag d;
  FloatVector taps[kTapCount];
#pragma GCC unroll 8
  for (int q = 0; q < kTapCount; ++q) taps[q] = tap(q);
#pragma GCC unroll 32
  for (int row = 1 - kTapCount; row < kCount; ++row) {
    const auto inputs = in_register(simd::load(d, x + row * step));
#pragma GCC unroll 8
    for (int q = 0; q < kTapCount; ++q) {
      const int r = row + q;
      if (r >= 0 && r < kCount) sums[r] = hn::MulAdd(taps[q], inputs, sums[r]);
    }
  }
}

// The same for as many taps as there are, up to kTaps.
template <int kCount, class T, class Tap>
HWY_INLINE void add_taps(std::int64_t count, const T* HWY_RESTRICT x, std::ptrdiff_t step, const Tap& tap,
                         FloatVector (&sums)[kCount]) {
  switch (count) {
    case 1: return add_taps<kCount, 1>(x, step, tap, sums);
    case 2: return add_taps<kCount, 2>(x, step, tap, sums);
    case 3: return add_taps<kCount, 3>(x, step, tap, sums);
    default: return add_taps<kCount, kTaps>(x, step, tap, sums);
  }
}

// Where time is contiguous: kCount vectors of results from `x` on. A vector of inputs that begins p before a vector of
// results is what tap p needs, and tap p + kLanes of the next vector, and so on: taps a vector apart share what they
// load.
template <int kCount>
HWY_INLINE void convolve_times(const float* HWY_RESTRICT x, const float* HWY_RESTRICT taps, std::int64_t width,
                               FloatVector (&sums)[kCount]) {
  const FloatTag d;
  for (std::int64_t first = 0; first < width; first += kTaps * kLanes) {
    const std::int64_t end = std::min<std::int64_t>(first + kLanes, width);
    for (std::int64_t p = first; p < end; ++p) {
      const std::int64_t count = std::min<std::int64_t>((width - p + kLanes - 1) / kLanes, kTaps);
      const auto tap = [&](int q) HWY_ATTR { return hn::Set(d, taps[p + q * kLanes]); };
      add_taps(count, x - p, kLanes, tap, sums);
    }
  }
}

// Where channels are contiguous: kCount rows of one vector of channels. `taps` are kBlock apart.
template <int kCount, class T>
HWY_INLINE void convolve_channels(const T* HWY_RESTRICT x, std::ptrdiff_t step, const float* HWY_RESTRICT taps,
                                  std::int64_t width, FloatVector (&sums)[kCount]) {
  const FloatTag d;
  for (std::int64_t p = 0; p < width; p += kTaps) {
    const auto tap = [&](int q) HWY_ATTR { return hn::LoadU(d, taps + (p + q) * kBlock); };
    add_taps(std::min<std::int64_t>(width - p, kTaps), x - p * step, step, tap, sums);
  }
}

// sums[q] += sum over r of g[r * g_step] * x[(r - q) * x_step]
template <int kCount, int kTapCount, class T>
HWY_INLINE void correlate(const T* HWY_RESTRICT g, std::ptrdiff_t g_step, const T* HWY_RESTRICT x,
                          std::ptrdiff_t x_step, FloatVector (&sums)[kTapCount]) {
  const FloatTag d;
  FloatVector gradients[kCount];
#pragma GCC unroll 8
  for (int r = 0; r < kCount; ++r) gradients[r] = simd::load(d, g + r * g_step);
#pragma GCC unroll 32
  for (int row = 1 - kTapCount; row < kCount; ++row) {
    const auto inputs = in_register(simd::load(d, x + row * x_step));
#pragma GCC unroll 8
    for (int q = 0; q < kTapCount; ++q) {
      const int r = row + q;
      if (r >= 0 && r < kCount) sums[q] = hn::MulAdd(gradients[r], inputs, sums[q]);
    }
  }
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_SHORT_PRODUCTS_INL_H_
