#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/simd_functions.h"

namespace ki::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class Exp2 : public EveryTarget {
 protected:
  float of(float x) const {
    float y = -1;
    functions().exp2(&x, &y, 1);
    return y;
  }
};

INSTANTIATE_TEST_SUITE_P(, Exp2, usable_targets(), target_name);

// Every 7th float of the range: 7 is prime to the powers of two that structure floats has.
TEST_P(Exp2, RelativeErrorIsBelowTheStatedBound) {
  constexpr int kStep = 7, kBatch = 4096;
  double worst = 0;
  std::vector<float> x(kBatch), y(kBatch);
  const auto check = [&](std::uint32_t from, std::uint32_t to) {  // bit patterns of one sign
    for (std::uint64_t bits = from; bits < to;) {
      int count = 0;
      for (; count < kBatch && bits < to; bits += kStep) x[count++] = std::bit_cast<float>(std::uint32_t(bits));
      functions().exp2(x.data(), y.data(), count);
      for (int i = 0; i < count; ++i) {
        const double exact = std::exp2(double{x[i]});
        worst = std::max(worst, std::abs(y[i] / exact - 1));
      }
    }
  };
  check(std::bit_cast<std::uint32_t>(-0x1p-30f), std::bit_cast<std::uint32_t>(-126.0f));
  check(std::bit_cast<std::uint32_t>(0x1p-30f), std::bit_cast<std::uint32_t>(1.0f));
  RecordProperty("worst_relative_error", std::to_string(worst));
  EXPECT_LT(worst, 0x1p-22);
  EXPECT_GT(worst, 0x1p-24) << "nothing is as good as this: was anything computed?";
}

TEST_P(Exp2, IsExactAtIntegers) {
  for (int n = -126; n <= 1; ++n) EXPECT_EQ(of(static_cast<float>(n)), std::ldexp(1.0f, n)) << n;
}

TEST_P(Exp2, IsZeroFarBelow) {
  for (const float x : {-127.0f, -128.0f, -1000.0f, -1e30f, -kInfinity}) EXPECT_EQ(of(x), 0.0f) << x;
}

TEST_P(Exp2, StaysSmallAndPositiveWhereTheResultIsNotNormal) {
  for (float x = -127; x < -126; x += 0.001f) {
    EXPECT_GE(of(x), 0.0f) << x;
    EXPECT_LE(of(x), 0x1p-125f) << x;
  }
}

TEST_P(Exp2, KeepsNaN) { EXPECT_TRUE(std::isnan(of(std::numeric_limits<float>::quiet_NaN()))); }

}  // namespace
}  // namespace ki::cpu
