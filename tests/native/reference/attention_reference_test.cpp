#include "reference/attention_reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/dtype.h"
#include "support/random.h"
#include "support/tolerance.h"

namespace ki::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Array random_array(Random& random, Shape shape) {
  Array array(std::move(shape));
  for (double& x : array.values) x = round_to_bfloat16(static_cast<float>(random.normal()));
  return array;
}

AttentionArguments random_arguments(std::uint64_t seed) {
  Random random(seed);
  return {random_array(random, {2, 5, 6, 4}), random_array(random, {2, 7, 3, 4}), random_array(random, {2, 7, 3, 3}),
          0.5, false};
}

TEST(AttentionReference, TwoKeysByHand) {
  AttentionArguments a;
  a.query = Array({1, 1, 1, 2});
  a.key = Array({1, 2, 1, 2});
  a.value = Array({1, 2, 1, 1});
  a.query.values = {1, 2};
  a.key.values = {3, 1, 2, 1};  // dots 5 and 4
  a.value.values = {10, 20};
  a.scale = std::log(3.0);  // weights 3^5 : 3^4
  const AttentionResult result = attention_reference(a);
  EXPECT_NEAR(result.output({0, 0, 0, 0}), 12.5, 1e-12);
  EXPECT_NEAR(result.logsumexp({0, 0, 0}), std::log(243.0 + 81.0), 1e-12);
  const AttentionResult magnitude = attention_magnitude(a);
  EXPECT_NEAR(magnitude.output({0, 0, 0, 0}), 12.5, 1e-12);
  EXPECT_NEAR(magnitude.logsumexp({0, 0, 0}), std::log(3.0) * (0.75 * 5 + 0.25 * 4) + std::log(324.0), 1e-12);
}

TEST(AttentionReference, ScaleZeroAveragesTheValuesThatAreSeen) {
  AttentionArguments a = random_arguments(1);
  a.scale = 0;
  a.causal = true;
  const AttentionResult result = attention_reference(a);
  for (std::int64_t i = 0; i < 5; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j <= i + 2; ++j) sum += a.value({1, j, 2, 1});
    EXPECT_NEAR(result.output({1, i, 5, 1}), sum / static_cast<double>(i + 3), 1e-12);
    EXPECT_NEAR(result.logsumexp({1, 5, i}), std::log(static_cast<double>(i + 3)), 1e-12);
  }
}

TEST(AttentionReference, QueryHeadsShareKeysInConsecutiveGroups) {
  AttentionArguments a = random_arguments(2);
  a.scale = 0;
  const AttentionResult result = attention_reference(a);
  for (std::int64_t h = 0; h < 6; ++h) {
    double sum = 0;
    for (std::int64_t j = 0; j < 7; ++j) sum += a.value({0, j, h / 2, 0});
    EXPECT_NEAR(result.output({0, 3, h, 0}), sum / 7, 1e-12);
  }
}

TEST(AttentionReference, CausalRowsThatSeeNoKeyAreZero) {
  Random random(3);
  const AttentionArguments a{random_array(random, {1, 5, 1, 2}), random_array(random, {1, 2, 1, 2}),
                             random_array(random, {1, 2, 1, 2}), 1, true};
  const AttentionResult result = attention_reference(a);
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result.output({0, i, 0, 0}), 0);
    EXPECT_EQ(result.logsumexp({0, 0, i}), -kInfinity);
  }
  EXPECT_EQ(result.output({0, 3, 0, 1}), a.value({0, 0, 0, 1}));  // the first that sees a key sees one
  EXPECT_TRUE(std::isfinite(result.logsumexp({0, 0, 4})));
}

TEST(AttentionReference, HiddenKeysNeverContribute) {
  AttentionArguments a = random_arguments(4);
  a.causal = true;
  const AttentionResult clean = attention_reference(a);
  a.key({0, 6, 0, 0}) = std::numeric_limits<double>::quiet_NaN();
  a.value({0, 6, 0, 0}) = kInfinity;
  const AttentionResult result = attention_reference(a);
  for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(result.output({0, i, 0, 0}), clean.output({0, i, 0, 0}));
  EXPECT_TRUE(std::isnan(result.output({0, 4, 0, 0})));
}

TEST(AttentionReference, InfiniteScoresAreTakenAsTheFormulaHasThem) {
  AttentionArguments a;
  a.query = Array({1, 1, 1, 1}, 1);
  a.key = Array({1, 2, 1, 1});
  a.value = Array({1, 2, 1, 1});
  a.value.values = {3, 4};
  a.key.values = {-kInfinity, 0};  // weight 0
  EXPECT_EQ(attention_reference(a).output({0, 0, 0, 0}), 4);
  EXPECT_EQ(attention_reference(a).logsumexp({0, 0, 0}), 0);
  a.key.values = {-kInfinity, -kInfinity};  // nothing to see
  EXPECT_EQ(attention_reference(a).output({0, 0, 0, 0}), 0);
  EXPECT_EQ(attention_naive(a, KI_DTYPE_FLOAT16).output({0, 0, 0, 0}), 0);
  EXPECT_EQ(attention_reference(a).logsumexp({0, 0, 0}), -kInfinity);
  a.key.values = {kInfinity, 0};  // inf / inf
  EXPECT_TRUE(std::isnan(attention_reference(a).output({0, 0, 0, 0})));
  EXPECT_EQ(attention_reference(a).logsumexp({0, 0, 0}), kInfinity);
}

TEST(AttentionReference, HugeScoresDoNotOverflow) {
  AttentionArguments a = random_arguments(5);
  a.scale = 1e4;
  const AttentionResult result = attention_reference(a);
  for (const double x : result.output.values) EXPECT_TRUE(std::isfinite(x));
  for (const double x : result.logsumexp.values) EXPECT_TRUE(std::isfinite(x));
}

TEST(AttentionReference, NaiveIsNearAndNearerInWiderTypes) {
  const AttentionArguments a = random_arguments(6);
  const AttentionResult want = attention_reference(a);
  double previous = 0;
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    const AttentionResult naive = attention_naive(a, dtype);
    double worst = 0;
    for (std::size_t i = 0; i < want.output.values.size(); ++i) {
      worst = std::max(worst, std::fabs(naive.output.values[i] - want.output.values[i]));
    }
    EXPECT_GT(worst, previous);
    EXPECT_LT(worst, 64 * half_ulp(dtype, 1));
    previous = worst;
    for (std::size_t i = 0; i < want.logsumexp.values.size(); ++i) {
      EXPECT_NEAR(naive.logsumexp.values[i], want.logsumexp.values[i], 1e-6);
    }
  }
}

TEST(AttentionReference, ToleranceSeesAScaleThatIsWrongByOnePartInAThousand) {
  AttentionArguments a = random_arguments(7);
  const Expected expected{attention_reference(a).output, attention_naive(a, KI_DTYPE_FLOAT32).output,
                          attention_magnitude(a).output};
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, attention_naive(a, KI_DTYPE_FLOAT32).output, expected));
  a.scale *= 1 + 0x1p-10;
  EXPECT_FALSE(matches(KI_DTYPE_FLOAT32, attention_reference(a).output, expected));
}

}  // namespace
}  // namespace ki::test
