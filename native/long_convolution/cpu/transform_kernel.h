// Transforms and convolutions of one row, for every instruction set.
#pragma once

#include <cstdint>

#include "cpu/simd_target.h"
#include "long_convolution/cpu/transform.h"

namespace ki::long_convolution::cpu {

// A row as the transform's first stage reads it and the undone first stage leaves it: `points` real parts and as many
// imaginary ones. Imaginary parts that are null are zero, or not wanted.
struct RowIn {
  const float *re, *im;
};
struct RowOut {
  float *re, *im;
};

// What is done with a row's spectrum before it is transformed back: multiplied by the filter's, or by its conjugate,
// which correlates with the filter.
enum class Product { convolve, correlate };

// z is scratch of 2 * points floats, aligned to a cache line like all spectra.
struct TransformKernels {
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
