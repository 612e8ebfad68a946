// The .approx functions: special values from the PTX manual, the rest within an ulp of extended precision.
#include "arithmetic/approximations.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace vgpu::arithmetic {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::bit_cast<float>(0xFFC0'0001);

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

float one(Approximation function, float x, bool ftz) {
  float lanes[32];
  std::fill_n(lanes, 32, 0.75f);
  lanes[21] = x;
  function(lanes, lanes, ftz);
  return lanes[21];
}

struct Function {
  const char* name;
  Approximation run;
  long double (*exact)(long double);
  float low, high;  // where to look, in binary logarithms of |x|
  bool negative;    // arguments below zero too
  // Results at NaN, -inf, inf, -0, 0 and at -1 (NaN stands for the canonical one).
  float at_minus_infinity, at_infinity, at_minus_zero, at_zero, at_minus_one;
};

const Function kFunctions[] = {
    {"ex2", ex2_approx, [](long double x) { return std::exp2(x); }, -30, 8, true, 0, kInfinity, 1, 1, 0.5},
    {"lg2", lg2_approx, [](long double x) { return std::log2(x); }, -149, 128, false, NAN, kInfinity, -kInfinity,
     -kInfinity, NAN},
    {"rcp", rcp_approx, [](long double x) { return 1 / x; }, -149, 128, true, -0.0f, 0, -kInfinity, kInfinity, -1},
    {"rsqrt", rsqrt_approx, [](long double x) { return 1 / std::sqrt(x); }, -149, 128, false, NAN, 0, -kInfinity,
     kInfinity, NAN},
    {"sqrt", sqrt_approx, [](long double x) { return std::sqrt(x); }, -149, 128, false, NAN, kInfinity, -0.0f, 0, NAN},
    {"sin", sin_approx, [](long double x) { return std::sin(x); }, -149, 10, true, NAN, NAN, -0.0f, 0, -0.84147098f},
    {"cos", cos_approx, [](long double x) { return std::cos(x); }, -149, 10, true, NAN, NAN, 1, 1, 0.540302306f},
    {"tanh", tanh_approx, [](long double x) { return std::tanh(x); }, -149, 128, true, -1, 1, -0.0f, 0, -0.76159416f},
};

void expect_value(float actual, float expected, const char* name) {
  if (std::isnan(expected)) {
    EXPECT_EQ(bits_of(actual), 0x7FFF'FFFFu) << name;
  } else {
    EXPECT_EQ(bits_of(actual), bits_of(expected)) << name << ": " << actual << ", expected " << expected;
  }
}

TEST(Approximations, KnowTheSpecialValues) {
  for (const Function& f : kFunctions) {
    for (const bool ftz : {false, true}) {
      expect_value(one(f.run, kNan, ftz), NAN, f.name);
      expect_value(one(f.run, -kInfinity, ftz), f.at_minus_infinity, f.name);
      expect_value(one(f.run, kInfinity, ftz), f.at_infinity, f.name);
      expect_value(one(f.run, -0.0f, ftz), f.at_minus_zero, f.name);
      expect_value(one(f.run, 0.0f, ftz), f.at_zero, f.name);
      expect_value(one(f.run, -1.0f, ftz), f.at_minus_one, f.name);
    }
  }
}

bool is_subnormal(float x) { return x != 0 && std::fabs(x) < std::numeric_limits<float>::min(); }

TEST(Approximations, AreTheNearestNumber) {
  std::mt19937 random(1);
  for (const Function& f : kFunctions) {
    std::uniform_real_distribution<float> logarithm(f.low, f.high);
    for (int i = 0; i < 2000; ++i) {
      float lanes[32], results[32], flushed[32];
      for (float& x : lanes) {
        x = std::exp2(logarithm(random));
        if (f.negative && random() % 2) x = -x;
      }
      f.run(results, lanes, false);
      f.run(flushed, lanes, true);
      for (int lane = 0; lane < 32; ++lane) {
        const auto exact = f.exact(lanes[lane]);
        const float nearest = static_cast<float>(exact);
        ASSERT_TRUE(results[lane] == nearest || results[lane] == std::nextafter(nearest, kInfinity) ||
                    results[lane] == std::nextafter(nearest, -kInfinity))
            << f.name << '(' << lanes[lane] << ") = " << results[lane] << ", not " << nearest;
        const float from =
            is_subnormal(lanes[lane]) ? one(f.run, std::copysign(0.0f, lanes[lane]), false) : results[lane];
        expect_value(flushed[lane], is_subnormal(from) ? std::copysign(0.0f, from) : from, f.name);
      }
    }
  }
}

TEST(Approximations, OfPowersOfTwoAreExact) {
  for (int n = -149; n < 128; ++n) {
    EXPECT_EQ(one(ex2_approx, static_cast<float>(n), false), std::ldexp(1.0f, n));
    EXPECT_EQ(one(lg2_approx, std::ldexp(1.0f, n), false), static_cast<float>(n));
  }
  EXPECT_EQ(one(ex2_approx, -150.5f, false), 0.0f);
  EXPECT_EQ(one(ex2_approx, 128.0f, false), kInfinity);
  EXPECT_EQ(one(ex2_approx, -1e30f, false), 0.0f);
  EXPECT_EQ(one(ex2_approx, 1e30f, false), kInfinity);
  EXPECT_EQ(one(ex2_approx, -126.5f, true), 0.0f);
}

TEST(Approximations, Divide) {
  const auto divided = [](auto function, float a, float b, bool ftz) {
    float x[32] = {}, y[32];
    std::fill_n(y, 32, 1.0f);
    x[4] = a, y[4] = b;
    function(x, x, y, ftz);
    return x[4];
  };
  for (const auto function : {div_approx, div_full}) {
    EXPECT_EQ(divided(function, 1, 3, false), 1.0f / 3);
    EXPECT_EQ(divided(function, -7, 2, true), -3.5f);
    EXPECT_EQ(divided(function, 1, 0, false), kInfinity);
    expect_value(divided(function, 0, 0, false), NAN, "0 / 0");
    expect_value(divided(function, 1, -kInfinity, false), -0.0f, "1 / -inf");
    EXPECT_EQ(divided(function, 0x1p-130f, 0x1p-140f, false), 0x1p10f);
    expect_value(divided(function, 0x1p-130f, 0x1p-100f, true), 0.0f, "a subnormal dividend");
  }
  // Divisors beyond 2^126.
  EXPECT_EQ(divided(div_full, 0x1p120f, 0x1p127f, false), 0x1p-7f);
  expect_value(divided(div_approx, 0x1p120f, 0x1p127f, false), 0.0f, "a huge divisor");
  expect_value(divided(div_approx, kInfinity, 0x1p127f, false), NAN, "infinity by a huge divisor");
  EXPECT_EQ(divided(div_approx, 0x1p120f, 0x1p126f, false), 0x1p-6f);
}

TEST(Approximations, OfDoublesHaveTwentyBits) {
  std::vector<double> doubles = {3, -7, 1e300, 1e-300, 0x1.00000ffffffffp0};
  doubles.resize(32, 2);
  double result[32];
  rcp_approx_f64(result, doubles.data());
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_NEAR(result[lane] * doubles[lane], 1, 0x1p-19);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(result[lane]) & 0xFFFF'FFFF, 0u);
  }
  doubles[1] = 7;
  rsqrt_approx_f64(result, doubles.data());
  for (int lane = 0; lane < 32; ++lane) EXPECT_NEAR(result[lane] * result[lane] * doubles[lane], 1, 0x1p-18);
  std::fill(doubles.begin(), doubles.end(), 0x1p-1060);
  rcp_approx_f64(result, doubles.data());
  EXPECT_EQ(result[0], std::numeric_limits<double>::infinity()) << "a subnormal operand is zero";
}

}  // namespace
}  // namespace vgpu::arithmetic
