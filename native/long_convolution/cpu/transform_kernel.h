// Transforms and convolutions of one row, for every instruction set.
#pragma once

#include <cstdint>

#include "cpu/simd_target.h"
#include "long_convolution/cpu/transform.h"

namespace ki::long_convolution::cpu {

// Of n things, those from `first` to last - 1.
struct Span {
  std::int64_t first, last;
};

inline constexpr std::int64_t kAllPoints = INT64_MAX;

// A row as the transform's first stage reads it and the undone first stage leaves it: `points` real parts and as many
// imaginary ones. Imaginary parts that are null are zero, or not wanted. What lies behind a count is not read but
// counts as zero; what lies outside of a span is not written.
struct RowIn {
  const float *re, *im;
  std::int64_t re_count = kAllPoints, im_count = kAllPoints;
};
struct RowOut {
  float *re, *im;
  Span re_span{0, kAllPoints}, im_span{0, kAllPoints};
};

// What is done with a row's spectrum before it is transformed back: multiplied by the filter's, or by its conjugate,
// which correlates with the filter.
enum class Product { convolve, correlate };

// Part `index` of `count` about equal ones, of the work that a step has on a row. Whoever does the parts, in whatever
// order: the results are the same.
struct Slice {
  std::int64_t index, count;
};

inline Span span_of(std::int64_t n, Slice slice) {
  return {n * slice.index / slice.count, n * (slice.index + 1) / slice.count};
}

// z is scratch of 2 * points floats, aligned to a cache line like all spectra. The transforms are three steps, each of
// which may be cut into slices: the outer stages on the way in, from a row to z; all that parts of z go through alone;
// the outer stages on the way out.
struct TransformKernels {
  void (*begin)(const Transform& t, RowIn in, float* z, Slice slice);
  void (*transform_parts)(const Transform& t, float* z, Slice slice);
  void (*undo_parts)(const Transform& t, float* z, Slice slice);
  void (*filter_parts)(const Transform& t, const float* spectrum, Product product, float* z, Slice slice);
  void (*finish)(const Transform& t, const float* z, RowOut out, Slice slice);

  void (*forward)(const Transform& t, RowIn in, float* z);
  void (*inverse)(const Transform& t, float* z, RowOut out);  // without the factor 1 / points
  void (*filter)(const Transform& t, RowIn in, const float* spectrum, Product product, float* z, RowOut out);

  // Elementwise, on spectra of `points`.
  void (*multiply)(const float* a, const float* spectrum, Product product, float* z, std::int64_t points);
  void (*multiply_real)(float* z, const float* factors, std::int64_t points);  // floats with floats
  void (*scale)(float* z, float factor, std::int64_t points);
  void (*add)(const float* a, float* sum, std::int64_t points);
  void (*add_correlation)(const float* a, const float* b, float* sum, std::int64_t points);  // sum += a conj(b)
};

const TransformKernels& transform_kernels(ki::cpu::SimdTarget target);

}  // namespace ki::long_convolution::cpu
