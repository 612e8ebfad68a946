// The stages of a transform that work on whole vectors: neighbours in a vector never meet.

#if defined(KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
#endif

#include <algorithm>

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

// How a row is read and written: rows that are shorter than the transform cost comparisons.
enum class Ends { at_last_point, anywhere };

// A vector of a row, of which only `count` values exist.
template <Ends kEnds>
HWY_INLINE FloatVector load_values(const float* row, std::int64_t at, std::int64_t count) {
  const FloatTag d;
  if (kEnds == Ends::at_last_point || at + kLanes <= count) return hn::LoadU(d, row + at);
  return at < count ? hn::LoadN(d, row + at, static_cast<std::size_t>(count - at)) : hn::Zero(d);
}

template <Ends kEnds>
HWY_INLINE void store_values(FloatVector x, float* row, std::int64_t at, Span span) {
  const FloatTag d;
  if (kEnds == Ends::at_last_point || (at >= span.first && at + kLanes <= span.last)) return hn::StoreU(x, d, row + at);
  HWY_ALIGN float values[kLanes];
  hn::Store(x, d, values);
  for (std::int64_t n = std::max(at, span.first); n < std::min(at + kLanes, span.last); ++n) row[n] = values[n - at];
}

// The first stage's operands: the points `at`, at + stride, ... of a row, counted in floats, in the rotation that each
// of them gets. Without imaginary parts they are zero.
template <bool kImaginary, Ends kEnds, int kRadix>
HWY_INLINE void load_row(ComplexVector (&x)[kRadix], RowIn in, std::int64_t at, std::int64_t stride,
                         const float* rotations) {
  for (int i = 0; i < kRadix; ++i) {
    const ComplexVector rotation = broadcast(rotations + 2 * i);
    const auto real = load_values<kEnds>(in.re, at + i * stride, in.re_count);
    if constexpr (kImaginary) {
      x[i] = {real, load_values<kEnds>(in.im, at + i * stride, in.im_count)};
      if (i > 0) x[i] = x[i] * rotation;
    } else {
      x[i] = {real, hn::Zero(FloatTag())};
      if (i > 0) x[i] = {hn::Mul(real, rotation.re), hn::Mul(real, rotation.im)};
    }
  }
}

// The way back, after which the parts have changed places; imaginary parts that are not wanted are not computed.
template <bool kImaginary, Ends kEnds, int kRadix>
HWY_INLINE void store_row(ComplexVector (&x)[kRadix], RowOut out, std::int64_t at, std::int64_t stride,
                          const float* rotations) {
  for (int i = 0; i < kRadix; ++i) {
    if (i > 0) x[i] = x[i] * broadcast(rotations + 2 * i);
    store_values<kEnds>(x[i].im, out.re, at + i * stride, out.re_span);
    if constexpr (kImaginary) store_values<kEnds>(x[i].re, out.im, at + i * stride, out.im_span);
  }
}

// The first stage for the vectors `columns` of each of its parts.
template <int kRadix, bool kImaginary, Ends kEnds>
HWY_INLINE void run_first_stage(RowIn in, float* HWY_RESTRICT z, const float* rotations,
                                const float* HWY_RESTRICT twiddles, std::int64_t stride, Span columns) {
  for (std::int64_t j = columns.first; j < columns.last; ++j) {
    ComplexVector x[kRadix];
    load_row<kImaginary, kEnds>(x, in, j * kLanes, stride * kLanes, rotations);
    dft(x);
    for (int q = 0; q < kRadix; ++q) {
      store<Direction::forward>(x[q] * load_twiddle(twiddles + (j * kRadix + q) * kPitch),
                                z + (j + q * stride) * kPitch);
    }
  }
}

// Undoes the first stage.
template <int kRadix, bool kImaginary, Ends kEnds>
HWY_INLINE void undo_first_stage(const float* HWY_RESTRICT z, RowOut out, const float* rotations,
                                 const float* HWY_RESTRICT twiddles, std::int64_t stride, Span columns) {
  for (std::int64_t j = columns.first; j < columns.last; ++j) {
    ComplexVector x[kRadix];
    for (int q = 0; q < kRadix; ++q) {
      x[q] =
          load<Direction::inverse>(z + (j + q * stride) * kPitch) * load_twiddle(twiddles + (j * kRadix + q) * kPitch);
    }
    dft(x);
    store_row<kImaginary, kEnds>(x, out, j * kLanes, stride * kLanes, rotations);
  }
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_STAGE_INL_H_
