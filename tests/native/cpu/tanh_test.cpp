#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/simd_functions.h"

namespace ki::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class Tanh : public EveryTarget {
 protected:
  float of(float x) const {
    float y = -7;
    functions().tanh(&x, &y, 1);
    return y;
  }
};

INSTANTIATE_TEST_SUITE_P(, Tanh, usable_targets(), target_name);

// Every 997th float, a prime, from the smallest normal one to where tanh has long been 1.
TEST_P(Tanh, RelativeErrorIsBelowTheStatedBound) {
  double worst = 0;
  std::vector<float> x, y;
  for (auto bits = std::bit_cast<std::uint32_t>(0x1p-126f); bits < std::bit_cast<std::uint32_t>(20.0f); bits += 997) {
    x.push_back(std::bit_cast<float>(bits));
    x.push_back(-x.back());
  }
  y.resize(x.size());
  functions().tanh(x.data(), y.data(), static_cast<int>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(y[i] / std::tanh(double{x[i]}) - 1));
  EXPECT_LT(worst, 0x1p-21);
  EXPECT_GT(worst, 0x1p-25) << "nothing is as good as this: was anything computed?";
}

TEST_P(Tanh, KeepsZerosInfinitiesAndNaN) {
  EXPECT_EQ(std::bit_cast<std::uint32_t>(of(0.0f)), 0u);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(of(-0.0f)), 0x80000000u);
  EXPECT_NEAR(of(kInfinity), 1, 0x1p-22);
  EXPECT_NEAR(of(-kInfinity), -1, 0x1p-22);
  EXPECT_NEAR(of(1e30f), 1, 0x1p-22);
  EXPECT_TRUE(std::isnan(of(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace
}  // namespace ki::cpu
