// Rows to int8 with a scale.
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/simd_functions.h"
#include "support/random.h"

namespace ki::cpu {
namespace {

class Quantise : public EveryTarget {
 protected:
  struct Row {
    float scale;
    std::vector<int> steps;
  };

  Row quantise(const std::vector<float>& row) const {
    constexpr std::int8_t kUnwritten = 55;
    std::vector<std::int8_t> to(row.size() + 1, kUnwritten);
    const float scale = functions().quantise(row.data(), static_cast<int>(row.size()), to.data());
    EXPECT_EQ(to.back(), kUnwritten) << "wrote behind the row";
    return {scale, {to.begin(), to.end() - 1}};
  }
};
INSTANTIATE_TEST_SUITE_P(, Quantise, usable_targets(), target_name);

TEST_P(Quantise, RoundsHalfToEven) {
  const Row row = quantise({127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, 125.5, 0.49999997, 3});
  EXPECT_EQ(row.scale, 1.0f);
  EXPECT_EQ(row.steps, (std::vector<int>{127, 0, 2, 2, 0, -2, -2, 126, -126, 126, 0, 3}));
}

TEST_P(Quantise, TheLargestMagnitudeSetsTheScaleWhateverItsSignAndPlace) {
  for (const int count : {1, 7, 8, 9, 16, 17, 33, 64, 255, 256}) {
    for (const int place : {0, count / 2, count - 1}) {
      std::vector<float> row(static_cast<std::size_t>(count), 0.25f);
      row[static_cast<std::size_t>(place)] = -508;
      const Row got = quantise(row);
      EXPECT_EQ(got.scale, 4.0f);
      for (int i = 0; i < count; ++i) EXPECT_EQ(got.steps[static_cast<std::size_t>(i)], i == place ? -127 : 0);
    }
  }
}

TEST_P(Quantise, EveryElementIsWithinHalfAStep) {
  test::Random random(3);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<float> row(static_cast<std::size_t>(1 + random.below(256)));
    for (float& x : row) x = static_cast<float>(std::ldexp(random.normal(), static_cast<int>(random.below(100)) - 50));
    const Row got = quantise(row);
    for (std::size_t i = 0; i < row.size(); ++i) {
      EXPECT_LE(std::fabs(double{row[i]} - double{got.scale} * got.steps[i]), double{got.scale} * (0.5 + 1e-5));
    }
  }
}

TEST_P(Quantise, ARowOfZerosHasScaleZero) {
  const Row row = quantise({0, -0.0f, 0});
  EXPECT_EQ(row.scale, 0.0f);
  EXPECT_EQ(row.steps, (std::vector<int>{0, 0, 0}));
}

TEST_P(Quantise, SubnormalRowsStayInRange) {
  for (const int multiple : {1, 63, 64, 100, 127, 190, 254}) {
    const auto x = static_cast<float>(std::ldexp(multiple, -149));
    const Row row = quantise({x, -x, 0});
    EXPECT_EQ(row.scale, x / 127);
    EXPECT_EQ(row.steps[1], -row.steps[0]);
    EXPECT_EQ(row.steps[2], 0);
  }
}

TEST_P(Quantise, NanShowsInTheScale) {
  for (const std::size_t place : {0, 3, 17, 19}) {
    std::vector<float> row(20, 1);
    row[place] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(quantise(row).scale)) << place;
  }
}

}  // namespace
}  // namespace ki::cpu
