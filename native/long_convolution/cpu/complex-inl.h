// Vectors of complex numbers, and their DFTs of a few points. ComplexVector numbers lie in memory as a vector of real
// parts, then one of imaginary parts.

#if defined(KI_LONG_CONVOLUTION_CPU_COMPLEX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_COMPLEX_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_COMPLEX_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_COMPLEX_INL_H_
#endif

#include "cpu/simd/convert-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::FloatVector;
using simd::kLanes;

// Floats from one complex vector to the next.
inline constexpr int kPitch = 2 * kLanes;

struct ComplexVector {
  FloatVector re, im;
};

HWY_INLINE ComplexVector operator+(ComplexVector a, ComplexVector b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}
HWY_INLINE ComplexVector operator-(ComplexVector a, ComplexVector b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}
HWY_INLINE ComplexVector operator*(ComplexVector a, ComplexVector w) {
  return {hn::NegMulAdd(a.im, w.im, hn::Mul(a.re, w.re)), hn::MulAdd(a.re, w.im, hn::Mul(a.im, w.re))};
}
HWY_INLINE ComplexVector times_conjugate(ComplexVector a, ComplexVector w) {
  return {hn::MulAdd(a.im, w.im, hn::Mul(a.re, w.re)), hn::NegMulAdd(a.re, w.im, hn::Mul(a.im, w.re))};
}
HWY_INLINE ComplexVector plus_i_times(ComplexVector a, ComplexVector b) {
  return {hn::Sub(a.re, b.im), hn::Add(a.im, b.re)};
}
HWY_INLINE ComplexVector minus_i_times(ComplexVector a, ComplexVector b) {
  return {hn::Add(a.re, b.im), hn::Sub(a.im, b.re)};
}
HWY_INLINE ComplexVector scaled(ComplexVector a, float s) {
  const auto v = hn::Set(FloatTag(), s);
  return {hn::Mul(a.re, v), hn::Mul(a.im, v)};
}
HWY_INLINE ComplexVector add_scaled(ComplexVector a, float s, ComplexVector b) {  // a + s b
  const auto v = hn::Set(FloatTag(), s);
  return {hn::MulAdd(b.re, v, a.re), hn::MulAdd(b.im, v, a.im)};
}

// The inverse transform is the forward one of numbers whose real and imaginary parts have changed places, and so has
// what comes out; twiddles stay as they are. So a direction is a way to load and store.
enum class Direction { forward, inverse };

template <Direction kDirection>
HWY_INLINE ComplexVector load(const float* z) {
  const FloatTag d;
  const ComplexVector x{hn::Load(d, z), hn::Load(d, z + kLanes)};
  return kDirection == Direction::forward ? x : ComplexVector{x.im, x.re};
}

template <Direction kDirection>
HWY_INLINE void store(ComplexVector x, float* z) {
  const FloatTag d;
  hn::Store(kDirection == Direction::forward ? x.re : x.im, d, z);
  hn::Store(kDirection == Direction::forward ? x.im : x.re, d, z + kLanes);
}

HWY_INLINE ComplexVector load_twiddle(const float* w) { return load<Direction::forward>(w); }

// One number, given as its real and imaginary part, in all lanes.
HWY_INLINE ComplexVector broadcast(const float* w) {
  const FloatTag d;
  return {hn::Set(d, w[0]), hn::Set(d, w[1])};
}

// x becomes its DFT, in natural order.
HWY_INLINE void dft(ComplexVector (&)[1]) {}

HWY_INLINE void dft(ComplexVector (&x)[2]) {
  const ComplexVector sum = x[0] + x[1];
  x[1] = x[0] - x[1];
  x[0] = sum;
}

HWY_INLINE void dft(ComplexVector (&x)[3]) {
  constexpr float kSine = 0.86602540378443864676f;  // sin(2 pi / 3)
  const ComplexVector sum = x[1] + x[2];
  const ComplexVector difference = scaled(x[1] - x[2], kSine);
  const ComplexVector middle = add_scaled(x[0], -0.5f, sum);
  x[0] = x[0] + sum;
  x[1] = minus_i_times(middle, difference);
  x[2] = plus_i_times(middle, difference);
}

HWY_INLINE void dft4(ComplexVector& x0, ComplexVector& x1, ComplexVector& x2, ComplexVector& x3) {
  const ComplexVector a = x0 + x2, b = x0 - x2, c = x1 + x3, d = x1 - x3;
  x0 = a + c;
  x1 = minus_i_times(b, d);
  x2 = a - c;
  x3 = plus_i_times(b, d);
}

HWY_INLINE void dft(ComplexVector (&x)[4]) { dft4(x[0], x[1], x[2], x[3]); }

HWY_INLINE void dft(ComplexVector (&x)[5]) {
  constexpr float kCosine1 = 0.30901699437494742410f, kCosine2 = -0.80901699437494742410f;  // of 2 pi / 5 and 4 pi / 5
  constexpr float kSine1 = 0.95105651629515357212f, kSine2 = 0.58778525229247312917f;
  const ComplexVector sum1 = x[1] + x[4], sum2 = x[2] + x[3], difference1 = x[1] - x[4], difference2 = x[2] - x[3];
  const ComplexVector even1 = add_scaled(add_scaled(x[0], kCosine1, sum1), kCosine2, sum2);
  const ComplexVector even2 = add_scaled(add_scaled(x[0], kCosine2, sum1), kCosine1, sum2);
  const ComplexVector odd1 = add_scaled(scaled(difference1, kSine1), kSine2, difference2);
  const ComplexVector odd2 = add_scaled(scaled(difference1, kSine2), -kSine1, difference2);
  x[0] = x[0] + sum1 + sum2;
  x[1] = minus_i_times(even1, odd1);
  x[2] = minus_i_times(even2, odd2);
  x[3] = plus_i_times(even2, odd2);
  x[4] = plus_i_times(even1, odd1);
}

HWY_INLINE void dft(ComplexVector (&x)[8]) {
  constexpr float kHalfRoot = 0.70710678118654752440f;  // sqrt(1/2)
  dft4(x[0], x[2], x[4], x[6]);
  dft4(x[1], x[3], x[5], x[7]);
  // The odd half's numbers times exp(-2 pi i k / 8): k = 2 is -i, and k = 1 and 3 are (1 - i) and (-1 - i) over
  // sqrt(2).
  const ComplexVector odd1{hn::Add(x[3].re, x[3].im), hn::Sub(x[3].im, x[3].re)};
  const ComplexVector odd3{hn::Sub(x[7].im, x[7].re),
                           hn::Add(x[7].re, x[7].im)};  // its imaginary part has the wrong sign
  const ComplexVector e0 = x[0], e1 = x[2], e2 = x[4], e3 = x[6], o0 = x[1], o2 = x[5];
  const auto root = hn::Set(FloatTag(), kHalfRoot);
  x[0] = e0 + o0;
  x[4] = e0 - o0;
  x[1] = {hn::MulAdd(root, odd1.re, e1.re), hn::MulAdd(root, odd1.im, e1.im)};
  x[5] = {hn::NegMulAdd(root, odd1.re, e1.re), hn::NegMulAdd(root, odd1.im, e1.im)};
  x[2] = minus_i_times(e2, o2);
  x[6] = plus_i_times(e2, o2);
  x[3] = {hn::MulAdd(root, odd3.re, e3.re), hn::NegMulAdd(root, odd3.im, e3.im)};
  x[7] = {hn::NegMulAdd(root, odd3.re, e3.re), hn::MulAdd(root, odd3.im, e3.im)};
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_COMPLEX_INL_H_
