// Transforms of rows, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "long_convolution/cpu/transform_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "long_convolution/cpu/core-inl.h"
#include "long_convolution/cpu/outer-inl.h"
#include "long_convolution/cpu/stage-inl.h"
#include "long_convolution/cpu/transform_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

constexpr Direction kForward = Direction::forward;
constexpr Direction kInverse = Direction::inverse;

// What happens between the stages on the way in and those on the way out, at the core's last stage. Each says whether
// there is a way in and a way out at all.
struct StayThere {
  static constexpr bool kIn = true, kOut = false;
};
struct ComeBack {
  static constexpr bool kIn = false, kOut = true;
};
struct Convolve {
  static constexpr bool kIn = true, kOut = true;
  static HWY_INLINE ComplexVector product(ComplexVector x, ComplexVector filter) { return x * filter; }
};
struct Correlate {
  static constexpr bool kIn = true, kOut = true;
  static HWY_INLINE ComplexVector product(ComplexVector x, ComplexVector filter) { return times_conjugate(x, filter); }
};

template <class Middle>
HWY_INLINE void run_core(const Transform& t, float* HWY_RESTRICT z, const float* HWY_RESTRICT spectrum) {
  if constexpr (Middle::kIn) enter_core(t, z);
  for (int row = 0; row < kBlocks; ++row) {
    float* HWY_RESTRICT at = z + row * 4 * kPitch;
    ComplexVector x[4];
    if constexpr (Middle::kIn) {
      for (int i = 0; i < 4; ++i) x[i] = load<kForward>(at + i * kPitch);
      dft(x);
    }
    if constexpr (Middle::kIn && Middle::kOut) {
      for (int i = 0; i < 4; ++i) {
        const ComplexVector y = Middle::product(x[i], load<kForward>(spectrum + (row * 4 + i) * kPitch));
        x[i] = {y.im, y.re};
      }
    } else if constexpr (Middle::kOut) {
      for (int i = 0; i < 4; ++i) x[i] = load<kInverse>(at + i * kPitch);
    }
    if constexpr (Middle::kOut) dft(x);
    for (int i = 0; i < 4; ++i) store<Middle::kOut ? kInverse : kForward>(x[i], at + i * kPitch);
  }
  if constexpr (Middle::kOut) leave_core(t, z);
}

template <Direction kDirection>
void run_stage(const Stage& stage, float* z) {
  const std::int64_t stride = stage.points / stage.radix / kLanes;
  switch (stage.radix) {
    case 3: return run_stage<3, kDirection>(z, stage.twiddles, stride);
    case 4: return run_stage<4, kDirection>(z, stage.twiddles, stride);
    case 5: return run_stage<5, kDirection>(z, stage.twiddles, stride);
    case 8: return run_stage<8, kDirection>(z, stage.twiddles, stride);
  }
}

// Each part of a block goes all the way in and out before the next one, so that it stays in the caches it fits.
template <class Middle>
void run_stages(const Transform& t, const Stage* stage, float* z, const float* spectrum) {
  if (stage == t.end()) return run_core<Middle>(t, z, spectrum);
  if constexpr (Middle::kIn) run_stage<kForward>(*stage, z);
  const std::int64_t part = 2 * (stage->points / stage->radix);
  for (int q = 0; q < stage->radix; ++q) run_stages<Middle>(t, stage + 1, z + q * part, spectrum + q * part);
  if constexpr (Middle::kOut) run_stage<kInverse>(*stage, z);
}

template <class Middle>
void run_parts(const Transform& t, float* z, const float* spectrum, Slice slice) {
  const Span parts = span_of(t.parts(), slice);
  const std::int64_t part = 2 * (t.points() / t.parts());
  for (std::int64_t q = parts.first; q < parts.last; ++q) {
    run_stages<Middle>(t, t.middle(), z + q * part, spectrum + q * part);
  }
}

// Calls body(constant of the radix).
template <class Body>
HWY_INLINE void for_radix(int radix, const Body& body) {
  switch (radix) {
    case 1: return body(std::integral_constant<int, 1>());
    case 2: return body(std::integral_constant<int, 2>());
    case 3: return body(std::integral_constant<int, 3>());
    case 4: return body(std::integral_constant<int, 4>());
    case 5: return body(std::integral_constant<int, 5>());
    case 8: return body(std::integral_constant<int, 8>());
  }
}

// Calls body(columns) for each group of a slice.
template <class Body>
HWY_INLINE void for_groups(const OuterPass& o, Slice slice, const Body& body) {
  const Span groups = span_of((o.columns + kGroup - 1) / kGroup, slice);
  for (std::int64_t group = groups.first; group < groups.last; ++group) {
    body(Columns{group * kGroup, std::min<std::int64_t>(o.columns - group * kGroup, kGroup)});
  }
}

template <bool kImaginary, Ends kEnds>
void begin(const Transform& t, RowIn in, float* z, Slice slice) {
  if (t.outer() == nullptr) {
    return for_radix(t.first().radix, [&](auto radix) {
      const std::int64_t stride = t.points() / radix / kLanes;
      run_first_stage<radix, kImaginary, kEnds>(in, z, t.rotations(), t.first().twiddles, stride,
                                                span_of(stride, slice));
    });
  }
  OuterBuffer buffer;
  const OuterPass& o = *t.outer();
  for_groups(o, slice, [&](Columns columns) {
    for_radix(o.radix1,
              [&](auto radix) { begin_first<radix, kImaginary, kEnds>(o, in, t.rotations(), columns, buffer); });
    for_radix(o.radix2, [&](auto radix) { begin_second<radix>(o, buffer, columns, z); });
  });
}

template <bool kImaginary, Ends kEnds>
void finish(const Transform& t, const float* z, RowOut out, Slice slice) {
  if (t.outer() == nullptr) {
    return for_radix(t.first().radix, [&](auto radix) {
      const std::int64_t stride = t.points() / radix / kLanes;
      undo_first_stage<radix, kImaginary, kEnds>(z, out, t.rotations(), t.first().twiddles, stride,
                                                 span_of(stride, slice));
    });
  }
  OuterBuffer buffer;
  const OuterPass& o = *t.outer();
  for_groups(o, slice, [&](Columns columns) {
    for_radix(o.radix2, [&](auto radix) { finish_second<radix>(o, z, columns, buffer); });
    for_radix(o.radix1,
              [&](auto radix) { finish_first<radix, kImaginary, kEnds>(o, buffer, columns, t.rotations(), out); });
  });
}

void begin(const Transform& t, RowIn in, float* z, Slice slice) {
  const bool whole = in.re_count >= t.points() && (in.im == nullptr || in.im_count >= t.points());
  if (in.im == nullptr) {
    return whole ? begin<false, Ends::at_last_point>(t, in, z, slice) : begin<false, Ends::anywhere>(t, in, z, slice);
  }
  return whole ? begin<true, Ends::at_last_point>(t, in, z, slice) : begin<true, Ends::anywhere>(t, in, z, slice);
}

void transform_parts(const Transform& t, float* z, Slice slice) { run_parts<StayThere>(t, z, z, slice); }

void undo_parts(const Transform& t, float* z, Slice slice) { run_parts<ComeBack>(t, z, z, slice); }

void filter_parts(const Transform& t, const float* spectrum, Product product, float* z, Slice slice) {
  if (product == Product::convolve) {
    run_parts<Convolve>(t, z, spectrum, slice);
  } else {
    run_parts<Correlate>(t, z, spectrum, slice);
  }
}

void finish(const Transform& t, const float* z, RowOut out, Slice slice) {
  const auto is_whole = [&](Span span) { return span.first <= 0 && span.last >= t.points(); };
  const bool whole = is_whole(out.re_span) && (out.im == nullptr || is_whole(out.im_span));
  if (out.im == nullptr) {
    return whole ? finish<false, Ends::at_last_point>(t, z, out, slice)
                 : finish<false, Ends::anywhere>(t, z, out, slice);
  }
  return whole ? finish<true, Ends::at_last_point>(t, z, out, slice) : finish<true, Ends::anywhere>(t, z, out, slice);
}

constexpr Slice kAll{0, 1};

void forward(const Transform& t, RowIn in, float* z) {
  begin(t, in, z, kAll);
  transform_parts(t, z, kAll);
}

void inverse(const Transform& t, float* z, RowOut out) {
  undo_parts(t, z, kAll);
  finish(t, z, out, kAll);
}

void filter(const Transform& t, RowIn in, const float* spectrum, Product product, float* z, RowOut out) {
  begin(t, in, z, kAll);
  filter_parts(t, spectrum, product, z, kAll);
  finish(t, z, out, kAll);
}

void multiply(const float* a, const float* spectrum, Product product, float* z, std::int64_t points) {
  for (std::int64_t i = 0; i < 2 * points; i += kPitch) {
    const ComplexVector x = load<kForward>(a + i), filter = load<kForward>(spectrum + i);
    store<kForward>(product == Product::convolve ? x * filter : times_conjugate(x, filter), z + i);
  }
}

void multiply_real(float* z, const float* factors, std::int64_t points) {
  const FloatTag d;
  for (std::int64_t i = 0; i < 2 * points; i += kLanes) {
    hn::Store(hn::Mul(hn::Load(d, z + i), hn::Load(d, factors + i)), d, z + i);
  }
}

void scale(float* z, float factor, std::int64_t points) {
  for (std::int64_t i = 0; i < 2 * points; i += kPitch) store<kForward>(scaled(load<kForward>(z + i), factor), z + i);
}

void add(const float* a, float* sum, std::int64_t points) {
  for (std::int64_t i = 0; i < 2 * points; i += kPitch) {
    store<kForward>(load<kForward>(sum + i) + load<kForward>(a + i), sum + i);
  }
}

void add_correlation(const float* a, const float* b, float* sum, std::int64_t points) {
  for (std::int64_t i = 0; i < 2 * points; i += kPitch) {
    store<kForward>(load<kForward>(sum + i) + times_conjugate(load<kForward>(a + i), load<kForward>(b + i)), sum + i);
  }
}

constexpr TransformKernels kTransformKernels{
    begin,  transform_parts, undo_parts,    filter_parts, finish, forward,        inverse,
    filter, multiply,        multiply_real, scale,        add,    add_correlation};

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::long_convolution::cpu {

const TransformKernels& transform_kernels(ki::cpu::SimdTarget target) {
  return KI_FOR_TARGET(target, kTransformKernels);
}

}  // namespace ki::long_convolution::cpu
#endif
