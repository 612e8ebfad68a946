#include "reference/attention_gradients.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "support/random.h"

// The gradients' reference against finite differences of the forward one.
namespace ki::test {
namespace {

Array random_array(Random& random, Shape shape) {
  Array array(std::move(shape));
  for (double& x : array.values) x = random.normal();
  return array;
}

/// 4 queries of 4 heads, 6 keys of 2 heads.
AttentionArguments random_arguments(std::uint64_t seed) {
  Random random(seed);
  AttentionArguments a;
  a.query = random_array(random, {4, 4, 3});
  a.key = random_array(random, {6, 2, 3});
  a.value = random_array(random, {6, 2, 5});
  a.scale = 0.7;
  return a;
}

double weighted_output(const AttentionArguments& a, const Array& weights) {
  const Array output = attention_reference(a).output;
  double sum = 0;
  for (std::size_t e = 0; e < output.values.size(); ++e) sum += weights.values[e] * output.values[e];
  return sum;
}

/// Compares a gradient with the central differences along each element of `variable`, which is part of `a`.
void expect_differences(AttentionArguments& a, Array& variable, const Array& gradient, const Array& weights) {
  constexpr double kStep = 1e-5;
  ASSERT_EQ(variable.shape, gradient.shape);
  for (std::size_t e = 0; e < variable.values.size(); ++e) {
    const double x = variable.values[e];
    if (std::isinf(x)) continue;
    variable.values[e] = x + kStep;
    const double above = weighted_output(a, weights);
    variable.values[e] = x - kStep;
    const double below = weighted_output(a, weights);
    variable.values[e] = x;
    EXPECT_NEAR(gradient.values[e], (above - below) / (2 * kStep), 1e-7) << "element " << to_string(variable.index(e));
  }
}

void expect_gradients(AttentionArguments a) {
  Random random(77);
  const Array weights = random_array(random, {a.seq_q(), a.heads_q(), a.value.shape[2]});
  const AttentionGradients gradients = gradients_reference(a, weights);
  expect_differences(a, a.query, gradients.query, weights);
  expect_differences(a, a.key, gradients.key, weights);
  expect_differences(a, a.value, gradients.value, weights);
  if (a.bias) expect_differences(a, *a.bias, gradients.bias, weights);
}

TEST(AttentionGradients, AreTheDifferencesOfPlainAttention) { expect_gradients(random_arguments(1)); }

TEST(AttentionGradients, AreTheDifferencesWithEachFeature) {
  AttentionArguments a = random_arguments(2);
  a.causal = true;
  expect_gradients(a);
  a = random_arguments(3);
  a.window_left = 1;
  a.window_right = 1;
  a.sink_count = 1;
  expect_gradients(a);
  a = random_arguments(4);
  a.softcap = 0.8;
  expect_gradients(a);
  a = random_arguments(5);
  a.dropout = {0x5000, 1, 2};
  expect_gradients(a);
  a = random_arguments(6);
  Random random(6);
  a.bias = random_array(random, {4, 4, 6});
  (*a.bias)({2, 1, 3}) = -std::numeric_limits<double>::infinity();
  expect_gradients(a);
}

TEST(AttentionGradients, AreTheDifferencesWithAllFeatures) {
  AttentionArguments a = random_arguments(7);
  Random random(7);
  a.causal = true;
  a.window_left = 4;
  a.softcap = 1.5;
  a.bias = random_array(random, {4, 4, 6});
  a.mask = Array({4, 4, 6}, 1);
  for (std::int64_t j = 0; j < 6; ++j) (*a.mask)({1, 2, j}) = 0;  // a row that sees nothing
  a.alibi_slopes = random_array(random, {4});
  a.tree_mask = Array({2, 2}, 1);
  (*a.tree_mask)({1, 0}) = 0;
  a.dropout = {0x4000, 1, 2};
  a.batch = 3;
  expect_gradients(a);
}

TEST(AttentionGradients, AreZeroForRowsAndKeysThatSeeNothing) {
  AttentionArguments a = random_arguments(8);
  a.mask = Array({4, 4, 6}, 1);
  for (std::int64_t h = 0; h < 4; ++h) {
    for (std::int64_t j = 0; j < 6; ++j) (*a.mask)({h, 2, j}) = 0;
    for (std::int64_t i = 0; i < 4; ++i) (*a.mask)({h, i, 5}) = 0;
  }
  a.key({5, 1, 0}) = a.value({5, 1, 2}) = std::numeric_limits<double>::quiet_NaN();
  const AttentionGradients gradients = gradients_reference(a, Array({4, 4, 5}, 1.25));
  for (std::int64_t c = 0; c < 3; ++c) {
    EXPECT_EQ(gradients.query({2, 1, c}), 0);
    EXPECT_EQ(gradients.key({5, 1, c}), 0);
    EXPECT_EQ(gradients.value({5, 1, c}), 0);
    EXPECT_TRUE(std::isfinite(gradients.query({1, 3, c})));
  }
}

TEST(AttentionGradients, MagnitudeBoundsTheReferenceAndTheErrorOfTheNaive) {
  AttentionArguments a = random_arguments(9);
  a.softcap = 2;
  Random random(9);
  const Array weights = random_array(random, {4, 4, 5});
  const AttentionGradients want = gradients_reference(a, weights),
                           naive = gradients_naive(a, weights, KI_DTYPE_FLOAT32),
                           magnitude = gradients_magnitude(a, weights);
  for (const auto member :
       {&AttentionGradients::query, &AttentionGradients::key, &AttentionGradients::value, &AttentionGradients::bias}) {
    double worst = 0;
    for (std::size_t e = 0; e < (want.*member).values.size(); ++e) {
      EXPECT_LE(std::fabs((want.*member).values[e]), (magnitude.*member).values[e] + 1e-15);
      const double error = std::fabs((naive.*member).values[e] - (want.*member).values[e]);
      EXPECT_LE(error, 16 * 0x1p-24 * (magnitude.*member).values[e] + 0x1p-30);
      worst = std::max(worst, error);
    }
    EXPECT_GT(worst, 0);
  }
}

}  // namespace
}  // namespace ki::test
