// From products to scores, key by key, against the formula.
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "attention/cpu/scores.h"
#include "cpu/attention_functions.h"

namespace ki::attention::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr int kQueries = 7, kKeys = 150, kHeads = 2;

// A problem of one sequence whose bias, mask, slopes and tree the test fills in. The fixture owns what they hold.
class Scores : public testing::TestWithParam<ki::cpu::SimdTarget> {
 protected:
  Scores() {
    p.batch = 1;
    p.heads_q = kHeads;
    p.scale = 0.25f;
    p.seq_q = kQueries;
    p.seq_k = kKeys;
  }

  // Scores of head 1's query over a run, in natural units; one more float must stay as it is.
  std::vector<float> finish(std::int64_t query, std::int64_t first_key, std::vector<float> products,
                            std::vector<float>* slopes = nullptr) const {
    const int count = static_cast<int>(products.size());
    for (float& product : products) product *= product_factor(p);
    products.push_back(-77);
    if (slopes != nullptr) slopes->assign(count + 1, -77);
    attention_functions(GetParam())
        .finish_scores(p, score_row(p, sequence, 0, 1, query), first_key, count, products.data(),
                       slopes != nullptr ? slopes->data() : nullptr);
    EXPECT_EQ(products[count], -77);
    if (slopes != nullptr) {
      EXPECT_EQ((*slopes)[count], -77);
    }
    products.pop_back();
    for (float& score : products) score = static_cast<float>(score / kLog2e);
    return products;
  }

  static float product(std::int64_t j) { return static_cast<float>(j * 37 % 101) - 50; }
  static std::vector<float> products(std::int64_t first, int count) {
    std::vector<float> x;
    for (int j = 0; j < count; ++j) x.push_back(product(first + j));
    return x;
  }

  template <class T>
  static Tensor view(ki_dtype dtype, const std::vector<T>& data, std::initializer_list<std::int64_t> shape) {
    Tensor t{};
    t.dtype = dtype;
    t.data = reinterpret_cast<std::byte*>(const_cast<T*>(data.data()));
    for (const std::int64_t length : shape) t.shape[t.rank++] = length;
    t.elements = 1;
    for (int i = t.rank; i-- > 0; t.elements *= t.shape[i]) t.strides[i] = t.shape[i] == 1 ? 0 : t.elements;
    return t;
  }

  // Calls check(query, first_key, scores, i) for runs that begin and end anywhere in the sequence.
  template <class Check>
  void for_runs(const Check& check) const {
    for (const std::int64_t query : {0, 3, kQueries - 1}) {
      for (const int first : {0, 1, 16, 77, kKeys - 1}) {
        for (const int count : {1, 15, 16, 17, 73}) {
          if (first + count > kKeys) continue;
          const std::vector<float> scores = finish(query, first, products(first, count));
          for (int j = 0; j < count; ++j) check(query, first + j, scores[j]);
        }
      }
    }
  }

  Problem p{};
  Sequence sequence{0, kQueries, 0, 0, kKeys, 0, 0};
};
INSTANTIATE_TEST_SUITE_P(, Scores, ki::cpu::usable_targets(), ki::cpu::target_name);

TEST_P(Scores, AreTheScaledProductsWithoutAnythingElse) {
  for_runs([](auto, auto key, float score) { EXPECT_NEAR(score, 0.25f * product(key), 1e-5); });
}

TEST_P(Scores, AreCapped) {
  p.softcap = 3;
  for_runs([](auto, auto key, float score) { EXPECT_NEAR(score, 3 * std::tanh(0.25 * product(key) / 3), 2e-6); });
}

TEST_P(Scores, TheCapsDerivativeIsThatOfTheCap) {
  p.softcap = 3;
  std::vector<float> slopes;
  finish(2, 5, products(5, 101), &slopes);
  for (int j = 0; j < 101; ++j) EXPECT_NEAR(slopes[j], std::pow(std::cosh(0.25 * product(5 + j) / 3), -2), 2e-6) << j;
}

TEST_P(Scores, AMinuteCapIsStillACap) {
  p.softcap = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(finish(0, 0, {0.0f, 1.0f})[0], 0);
}

TEST_P(Scores, LoseTheDistanceTimesTheSlope) {
  const std::vector<float> slopes{7, 0.5f};
  p.alibi_slopes = view(KI_DTYPE_FLOAT32, slopes, {1, kHeads});
  for_runs([](auto query, auto key, float score) {
    EXPECT_NEAR(score, 0.25f * product(key) - 0.5 * std::abs(query + kKeys - kQueries - key), 2e-5);
  });
}

TEST_P(Scores, GetTheirBias) {
  std::vector<float> bias(kHeads * kQueries * kKeys);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i % 1009) / 8;
  p.bias = view(KI_DTYPE_FLOAT32, bias, {1, kHeads, kQueries, kKeys});
  for_runs([&](auto query, auto key, float score) {
    EXPECT_NEAR(score, 0.25f * product(key) + bias[(kQueries + query) * kKeys + key], 5e-5);
  });
}

TEST_P(Scores, GetABiasOfSixteenBitsBroadcastOverQueries) {
  std::vector<std::uint16_t> bias(kHeads * kKeys);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<std::uint16_t>(0x3F80 + i);  // 1 + i / 128
  p.bias = view(KI_DTYPE_BFLOAT16, bias, {1, kHeads, 1, kKeys});
  const auto number = [](std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); };
  for_runs(
      [&](auto, auto key, float score) { EXPECT_NEAR(score, 0.25f * product(key) + number(bias[kKeys + key]), 1e-5); });
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<std::uint16_t>(0x3C00 + i);  // 1 + i / 1024
  p.bias.dtype = KI_DTYPE_FLOAT16;
  for_runs([&](auto, auto key, float score) {
    EXPECT_NEAR(score, 0.25f * product(key) + 1 + (kKeys + key) / 1024.0, 1e-5);
  });
}

TEST_P(Scores, HiddenOnesAreMinusInfinityWhateverTheProductIs) {
  std::vector<std::uint8_t> mask(kKeys);
  std::vector<float> bias(kKeys), slopes{1, 1};
  for (int j = 0; j < kKeys; ++j) {
    mask[j] = j % 3 != 0;
    bias[j] = j % 5 == 0 ? -kInfinity : 0;
  }
  p.softcap = 5;
  p.mask = view(KI_DTYPE_BOOL, mask, {1, 1, 1, kKeys});
  p.bias = view(KI_DTYPE_FLOAT32, bias, {1, 1, 1, kKeys});
  p.alibi_slopes = view(KI_DTYPE_FLOAT32, slopes, {1, kHeads});
  for (const float x : {0.0f, kNaN, kInfinity, -kInfinity}) {
    const std::vector<float> scores = finish(1, 0, std::vector<float>(kKeys, x));
    for (int j = 0; j < kKeys; ++j) {
      EXPECT_EQ(scores[j] == -kInfinity, j % 3 == 0 || j % 5 == 0) << x << " at " << j << ": " << scores[j];
      if (j % 15 == 1) {
        EXPECT_EQ(std::isnan(scores[j]), std::isnan(x));
      }
    }
  }
}

TEST_P(Scores, BehindTheMaskAllIsHiddenAndBehindTheBiasNothingIsAdded) {
  const std::vector<std::uint8_t> mask(3 * 90, 1);
  const std::vector<float> bias(4 * 40, 2.0f);
  p.mask = view(KI_DTYPE_BOOL, mask, {1, 1, 3, 90});
  p.bias = view(KI_DTYPE_FLOAT32, bias, {1, 1, 4, 40});
  for_runs([](auto query, auto key, float score) {
    if (query >= 3 || key >= 90) {
      EXPECT_EQ(score, -kInfinity);
    } else {
      EXPECT_NEAR(score, 0.25f * product(key) + (key < 40 ? 2 : 0), 1e-5);
    }
  });
  p.mask = {};
  for_runs([](auto query, auto key, float score) {
    EXPECT_NEAR(score, 0.25f * product(key) + (query < 4 && key < 40 ? 2 : 0), 1e-5);
  });
}

TEST_P(Scores, DraftTokensSeeThePrefixAndTheirAncestors) {
  for (const int drafts : {1, 5, kQueries + 2, kKeys + 3}) {
    std::vector<std::uint8_t> tree(drafts * drafts);
    for (std::size_t i = 0; i < tree.size(); ++i) tree[i] = i * 7 % 3 == 0;
    p.tree_mask = view(KI_DTYPE_BOOL, tree, {1, drafts, drafts});
    p.draft_length = drafts;
    for_runs([&](auto query, auto key, float score) {
      const std::int64_t token = query + drafts - kQueries, ancestor = key + drafts - kKeys;
      const bool hidden = token >= 0 && ancestor >= 0 && !tree[token * drafts + ancestor];
      EXPECT_EQ(score == -kInfinity, hidden) << drafts << ": query " << query << ", key " << key;
    });
  }
}

}  // namespace
}  // namespace ki::attention::cpu
