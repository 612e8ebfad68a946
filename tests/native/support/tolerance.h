#pragma once

#include <gtest/gtest.h>

#include "kernels_interop.h"
#include "support/array.h"

namespace ki::test {

/// What an output should be, and what its tolerance is derived from.
struct Expected {
  Array reference;  ///< the formula in double precision
  Array naive;      ///< the formula with every elementary result rounded to the storage type and sums in float32
  Array magnitude;  ///< the formula over absolute values: the sum of the absolute terms of each element
};

/// Compares an output with what it should be. In this order, the first disagreement being reported:
///
///  1. anomalies: NaN, +inf and -inf must stand in the same places;
///  2. elements: |got - reference| <= 2 max|naive - reference| + 16 * 2^-24 * magnitude + half an ulp of the reference,
///     the maximum being over the whole tensor;
///  3. the whole: the cosine similarity is not below what an error of that size, taken over the whole tensor in the
///     Euclidean norm, explains. An error that is as large as the reference explains every angle, and zeros have none: there
///     the distance is not above it.
///
/// @param dtype type the output is stored in
/// @param got the output
/// @param expected what it should be
testing::AssertionResult matches(ki_dtype dtype, const Array& got, const Expected& expected);

}  // namespace ki::test
