#include "support/transform_tolerance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ki::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Two rows of four, norms 2 and 0.5, results of norm 1.
TransformExpected two_rows() {
  TransformExpected expected{Array({2, 4}), Array({2, 4}, 1), Array({2, 4}), Array({2}), Array({2})};
  for (std::size_t i = 0; i < 8; ++i) expected.reference.values[i] = 0.25 * static_cast<double>(i % 4);
  expected.product_norms.values = {2, 0.5};
  expected.result_norms.values = {1, 1};
  return expected;
}

constexpr TransformPrecision kPrecision{0x1p-24, 256};

TEST(TransformTolerance, AllowsAnElementTwoUnitsForEachDoublingOfTheNorm) {
  const TransformExpected expected = two_rows();
  Array got = expected.reference;
  const double allowed = 2 * 8 * 0x1p-24 * 2;
  got.values[0] = 0.9 * allowed;
  TransformPrecision precision = kPrecision;
  // Whole rows of so large errors are not independent of one another; here the norm of the results allows for them.
  TransformExpected wide = expected;
  wide.result_norms.values = {100, 100};
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, wide, precision));
  got.values[0] = 1.1 * allowed;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, wide, precision));
  precision.unit = 0x1p-11;
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, wide, precision));
  wide.factor.values[0] = 1.0 / 4096;
  precision.unit = 0x1p-24;
  got.values[0] = allowed / 4096 * 1.1;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, wide, precision));
}

TEST(TransformTolerance, AllowsARowTheRootOfThat) {
  const TransformExpected expected = two_rows();
  const double allowed = 2 * std::sqrt(8) * 0x1p-24 * 3;
  for (const double scale : {0.45, 0.55}) {  // in each of four elements
    Array got = expected.reference;
    for (std::size_t i = 0; i < 4; ++i) got.values[i] += scale * allowed;
    EXPECT_EQ(static_cast<bool>(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision)), scale < 0.5);
  }
}

TEST(TransformTolerance, AllowsEachRowItsOwn) {
  const TransformExpected expected = two_rows();
  const double first = 0.9 * 2 * std::sqrt(8) * 0x1p-24 * 3;  // too much for the second
  Array got = expected.reference;
  got.values[0] += first;
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
  got = expected.reference;
  got.values[4] += first;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
}

TEST(TransformTolerance, AllowsTheOutputsRounding) {
  TransformExpected expected = two_rows();
  expected.product_norms.values = expected.result_norms.values = {0, 0};
  Array got = expected.reference;
  got.values[1] = 0.25 * (1 + 0x1p-11);
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT16, got, expected, kPrecision));
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
  expected.terms.values[1] = 1e4;
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
}

TEST(TransformTolerance, AnomaliesStayInTheirRow) {
  TransformExpected expected = two_rows();
  expected.reference.values[6] = kNaN;
  expected.product_norms.values[1] = expected.result_norms.values[1] = kNaN;
  Array got = expected.reference;
  got.values[4] = got.values[5] = got.values[7] = kNaN;  // a transform spreads it
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
  got.values[6] = 1;  // what must show
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
  got.values[6] = -std::numeric_limits<double>::infinity();
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
  got.values[0] = kNaN;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, expected, kPrecision));
}

TEST(TransformTolerance, ComparesShapes) {
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, Array({4, 2}), two_rows(), kPrecision));
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, Array({2, 0}),
                      {Array({2, 0}), Array({2, 0}), Array({2, 0}), Array({2}), Array({2})}, kPrecision));
}

}  // namespace
}  // namespace ki::test
