// f32 and f64 arithmetic in every rounding, against 113 bits rounded by looking for the neighbours.
#include "arithmetic/float_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>
#include <random>

#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {
namespace {

using slow::kModes;
using slow::Quad;

void run(FloatOperation operation, const FloatModifiers& modifiers, float* d, const float* a, const float* b,
         const float* c) {
  float_arithmetic(operation, modifiers, d, a, b, c);
}
void run(FloatOperation operation, const FloatModifiers& modifiers, double* d, const double* a, const double* b,
         const double* c) {
  double_arithmetic(operation, modifiers, d, a, b, c);
}

// Exact for products and for sums of numbers of similar size. Quotients and roots are correct to 113 bits, and can then
// not lie so close to a change of rounding that it mattered.
Quad exact(FloatOperation operation, Quad a, Quad b, Quad c) {
  switch (operation) {
    case FloatOperation::add: return a + b;
    case FloatOperation::sub: return a - b;
    case FloatOperation::mul: return a * b;
    case FloatOperation::fma: return a * b + c;
    case FloatOperation::div: return a / b;
    case FloatOperation::rcp: return 1 / a;
    default: return 0;
  }
}

template <class F>
void expect_rounds_once(FloatOperation operation) {
  std::mt19937_64 random(static_cast<unsigned>(operation));
  for (int i = 0; i < 2000; ++i) {
    F a[32], b[32], c[32], d[32];
    for (auto* lanes : {a, b, c}) {
      for (int lane = 0; lane < 32; ++lane) {
        const double x = 1 + static_cast<double>(random() >> 11) * 0x1p-53;
        const F magnitude = static_cast<F>(std::ldexp(x, static_cast<int>(random() % 6) - 3));
        lanes[lane] = random() & 1 ? magnitude : -magnitude;
        if (lane % 4 == 0) lanes[lane] = std::round(lanes[lane]);  // exact results and ties
      }
    }
    for (const RoundingMode mode : kModes) {
      run(operation, {.rounding = mode}, d, a, b, c);
      for (int lane = 0; lane < 32; ++lane) {
        if (operation == FloatOperation::div && b[lane] == 0) continue;
        const Quad sum = exact(operation, a[lane], b[lane], c[lane]);
        if (sum == 0) continue;  // the sign of zero has its own test
        ASSERT_EQ(d[lane], slow::rounded<F>(sum, mode))
            << std::hexfloat << a[lane] << ' ' << b[lane] << ' ' << c[lane] << " mode " << static_cast<int>(mode);
      }
    }
  }
}

TEST(FloatMath, RoundsOnce) {
  for (const auto operation : {FloatOperation::add, FloatOperation::sub, FloatOperation::mul, FloatOperation::fma,
                               FloatOperation::div, FloatOperation::rcp}) {
    expect_rounds_once<float>(operation);
    expect_rounds_once<double>(operation);
  }
}

// A root is right if its square, and the squares of its neighbours, lie on the right sides.
TEST(FloatMath, TakesRoots) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    float a[32], d[32];
    for (int lane = 0; lane < 32; ++lane) {
      a[lane] = lane % 4 == 0 ? static_cast<float>(random() % 1000)
                              : std::bit_cast<float>(static_cast<std::uint32_t>(random()) >> 1);
      if (!std::isfinite(a[lane])) a[lane] = 2;
    }
    for (const RoundingMode mode : kModes) {
      run(FloatOperation::sqrt, {.rounding = mode}, d, a, nullptr, nullptr);
      for (int lane = 0; lane < 32; ++lane) {
        const Quad x = a[lane], root = d[lane], below = std::nextafter(d[lane], 0.0f),
                   above = std::nextafter(d[lane], 1e30f);
        if (root * root == x) continue;
        const Quad low = (below + root) / 2, high = (root + above) / 2;
        switch (mode) {
          case RoundingMode::up: ASSERT_TRUE(root * root > x && below * below < x) << a[lane]; break;
          case RoundingMode::nearest_even: ASSERT_TRUE(low * low < x && high * high > x) << a[lane]; break;
          default: ASSERT_TRUE(root * root < x && above * above > x) << a[lane]; break;
        }
      }
    }
  }
}

template <class F>
F one(FloatOperation operation, const FloatModifiers& modifiers, F a, F b = 0, F c = 0) {
  F x[32] = {}, y[32] = {}, z[32] = {};
  x[17] = a, y[17] = b, z[17] = c;
  run(operation, modifiers, x, x, y, z);  // over its own operand
  return x[17];
}

TEST(FloatMath, SignsZero) {
  for (const RoundingMode mode : kModes) {
    const FloatModifiers modifiers{.rounding = mode};
    const bool down = mode == RoundingMode::down;
    EXPECT_EQ(std::signbit(one(FloatOperation::add, modifiers, 3.0f, -3.0f)), down);
    EXPECT_EQ(std::signbit(one(FloatOperation::sub, modifiers, 3.0, 3.0)), down);
    EXPECT_EQ(std::signbit(one(FloatOperation::fma, modifiers, 3.0f, 2.0f, -6.0f)), down);
    EXPECT_TRUE(std::signbit(one(FloatOperation::add, modifiers, -0.0f, -0.0f)));
    EXPECT_FALSE(std::signbit(one(FloatOperation::add, modifiers, 0.0f, 0.0f)));
  }
}

TEST(FloatMath, OverflowsAndUnderflows) {
  const float largest = std::numeric_limits<float>::max(), tiny = std::numeric_limits<float>::denorm_min();
  const auto product = [&](RoundingMode mode, float a, float b) {
    return one(FloatOperation::mul, {.rounding = mode}, a, b);
  };
  EXPECT_EQ(product(RoundingMode::nearest_even, largest, 2), std::numeric_limits<float>::infinity());
  EXPECT_EQ(product(RoundingMode::zero, largest, 2), largest);
  EXPECT_EQ(product(RoundingMode::down, largest, 2), largest);
  EXPECT_EQ(product(RoundingMode::up, largest, -2), -largest);
  EXPECT_EQ(product(RoundingMode::up, tiny, tiny), tiny);
  EXPECT_EQ(product(RoundingMode::down, tiny, tiny), 0);
  EXPECT_EQ(product(RoundingMode::down, tiny, -tiny), -tiny);
}

TEST(FloatMath, FlushesClampsAndMakesCanonicalNans) {
  const FloatModifiers ftz{.ftz = true}, sat{.sat = true};
  EXPECT_EQ(one(FloatOperation::add, ftz, 0x1p-130f, 0x1p-126f), 0x1p-126f);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(one(FloatOperation::mul, ftz, -0x1p-100f, 0x1p-30f)), 0x8000'0000u);
  EXPECT_EQ(one(FloatOperation::mul, {}, -0x1p-100f, 0x1p-30f), -0x1p-130f);
  EXPECT_EQ(one(FloatOperation::add, sat, 0.75f, 0.75f), 1.0f);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(one(FloatOperation::add, sat, -0.75f, 0.5f)), 0u);
  const float nan = std::bit_cast<float>(0xFFC0'1234);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(one(FloatOperation::fma, sat, nan, 1.0f, 1.0f)), 0u);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(one(FloatOperation::fma, {}, nan, 1.0f, 1.0f)), 0x7FFF'FFFFu);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(one(FloatOperation::div, {}, 0.0f, 0.0f)), 0x7FFF'FFFFu);
}

TEST(FloatMath, ChoosesTheSmallerOrLarger) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(one(FloatOperation::min, {}, 2.0f, -3.0f), -3.0f);
  EXPECT_EQ(one(FloatOperation::max, {}, 2.0f, -3.0f), 2.0f);
  EXPECT_EQ(one(FloatOperation::min, {}, nan, -3.0f), -3.0f);
  EXPECT_EQ(one(FloatOperation::min, {}, -3.0f, nan), -3.0f);
  EXPECT_EQ(one(FloatOperation::max, {}, nan, -3.0f), -3.0f);
  EXPECT_EQ(one(FloatOperation::max, {}, -3.0, std::numeric_limits<double>::quiet_NaN()), -3.0);
  EXPECT_TRUE(std::isnan(one(FloatOperation::max, {.nan = true}, -3.0f, nan)));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(one(FloatOperation::min, {}, nan, -nan)), 0x7FFF'FFFFu);
  EXPECT_TRUE(std::signbit(one(FloatOperation::min, {}, 0.0f, -0.0f)));
  EXPECT_TRUE(std::signbit(one(FloatOperation::min, {}, -0.0f, 0.0f)));
  EXPECT_FALSE(std::signbit(one(FloatOperation::max, {}, 0.0f, -0.0f)));
  EXPECT_FALSE(std::signbit(one(FloatOperation::max, {}, -0.0, 0.0)));
  EXPECT_EQ(one(FloatOperation::max, {.xorsign_abs = true}, 2.0f, -3.0f), -3.0f);
  EXPECT_EQ(one(FloatOperation::min, {.xorsign_abs = true}, -2.0f, -3.0f), 2.0f);
}

TEST(FloatMath, LeavesTheProcessorAsItWas) {
  for (const int mode : {FE_TONEAREST, FE_UPWARD}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    const float third = one(FloatOperation::div, {.rounding = RoundingMode::nearest_even}, 1.0f, 3.0f);
    one(FloatOperation::add, {.rounding = RoundingMode::zero}, 1.0f, 1.0f);
    EXPECT_EQ(std::fegetround(), mode);
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(third, 0x1.555556p-2f);
  }
}

}  // namespace
}  // namespace vgpu::arithmetic
