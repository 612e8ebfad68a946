// The stages of a transform that work on whole vectors: neighbours in a vector never meet.

#if defined(KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#endif

#include "long_convolution/cpu/complex-inl.h"

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

// The first stage, from rows of real parts and, unless it is null, of imaginary parts.
template <int kRadix, bool kImaginary>
HWY_INLINE void run_first_stage(const float* re, const float* im, float* HWY_RESTRICT z, const float* rotations,
                                const float* HWY_RESTRICT twiddles, std::int64_t stride) {
  const FloatTag d;
  for (std::int64_t j = 0; j < stride; ++j, z += kPitch, twiddles += kRadix * kPitch) {
    ComplexVector x[kRadix];
    for (int i = 0; i < kRadix; ++i) {
      const std::int64_t at = (j + i * stride) * kLanes;
      const ComplexVector rotation = broadcast(rotations + 2 * i);
      const auto real = hn::LoadU(d, re + at);
      if constexpr (kImaginary) {
        x[i] = {real, hn::LoadU(d, im + at)};
        if (i > 0) x[i] = x[i] * rotation;
      } else {
        x[i] = {real, hn::Zero(d)};
        if (i > 0) x[i] = {hn::Mul(real, rotation.re), hn::Mul(real, rotation.im)};
      }
    }
    dft(x);
    for (int q = 0; q < kRadix; ++q) {
      store<Direction::forward>(x[q] * load_twiddle(twiddles + q * kPitch), z + q * stride * kPitch);
    }
  }
}

// Undoes the first stage; what is not asked for, imaginary parts that is, is not computed.
template <int kRadix, bool kImaginary>
HWY_INLINE void undo_first_stage(const float* HWY_RESTRICT z, float* re, float* im, const float* rotations,
                                 const float* HWY_RESTRICT twiddles, std::int64_t stride) {
  const FloatTag d;
  for (std::int64_t j = 0; j < stride; ++j, z += kPitch, twiddles += kRadix * kPitch) {
    ComplexVector x[kRadix];
    for (int q = 0; q < kRadix; ++q) {
      x[q] = load<Direction::inverse>(z + q * stride * kPitch) * load_twiddle(twiddles + q * kPitch);
    }
    dft(x);
    for (int i = 0; i < kRadix; ++i) {
      const std::int64_t at = (j + i * stride) * kLanes;
      const ComplexVector rotation = broadcast(rotations + 2 * i);
      if (i > 0) x[i] = x[i] * rotation;
      hn::StoreU(x[i].im, d, re + at);  // the parts have changed places
      if constexpr (kImaginary) hn::StoreU(x[i].re, d, im + at);
    }
  }
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
