#include "support/half_types.h"

#include <gtest/gtest.h>

namespace ki::test {
namespace {

/// The definition: round to the nearest multiple of the spacing at x, ties to even.
double round_by_definition(double x, int significant_bits, int smallest_exponent) {
  int exponent;
  std::frexp(x, &exponent);
  const int spacing = std::max(exponent, smallest_exponent + 1) - significant_bits;
  return std::ldexp(std::nearbyint(std::ldexp(x, -spacing)), spacing);
}

TEST(HalfTypes, EveryFloat16SurvivesARoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float x = float16_to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(x)) {
      EXPECT_TRUE(std::isnan(float16_to_float(float_to_float16(x))));
    } else {
      ASSERT_EQ(float_to_float16(x), bits);
    }
  }
}

TEST(HalfTypes, EveryBFloat16SurvivesARoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float x = bfloat16_to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(x)) {
      EXPECT_TRUE(std::isnan(bfloat16_to_float(float_to_bfloat16(x))));
    } else {
      ASSERT_EQ(float_to_bfloat16(x), bits);
    }
  }
}

TEST(HalfTypes, Float16TiesGoToTheEvenNeighbour) {
  for (std::uint32_t bits = 0; bits < 0x7BFF; ++bits) {
    const float low = float16_to_float(static_cast<std::uint16_t>(bits));
    const float high = float16_to_float(static_cast<std::uint16_t>(bits + 1));
    const float middle = (low + high) / 2;
    ASSERT_EQ(round_to_float16(middle), bits % 2 == 0 ? low : high) << middle;
    ASSERT_EQ(round_to_float16(std::nextafter(middle, 0.0F)), low) << middle;
    ASSERT_EQ(round_to_float16(std::nextafter(middle, 1e9F)), high) << middle;
  }
}

TEST(HalfTypes, BFloat16TiesGoToTheEvenNeighbour) {
  for (std::uint32_t bits = 0; bits < 0x7F7F; ++bits) {
    const float low = bfloat16_to_float(static_cast<std::uint16_t>(bits));
    const float high = bfloat16_to_float(static_cast<std::uint16_t>(bits + 1));
    const float middle = std::bit_cast<float>((bits << 16) | 0x8000);
    ASSERT_EQ(round_to_bfloat16(middle), bits % 2 == 0 ? low : high) << middle;
    ASSERT_EQ(round_to_bfloat16(std::nextafter(middle, 0.0F)), low) << middle;
    ASSERT_EQ(round_to_bfloat16(std::nextafter(middle, std::numeric_limits<float>::infinity())), high) << middle;
  }
}

TEST(HalfTypes, RoundingAgreesWithItsDefinition) {
  for (float x = 1e-9F; x < 60000.0F; x *= 1.00037F) {
    ASSERT_EQ(round_to_float16(-x), -round_by_definition(x, 11, -14)) << x;
    ASSERT_EQ(round_to_bfloat16(-x), -round_by_definition(x, 8, -126)) << x;
  }
}

TEST(HalfTypes, OverflowBecomesInfinite) {
  EXPECT_EQ(float_to_float16(65519.0F), 0x7BFF);
  EXPECT_EQ(float_to_float16(65520.0F), 0x7C00);
  EXPECT_EQ(float_to_float16(-1e30F), 0xFC00);
  EXPECT_EQ(float_to_bfloat16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(float_to_bfloat16(-std::numeric_limits<float>::infinity()), 0xFF80);
}

}  // namespace
}  // namespace ki::test
