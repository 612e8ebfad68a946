// The core of a transform: its last lanes^2 points, where numbers of one vector meet.
//
// With g = lanes / 4, so many blocks of 4 lanes does a vector have, there are four stages: radix g and radix 4 between
// vectors; then lanes and vectors change places, which turns neighbours in a vector into neighbouring vectors; then
// radix g and radix 4 between vectors again. The exchange is done in two steps, each where its operands are in
// registers anyway: after the second stage among 4 lanes and 4 vectors, before the third stage among g blocks and g
// vectors.
//
// The numbers come out as: vector v, lane e holds frequency e / 4 + g (e % 4) + lanes (v / 4 + g (v % 4)).

#if defined(KI_LONG_CONVOLUTION_CPU_CORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_CORE_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_CORE_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_CORE_INL_H_
#endif

#include "long_convolution/cpu/stage-inl.h"
#include "long_convolution/cpu/transform.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

inline constexpr int kBlocks = kLanes / 4;
inline constexpr std::int64_t kCorePoints = kLanes * kLanes;

// Within each block: lane i of vector j becomes lane j of vector i.
HWY_INLINE void transpose_lanes(FloatVector& x0, FloatVector& x1, FloatVector& x2, FloatVector& x3) {
  const FloatTag d;
  const hn::Repartition<double, FloatTag> dd;
  const auto low01 = hn::BitCast(dd, hn::InterleaveLower(d, x0, x1)),
             low23 = hn::BitCast(dd, hn::InterleaveLower(d, x2, x3));
  const auto up01 = hn::BitCast(dd, hn::InterleaveUpper(d, x0, x1)),
             up23 = hn::BitCast(dd, hn::InterleaveUpper(d, x2, x3));
  x0 = hn::BitCast(d, hn::InterleaveLower(dd, low01, low23));
  x1 = hn::BitCast(d, hn::InterleaveUpper(dd, low01, low23));
  x2 = hn::BitCast(d, hn::InterleaveLower(dd, up01, up23));
  x3 = hn::BitCast(d, hn::InterleaveUpper(dd, up01, up23));
}

HWY_INLINE void transpose_lanes(ComplexVector (&x)[4]) {
  transpose_lanes(x[0].re, x[1].re, x[2].re, x[3].re);
  transpose_lanes(x[0].im, x[1].im, x[2].im, x[3].im);
}

// Block i of vector j becomes block j of vector i.
HWY_INLINE void transpose_blocks(ComplexVector (&)[1]) {}

#if HWY_MAX_BYTES >= 32
HWY_INLINE void exchange_halves(FloatVector& a, FloatVector& b) {
  const FloatTag d;
  const auto lower = hn::ConcatLowerLower(d, b, a);
  b = hn::ConcatUpperUpper(d, b, a);
  a = lower;
}

HWY_INLINE void transpose_blocks(ComplexVector (&x)[2]) {
  exchange_halves(x[0].re, x[1].re);
  exchange_halves(x[0].im, x[1].im);
}
#endif

#if HWY_MAX_BYTES >= 64
HWY_INLINE void exchange_odd_blocks(FloatVector& a, FloatVector& b) {
  const auto even = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(b), a);
  b = hn::OddEvenBlocks(b, hn::SwapAdjacentBlocks(a));
  a = even;
}

HWY_INLINE void transpose_blocks(FloatVector& x0, FloatVector& x1, FloatVector& x2, FloatVector& x3) {
  exchange_halves(x0, x2);
  exchange_halves(x1, x3);
  exchange_odd_blocks(x0, x1);
  exchange_odd_blocks(x2, x3);
}

HWY_INLINE void transpose_blocks(ComplexVector (&x)[4]) {
  transpose_blocks(x[0].re, x[1].re, x[2].re, x[3].re);
  transpose_blocks(x[0].im, x[1].im, x[2].im, x[3].im);
}
#endif

// The first three stages, which leave the numbers before the last one, and their inverses.
HWY_INLINE void enter_core(const Transform& t, float* HWY_RESTRICT z) {
  constexpr Direction kForward = Direction::forward;
  if constexpr (kBlocks > 1) run_stage<kBlocks, kForward>(z, t.core_first(), 4);
  for (int block = 0; block < kBlocks; ++block) {
    float* HWY_RESTRICT at = z + block * 4 * kPitch;
    ComplexVector x[4];
    for (int i = 0; i < 4; ++i) x[i] = load<kForward>(at + i * kPitch);
    dft(x);
    for (int q = 1; q < 4; ++q) x[q] = x[q] * load_twiddle(t.core_second() + (q - 1) * kPitch);
    transpose_lanes(x);
    for (int i = 0; i < 4; ++i) store<kForward>(x[i], at + i * kPitch);
  }
  if constexpr (kBlocks > 1) {
    for (int column = 0; column < 4; ++column) {
      float* HWY_RESTRICT at = z + column * kPitch;
      ComplexVector x[kBlocks];
      for (int i = 0; i < kBlocks; ++i) x[i] = load<kForward>(at + 4 * i * kPitch);
      transpose_blocks(x);
      dft(x);
      for (int q = 1; q < kBlocks && column > 0; ++q) {
        x[q] = x[q] * broadcast(t.core_third() + 2 * (column * kBlocks + q));
      }
      for (int i = 0; i < kBlocks; ++i) store<kForward>(x[i], at + 4 * i * kPitch);
    }
  }
}

HWY_INLINE void leave_core(const Transform& t, float* HWY_RESTRICT z) {
  constexpr Direction kInverse = Direction::inverse;
  if constexpr (kBlocks > 1) {
    for (int column = 0; column < 4; ++column) {
      float* HWY_RESTRICT at = z + column * kPitch;
      ComplexVector x[kBlocks];
      for (int i = 0; i < kBlocks; ++i) x[i] = load<kInverse>(at + 4 * i * kPitch);
      for (int q = 1; q < kBlocks && column > 0; ++q) {
        x[q] = x[q] * broadcast(t.core_third() + 2 * (column * kBlocks + q));
      }
      dft(x);
      transpose_blocks(x);
      for (int i = 0; i < kBlocks; ++i) store<kInverse>(x[i], at + 4 * i * kPitch);
    }
  }
  for (int block = 0; block < kBlocks; ++block) {
    float* HWY_RESTRICT at = z + block * 4 * kPitch;
    ComplexVector x[4];
    for (int i = 0; i < 4; ++i) x[i] = load<kInverse>(at + i * kPitch);
    transpose_lanes(x);
    for (int q = 1; q < 4; ++q) x[q] = x[q] * load_twiddle(t.core_second() + (q - 1) * kPitch);
    dft(x);
    for (int i = 0; i < 4; ++i) store<kInverse>(x[i], at + i * kPitch);
  }
  if constexpr (kBlocks > 1) run_stage<kBlocks, kInverse>(z, t.core_first(), 4);
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_CORE_INL_H_
