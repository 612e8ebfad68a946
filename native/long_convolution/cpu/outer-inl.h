// The two outermost stages of a large transform in one pass over memory.
//
// The columns of the transform are the points j, j + J, j + 2 J, ... where J is the number of points of a part. A few
// neighbouring columns at a time are read and go through both stages before their points are written, so that in
// between they stay in the nearest caches: for the first stage the points j + J (g + radix2 i) with i = 0 to radix1 -
// 1 are combined, for the second stage the results with g = 0 to radix2 - 1. The twiddle factors of the first stage are
// exp(-2 pi i (q + shift / 4) (g J + j) / points); what of them depends on j is put off to those of the second stage,
// so that constants remain.

#if defined(KI_LONG_CONVOLUTION_CPU_OUTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_OUTER_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_OUTER_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_OUTER_INL_H_
#endif

#include "long_convolution/cpu/stage-inl.h"
#include "long_convolution/cpu/transform.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

// Columns that go through the pass together, and columns with tabulated factors, both in vectors.
inline constexpr int kGroup = OuterPass::kGroupPoints / kLanes;
inline constexpr int kFine = OuterPass::kFinePoints / kLanes;

// What stands between the stages: the points of a group of columns, [radix1][radix2][kGroup] vectors.
struct OuterBuffer {
  alignas(64) float z[kMaxRadix * kMaxRadix * kGroup * kPitch];
};

// The columns [first, first + count) of one group.
struct Columns {
  std::int64_t first, count;
};

HWY_INLINE float* between(OuterBuffer& buffer, const OuterPass& o, std::int64_t q, std::int64_t g, std::int64_t v) {
  return buffer.z + ((q * o.radix2 + g) * kGroup + v) * kPitch;
}

// Where a column's point of part (q, p) is in a spectrum.
HWY_INLINE std::int64_t place(const OuterPass& o, std::int64_t q, std::int64_t p, std::int64_t column) {
  return ((q * o.radix2 + p) * o.columns + column) * kPitch;
}

// The second stage's factor.
HWY_INLINE ComplexVector outer_twiddle(const OuterPass& o, std::int64_t q, std::int64_t p, std::int64_t column) {
  const std::int64_t parts = o.radix1 * o.radix2;
  const float* coarse = o.coarse + 2 * (column / kFine * parts + q * o.radix2 + p);
  const float* fine = o.fine + ((q * kFine + column % kFine) * o.radix2 + p) * kPitch;
  return load_twiddle(fine) * broadcast(coarse);
}

// Fetches lines that are wanted soon into the second-level cache. Too few neighbours are read at a time for the
// processor to foresee them.
template <int kRadix>
HWY_INLINE void fetch_row(const float* row, std::int64_t at, std::int64_t stride) {
  for (int i = 0; i < kRadix; ++i) __builtin_prefetch(row + at + i * stride, 0, 2);
}

template <int kRadix>
HWY_INLINE void fetch_points(const float* z, std::int64_t stride) {
  for (int p = 0; p < kRadix; ++p) {
    __builtin_prefetch(z + p * stride * kPitch, 0, 2);
    __builtin_prefetch(z + p * stride * kPitch + kLanes, 0, 2);
  }
}

// After round `i` of `count` comes the next one, or the first round of the next group.
HWY_INLINE std::int64_t next_round(std::int64_t i, std::int64_t count, std::int64_t columns) {
  return i + 1 < count ? (i + 1) * columns : kGroup;
}

template <int kRadix, bool kImaginary, Ends kEnds>
HWY_INLINE void begin_first(const OuterPass& o, RowIn in, const float* rotations, Columns columns,
                            OuterBuffer& buffer) {
  const std::int64_t stride = o.radix2 * o.columns;
  for (int g = 0; g < o.radix2; ++g) {
    const float* factors = o.inner + 2 * g * kRadix;
    for (std::int64_t v = 0; v < columns.count; ++v) {
      const std::int64_t next = (next_round(g, o.radix2, o.columns) + columns.first + v) * kLanes;
      fetch_row<kRadix>(in.re, next, stride * kLanes);
      if constexpr (kImaginary) fetch_row<kRadix>(in.im, next, stride * kLanes);
      ComplexVector x[kRadix];
      load_row<kImaginary, kEnds>(x, in, (g * o.columns + columns.first + v) * kLanes, stride * kLanes, rotations);
      dft(x);
      for (int q = 0; q < kRadix; ++q) {
        store<Direction::forward>(x[q] * broadcast(factors + 2 * q), between(buffer, o, q, g, v));
      }
    }
  }
}

template <int kRadix>
HWY_INLINE void begin_second(const OuterPass& o, OuterBuffer& buffer, Columns columns, float* z) {
  for (int q = 0; q < o.radix1; ++q) {
    for (std::int64_t v = 0; v < columns.count; ++v) {
      fetch_points<kRadix>(z + place(o, 0, 0, next_round(q, o.radix1, kRadix * o.columns) + columns.first + v),
                           o.columns);
      ComplexVector x[kRadix];
      for (int g = 0; g < kRadix; ++g) x[g] = load<Direction::forward>(between(buffer, o, q, g, v));
      dft(x);
      for (int p = 0; p < kRadix; ++p) {
        store<Direction::forward>(x[p] * outer_twiddle(o, q, p, columns.first + v),
                                  z + place(o, q, p, columns.first + v));
      }
    }
  }
}

template <int kRadix>
HWY_INLINE void finish_second(const OuterPass& o, const float* z, Columns columns, OuterBuffer& buffer) {
  for (int q = 0; q < o.radix1; ++q) {
    for (std::int64_t v = 0; v < columns.count; ++v) {
      fetch_points<kRadix>(z + place(o, 0, 0, next_round(q, o.radix1, kRadix * o.columns) + columns.first + v),
                           o.columns);
      ComplexVector x[kRadix];
      for (int p = 0; p < kRadix; ++p) {
        x[p] =
            load<Direction::inverse>(z + place(o, q, p, columns.first + v)) * outer_twiddle(o, q, p, columns.first + v);
      }
      dft(x);
      for (int g = 0; g < kRadix; ++g) store<Direction::forward>(x[g], between(buffer, o, q, g, v));
    }
  }
}

template <int kRadix, bool kImaginary, Ends kEnds>
HWY_INLINE void finish_first(const OuterPass& o, OuterBuffer& buffer, Columns columns, const float* rotations,
                             RowOut out) {
  const std::int64_t stride = o.radix2 * o.columns;
  for (int g = 0; g < o.radix2; ++g) {
    const float* factors = o.inner + 2 * g * kRadix;
    for (std::int64_t v = 0; v < columns.count; ++v) {
      const std::int64_t next = (next_round(g, o.radix2, o.columns) + columns.first + v) * kLanes;
      fetch_row<kRadix>(out.re, next, stride * kLanes);
      if constexpr (kImaginary) fetch_row<kRadix>(out.im, next, stride * kLanes);
      ComplexVector x[kRadix];
      for (int q = 0; q < kRadix; ++q) {
        x[q] = load<Direction::forward>(between(buffer, o, q, g, v)) * broadcast(factors + 2 * q);
      }
      dft(x);
      store_row<kImaginary, kEnds>(x, out, (g * o.columns + columns.first + v) * kLanes, stride * kLanes, rotations);
    }
  }
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_OUTER_INL_H_
