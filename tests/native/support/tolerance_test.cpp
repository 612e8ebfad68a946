#include "support/tolerance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace ki::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// An output of ones, whose naive computation is off by `naive_error` in one place.
Expected ones(const Shape& shape, double naive_error) {
  Expected expected{Array(shape, 1), Array(shape, 1), Array(shape, 1)};
  expected.naive.values[0] += naive_error;
  return expected;
}

TEST(Tolerance, AcceptsTheReferenceItself) {
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, Array({2, 3}, 1), ones({2, 3}, 0)));
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, Array(Shape{0, 3}),
                      Expected{Array(Shape{0, 3}), Array(Shape{0, 3}), Array(Shape{0, 3})}));
}

TEST(Tolerance, AllowsSeventeenRoundingsAndNoMoreWhereTheNaiveFormulaIsExact) {
  Array got({2, 3}, 1);
  got({1, 2}) = 1 + 16.9 * 0x1p-24;
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, ones({2, 3}, 0)));
  got({1, 2}) = 1 + 17.1 * 0x1p-24;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, ones({2, 3}, 0)));
}

TEST(Tolerance, AllowsTwiceTheErrorOfTheNaiveFormula) {
  Array got({64}, 1);
  got({5}) = 1 + 1.9e-3;
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, ones({64}, 1e-3)));
  got({5}) = 1 - 2.1e-3;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, ones({64}, 1e-3)));
}

TEST(Tolerance, AllowsHalfAnUlpOfTheOutputType) {
  Array got({4}, 1 + 0.9 * 0x1p-8);
  EXPECT_TRUE(matches(KI_DTYPE_BFLOAT16, got, ones({4}, 0)));
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT16, got, ones({4}, 0)));
}

TEST(Tolerance, NamesTheWorstElement) {
  Array got({2, 3}, 1);
  got({0, 1}) = 1.5;
  got({1, 2}) = 3;
  const std::string message = matches(KI_DTYPE_FLOAT32, got, ones({2, 3}, 0)).message();
  EXPECT_NE(message.find("[1, 2]"), std::string::npos) << message;
  EXPECT_NE(message.find("got 3,"), std::string::npos) << message;
  EXPECT_NE(message.find("want 1,"), std::string::npos) << message;
  EXPECT_NE(message.find("2 of 6"), std::string::npos) << message;
}

TEST(Tolerance, AnomaliesMustStandInTheSamePlaces) {
  for (const double anomaly : {kNaN, kInfinity, -kInfinity}) {
    Expected expected = ones({2, 3}, 0);
    Array got({2, 3}, 1);
    got({0, 2}) = anomaly;
    const std::string message = matches(KI_DTYPE_FLOAT32, got, expected).message();
    EXPECT_NE(message.find("[0, 2]"), std::string::npos) << message;
    expected.reference({0, 2}) = anomaly;
    EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, expected));
    got({0, 2}) = 1;
    EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, expected));
  }
}

TEST(Tolerance, InfinitiesOfOppositeSignDiffer) {
  Expected expected = ones({2}, 0);
  expected.reference({1}) = kInfinity;
  Array got({2}, 1);
  got({1}) = -kInfinity;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, expected));
}

TEST(Tolerance, AnAnomalyElsewhereDoesNotWidenTheAllowance) {
  Expected expected = ones({3}, 0);
  expected.reference({0}) = kNaN;
  expected.naive({1}) = kInfinity;
  Array got({3}, 1);
  got({0}) = kNaN;
  got({2}) = 1.001;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, got, expected));
}

TEST(Tolerance, ATiltOfTheWholeTensorIsSeenThoughEachElementIsAllowed) {
  Array got({1000}, 1);
  for (std::size_t i = 0; i < 1000; i += 2) got.values[i] += 1e-2;
  const Expected expected = ones({1000}, 1e-2);
  const std::string message = matches(KI_DTYPE_FLOAT32, got, expected).message();
  EXPECT_NE(message.find("cosine"), std::string::npos) << message;
}

/// Small remainders of sums that cancel, one of which the naive formula gets wrong by a thousand times its size.
Expected cancelled() {
  Expected expected{Array({1000}, 1e-6), Array({1000}, 1e-6), Array({1000}, 0)};
  expected.naive.values[0] = 1e-3;
  return expected;
}

TEST(Tolerance, WhereNoAngleIsLeftTheDistanceOfTheWholeCounts) {
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, Array({1000}, -1e-5), cancelled()));
  const std::string message = matches(KI_DTYPE_FLOAT32, Array({1000}, 1e-3), cancelled()).message();
  EXPECT_NE(message.find("distance"), std::string::npos) << message;
}

TEST(Tolerance, ZerosAreNoResultBecauseTheyHaveNoDirection) {
  Expected expected{Array({1000}, 1), Array({1000}, 1), Array({1000}, 1)};
  expected.naive.values[0] = 2;
  const std::string message = matches(KI_DTYPE_FLOAT32, Array({1000}, 0), expected).message();
  EXPECT_NE(message.find("distance"), std::string::npos) << message;
  EXPECT_TRUE(
      matches(KI_DTYPE_FLOAT32, Array({1000}, 0), Expected{Array({1000}, 0), Array({1000}, 0), Array({1000}, 0)}));
}

TEST(Tolerance, ShapesMustAgree) { EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, Array({3, 2}, 1), ones({2, 3}, 0))); }

}  // namespace
}  // namespace ki::test
