#include "reference/attention_reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "reference/rotary.h"
#include "support/dtype.h"
#include "support/random.h"
#include "support/tolerance.h"

namespace ki::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Array random_array(Random& random, Shape shape) {
  Array array(std::move(shape));
  for (double& x : array.values) x = round_to_bfloat16(static_cast<float>(random.normal()));
  return array;
}

AttentionArguments arguments_of(Array query, Array key, Array value, double scale) {
  AttentionArguments a;
  a.query = std::move(query);
  a.key = std::move(key);
  a.value = std::move(value);
  a.scale = scale;
  return a;
}

/// 5 queries of 6 heads, 7 keys of 3 heads.
AttentionArguments random_arguments(std::uint64_t seed) {
  Random random(seed);
  return arguments_of(random_array(random, {5, 6, 4}), random_array(random, {7, 3, 4}), random_array(random, {7, 3, 3}),
                      0.5);
}

/// One query [q_0, q_1] of one head over keys [k_j, 1].
AttentionArguments small_arguments(std::vector<double> query, std::vector<double> keys, std::vector<double> values) {
  const auto count = std::ssize(keys);
  AttentionArguments a = arguments_of(Array({1, 1, 2}), Array({count, 1, 2}, 1), Array({count, 1, 1}), 1);
  a.query.values = std::move(query);
  for (std::int64_t j = 0; j < count; ++j) a.key({j, 0, 0}) = keys[static_cast<std::size_t>(j)];
  a.value.values = std::move(values);
  return a;
}

/// The output of a single query with equal scores is the mean of the values it sees.
double mean_of_seen(const AttentionArguments& a, std::int64_t h, std::int64_t i) {
  double sum = 0, count = 0;
  for (std::int64_t j = 0; j < a.seq_k(); ++j) {
    if (!sees(a, h, i, j)) continue;
    sum += a.value({j, a.head_kv(h), 0});
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

TEST(AttentionReference, TwoKeysByHand) {
  AttentionArguments a = small_arguments({1, 2}, {3, 2}, {10, 20});  // dots 5 and 4
  a.scale = std::log(3.0);                                           // weights 3^5 : 3^4
  const AttentionResult result = attention_reference(a);
  EXPECT_NEAR(result.output({0, 0, 0}), 12.5, 1e-12);
  EXPECT_NEAR(result.logsumexp({0, 0}), std::log(243.0 + 81.0), 1e-12);
  const AttentionResult magnitude = attention_magnitude(a);
  EXPECT_NEAR(magnitude.output({0, 0, 0}), 12.5, 1e-12);
  EXPECT_NEAR(magnitude.logsumexp({0, 0}), std::log(3.0) * (0.75 * 5 + 0.25 * 4) + std::log(324.0), 1e-12);
}

TEST(AttentionReference, SoftcapBiasAndSlopesByHand) {
  AttentionArguments a = small_arguments({1, 0}, {3, 2}, {10, 20});
  a.softcap = 2;
  a.bias = Array({1, 1, 2});
  a.bias->values = {0.25, -0.5};
  a.alibi_slopes = Array({1}, 0.125);  // the query stands at key 1
  const double first = 2 * std::tanh(1.5) + 0.25 - 0.125, second = 2 * std::tanh(1.0) - 0.5;
  const double sum = std::exp(first) + std::exp(second);
  const AttentionResult result = attention_reference(a);
  EXPECT_NEAR(result.output({0, 0, 0}), (10 * std::exp(first) + 20 * std::exp(second)) / sum, 1e-12);
  EXPECT_NEAR(result.logsumexp({0, 0}), std::log(sum), 1e-12);
}

TEST(AttentionReference, ScaleZeroAveragesTheValuesThatAreSeen) {
  AttentionArguments a = random_arguments(1);
  a.scale = 0;
  a.causal = true;
  const AttentionResult result = attention_reference(a);
  for (std::int64_t i = 0; i < 5; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j <= i + 2; ++j) sum += a.value({j, 2, 1});
    EXPECT_NEAR(result.output({i, 5, 1}), sum / static_cast<double>(i + 3), 1e-12);
    EXPECT_NEAR(result.logsumexp({5, i}), std::log(static_cast<double>(i + 3)), 1e-12);
  }
}

TEST(AttentionReference, QueryHeadsShareKeysInConsecutiveGroups) {
  AttentionArguments a = random_arguments(2);
  a.scale = 0;
  const AttentionResult result = attention_reference(a);
  for (std::int64_t h = 0; h < 6; ++h) {
    double sum = 0;
    for (std::int64_t j = 0; j < 7; ++j) sum += a.value({j, h / 2, 0});
    EXPECT_NEAR(result.output({3, h, 0}), sum / 7, 1e-12);
  }
}

TEST(AttentionReference, WindowAndSinksAreWhatTheHeaderSays) {
  AttentionArguments a = random_arguments(8);  // query i stands at position i + 2
  a.window_left = 1;
  a.window_right = 2;
  a.sink_count = 1;
  const auto row = [&](std::int64_t i) {
    std::string text;
    for (std::int64_t j = 0; j < 7; ++j) text += sees(a, 0, i, j) ? 'x' : '.';
    return text;
  };
  EXPECT_EQ(row(0), "xxxxx..");
  EXPECT_EQ(row(1), "x.xxxx.");
  EXPECT_EQ(row(4), "x....xx");
  a.causal = true;
  EXPECT_EQ(row(1), "x.xx...");
  a.window_left = 0;
  a.sink_count = 0;
  EXPECT_EQ(row(1), "...x...");
  a.sink_count = 100;
  EXPECT_EQ(row(1), "xxxx...") << "sinks are not exempt from causality";
}

TEST(AttentionReference, DraftTokensSeeThePrefixThemselvesAndTheirAncestors) {
  AttentionArguments a = random_arguments(9);  // positions 2 to 6; keys 4, 5 and 6 are drafts
  a.causal = true;
  a.tree_mask = Array({3, 3});
  a.tree_mask->values = {1, 0, 0,  //
                         1, 1, 0,  //
                         1, 0, 1};
  const auto row = [&](std::int64_t i) {
    std::string text;
    for (std::int64_t j = 0; j < 7; ++j) text += sees(a, 0, i, j) ? 'x' : '.';
    return text;
  };
  EXPECT_EQ(row(1), "xxxx...") << "a query before the drafts is not theirs";
  EXPECT_EQ(row(2), "xxxxx..");
  EXPECT_EQ(row(3), "xxxxxx.");
  EXPECT_EQ(row(4), "xxxxx.x");
}

TEST(AttentionReference, ATreeThatIsAChainIsCausality) {
  AttentionArguments a = random_arguments(11), causal = a;
  causal.causal = true;
  a.window_right = 0;  // of the queries before the drafts
  a.tree_mask = Array({4, 4});
  for (std::int64_t t = 0; t < 4; ++t) {
    for (std::int64_t ancestor = 0; ancestor <= t; ++ancestor) (*a.tree_mask)({t, ancestor}) = 1;
  }
  EXPECT_EQ(attention_reference(a).output.values, attention_reference(causal).output.values);
}

TEST(AttentionReference, RowsThatSeeNoKeyAreZero) {
  Random random(3);
  AttentionArguments a = arguments_of(random_array(random, {5, 1, 2}), random_array(random, {2, 1, 2}),
                                      random_array(random, {2, 1, 2}), 1);
  a.causal = true;
  const AttentionResult result = attention_reference(a);
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result.output({i, 0, 0}), 0);
    EXPECT_EQ(result.logsumexp({0, i}), -kInfinity);
  }
  EXPECT_EQ(result.output({3, 0, 1}), a.value({0, 0, 1}));  // the first that sees a key sees one
  EXPECT_TRUE(std::isfinite(result.logsumexp({0, 4})));
}

TEST(AttentionReference, HiddenKeysNeverContribute) {
  AttentionArguments a = random_arguments(4);
  a.causal = true;
  const AttentionResult clean = attention_reference(a);
  a.key({6, 0, 0}) = kNaN;
  a.value({6, 0, 0}) = kInfinity;
  const AttentionResult result = attention_reference(a);
  for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(result.output({i, 0, 0}), clean.output({i, 0, 0}));
  EXPECT_TRUE(std::isnan(result.output({4, 0, 0})));

  a = random_arguments(4);
  a.scale = 0;
  a.mask = Array({6, 5, 7}, 1);
  a.bias = Array({6, 5, 7}, 0);
  (*a.mask)({0, 2, 1}) = 0;
  (*a.bias)({0, 2, 5}) = -kInfinity;
  a.key({1, 0, 0}) = a.value({1, 0, 0}) = a.key({5, 0, 0}) = a.value({5, 0, 0}) = kNaN;
  EXPECT_NEAR(attention_reference(a).output({2, 0, 0}), mean_of_seen(a, 0, 2), 1e-12);
  EXPECT_TRUE(std::isnan(attention_reference(a).output({1, 0, 0})));
}

TEST(AttentionReference, InfiniteScoresAreTakenAsTheFormulaHasThem) {
  AttentionArguments a = small_arguments({1, 0}, {-kInfinity, 0}, {3, 4});  // weight 0
  EXPECT_EQ(attention_reference(a).output({0, 0, 0}), 4);
  EXPECT_EQ(attention_reference(a).logsumexp({0, 0}), 0);
  a = small_arguments({1, 0}, {-kInfinity, -kInfinity}, {3, 4});  // nothing to see
  EXPECT_EQ(attention_reference(a).output({0, 0, 0}), 0);
  EXPECT_EQ(attention_naive(a, KI_DTYPE_FLOAT16).output({0, 0, 0}), 0);
  EXPECT_EQ(attention_reference(a).logsumexp({0, 0}), -kInfinity);
  a = small_arguments({1, 0}, {kInfinity, 0}, {3, 4});  // inf / inf
  EXPECT_TRUE(std::isnan(attention_reference(a).output({0, 0, 0})));
  EXPECT_EQ(attention_reference(a).logsumexp({0, 0}), kInfinity);
}

TEST(AttentionReference, DropoutZeroesWeightsAndEnlargesTheOthers) {
  AttentionArguments a = random_arguments(10);
  a.dropout = {0x4000, 3, 99};
  a.batch = 2;
  a.value = Array({7, 3, 7});
  for (std::int64_t j = 0; j < 7; ++j) {
    for (std::int64_t g = 0; g < 3; ++g) a.value({j, g, j}) = 1;  // the output is the row of weights
  }
  const AttentionResult dropped = attention_reference(a);
  AttentionArguments whole = a;
  whole.dropout = {};
  const AttentionResult kept = attention_reference(whole);
  int zeros = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t j = 0; j < 7; ++j) {
      const bool keeps = a.dropout.keeps(2 * 6 + 4, i, j);
      zeros += keeps ? 0 : 1;
      EXPECT_NEAR(dropped.output({i, 4, j}), keeps ? kept.output({i, 4, j}) / 0.75 : 0, 1e-12);
    }
  }
  EXPECT_GT(zeros, 0);
  EXPECT_EQ(dropped.logsumexp.values, kept.logsumexp.values);
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

TEST(Rotary, ProductsOfTurnedRowsDependOnTheirDistanceOnly) {
  Random random(1);
  const Array query = random_array(random, {8}), key = random_array(random, {8});
  for (const bool interleaved : {false, true}) {
    const auto product = [&](double query_position, double key_position) {
      const auto turned = [&](Array row, double position) {
        double cosines[3], sines[3];
        for (int c = 0; c < 3; ++c) {
          cosines[c] = std::cos(position * (0.7 - 0.2 * c));
          sines[c] = std::sin(position * (0.7 - 0.2 * c));
        }
        rotate(row.values.data(), cosines, sines, 6, interleaved);
        return row;
      };
      const Array q = turned(query, query_position), k = turned(key, key_position);
      double sum = 0;
      for (std::size_t c = 0; c < 8; ++c) sum += q.values[c] * k.values[c];
      return sum;
    };
    EXPECT_NEAR(product(5, 3), product(9, 7), 1e-12);
    EXPECT_GT(std::fabs(product(5, 3) - product(5, 4)), 1e-3);
  }
}

TEST(Rotary, LayoutsPairWhatTheyShould) {
  const double cosine = 0, sine = 1;  // (x, y) becomes (-y, x)
  double row[5] = {1, 2, 3, 4, 5};
  const double cosines[2] = {cosine, 1}, sines[2] = {sine, 0};
  rotate(row, cosines, sines, 4, true);
  EXPECT_EQ(std::vector<double>(row, row + 5), (std::vector<double>{-2, 1, 3, 4, 5}));
  double other[5] = {1, 2, 3, 4, 5};
  rotate(other, cosines, sines, 4, false);
  EXPECT_EQ(std::vector<double>(other, other + 5), (std::vector<double>{-3, 2, 1, 4, 5}));
}

}  // namespace
}  // namespace ki::test
