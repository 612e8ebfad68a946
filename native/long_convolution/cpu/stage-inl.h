// The stages of a transform that work on whole vectors: neighbours in a vector never meet.

#if defined(KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#endif

#include "long_convolution/cpu/complex-inl.h"
#include "long_convolution/cpu/transform_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

// A stage in place: forward, the DFT of the operands and then their twiddles; inverse, the other way round. `stride` is
// in vectors.
template <int kRadix, Direction kDirection>
HWY_INLINE void run_stage(float* HWY_RESTRICT z, const float* HWY_RESTRICT twiddles, std::int64_t stride) {
  for (std::int64_t j = 0; j < stride; ++j, z += kPitch, twiddles += (kRadix - 1) * kPitch) {
    ComplexVector x[kRadix];
    for (int i = 0; i < kRadix; ++i) x[i] = load<kDirection>(z + i * stride * kPitch);
    if constexpr (kDirection == Direction::forward) dft(x);
    for (int q = 1; q < kRadix; ++q) x[q] = x[q] * load_twiddle(twiddles + (q - 1) * kPitch);
    if constexpr (kDirection == Direction::inverse) dft(x);
    for (int i = 0; i < kRadix; ++i) store<kDirection>(x[i], z + i * stride * kPitch);
  }
}

// The first stage's operands: the points `at`, at + stride, ... of a row, counted in floats, in the rotation that each
// of them gets. Without imaginary parts they are zero.
template <bool kImaginary, int kRadix>
HWY_INLINE void load_row(ComplexVector (&x)[kRadix], RowIn in, std::int64_t at, std::int64_t stride,
                         const float* rotations) {
  const FloatTag d;
  for (int i = 0; i < kRadix; ++i) {
    const ComplexVector rotation = broadcast(rotations + 2 * i);
    const auto real = hn::LoadU(d, in.re + at + i * stride);
    if constexpr (kImaginary) {
      x[i] = {real, hn::LoadU(d, in.im + at + i * stride)};
      if (i > 0) x[i] = x[i] * rotation;
    } else {
      x[i] = {real, hn::Zero(d)};
      if (i > 0) x[i] = {hn::Mul(real, rotation.re), hn::Mul(real, rotation.im)};
    }
  }
}

// The way back, after which the parts have changed places; imaginary parts that are not wanted are not computed.
template <bool kImaginary, int kRadix>
HWY_INLINE void store_row(ComplexVector (&x)[kRadix], RowOut out, std::int64_t at, std::int64_t stride,
                          const float* rotations) {
  const FloatTag d;
  for (int i = 0; i < kRadix; ++i) {
    if (i > 0) x[i] = x[i] * broadcast(rotations + 2 * i);
    hn::StoreU(x[i].im, d, out.re + at + i * stride);
    if constexpr (kImaginary) hn::StoreU(x[i].re, d, out.im + at + i * stride);
  }
}

// The first stage for the vectors `columns` of each of its parts.
template <int kRadix, bool kImaginary>
HWY_INLINE void run_first_stage(RowIn in, float* HWY_RESTRICT z, const float* rotations,
                                const float* HWY_RESTRICT twiddles, std::int64_t stride, Span columns) {
  for (std::int64_t j = columns.first; j < columns.last; ++j) {
    ComplexVector x[kRadix];
    load_row<kImaginary>(x, in, j * kLanes, stride * kLanes, rotations);
    dft(x);
    for (int q = 0; q < kRadix; ++q) {
      store<Direction::forward>(x[q] * load_twiddle(twiddles + (j * kRadix + q) * kPitch),
                                z + (j + q * stride) * kPitch);
    }
  }
}

// Undoes the first stage.
template <int kRadix, bool kImaginary>
HWY_INLINE void undo_first_stage(const float* HWY_RESTRICT z, RowOut out, const float* rotations,
                                 const float* HWY_RESTRICT twiddles, std::int64_t stride, Span columns) {
  for (std::int64_t j = columns.first; j < columns.last; ++j) {
    ComplexVector x[kRadix];
    for (int q = 0; q < kRadix; ++q) {
      x[q] =
          load<Direction::inverse>(z + (j + q * stride) * kPitch) * load_twiddle(twiddles + (j * kRadix + q) * kPitch);
    }
    dft(x);
    store_row<kImaginary>(x, out, j * kLanes, stride * kLanes, rotations);
  }
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
