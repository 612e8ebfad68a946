#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "kernels_interop.h"
#include "support/array.h"

namespace ki::test {

/// What an output that comes from a transform of real numbers should be, and how well it can be known. A transform spreads the
/// rounding errors of all its inputs over all its outputs, so that they are measured by norms of whole rows, not by the terms of an
/// element. The rows are those of the last dimension.
struct TransformExpected {
  Array reference;      ///< the formula in double precision
  Array factor;         ///< what the result of the transform is multiplied by for each element
  Array terms;          ///< per element: the absolute terms that are added up outside of transforms
  Array product_norms;  ///< per row: |x| |k|, in Euclidean norms, of the rows that are convolved
  Array result_norms;   ///< per row: |x * k|, of all that their convolution is
};

/// Rounding of the numbers that a device computes with, relative to them.
struct TransformPrecision {
  double unit = 0x1p-24;
  std::int64_t points = 1;  ///< of the transform
};

/// Compares an output with what it should be. In this order, the first disagreement being reported:
///
///  1. anomalies: where the reference is no finite number, neither is the output; rows whose norms are not finite are compared
///     no further, and all others have none;
///  2. elements: |got - reference| <= 2 log2(points) unit |factor| |x| |k| + 16 * 2^-24 * terms + half an ulp of the reference,
///     which no order of summation exceeds;
///  3. rows: the Euclidean norm of the row's error is at most 2 sqrt(log2(points)) unit max|factor| (|x| |k| + |x * k|) and the
///     norms of the other two terms, as errors are that are independent of one another. For most rows this is the sharper test.
///
/// @param dtype type the output is stored in
testing::AssertionResult matches(ki_dtype dtype, const Array& got, const TransformExpected& expected,
                                 const TransformPrecision& precision);

/// The largest error of an element and of a row, each relative to what is allowed: what is found by measuring, for documentation.
struct TransformError {
  double element = 0, row = 0;
};
TransformError transform_error(ki_dtype dtype, const Array& got, const TransformExpected& expected,
                               const TransformPrecision& precision);

}  // namespace ki::test
