// Products with int8 rows that are made of integers, beside the same in double precision: how far they may be off.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "attention/cpu/decode.h"
#include "cpu/digit_functions.h"
#include "support/random.h"

namespace ki::attention::cpu {
namespace {

constexpr int kKeys = 16, kTile = kDecodeTile;
constexpr double kMostQuery[] = {0, 0, 32639, 8355703}, kMostWeight[] = {0, 0, 65535, 16777215};
constexpr double kFloatRounding = 0x1p-22;  // of putting digits together: two roundings, and some slack

class DecodeDigits : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (digit_functions() == nullptr) GTEST_SKIP() << "this processor has no sums of four products of bytes";
  }
  static const DigitFunctions& functions() { return *digit_functions(); }

  std::vector<std::int8_t> bytes(int count) {
    std::vector<std::int8_t> result(static_cast<std::size_t>(count));
    for (auto& x : result) x = static_cast<std::int8_t>(random_.bits() >> 24);
    return result;
  }
  std::vector<float> floats(int count, double low, double high) {
    std::vector<float> result(static_cast<std::size_t>(count));
    for (auto& x : result) x = static_cast<float>(low + (high - low) * random_.below(1 << 20) / (1 << 20));
    return result;
  }

  test::Random random_{7};
};
INSTANTIATE_TEST_SUITE_P(, DecodeDigits, testing::Values(2, 3));

TEST_P(DecodeDigits, ScoresAreOffByHalfAStepForEachUnitOfTheKey) {
  for (const int depth : {1, 3, 15, 16, 40, 64, 65, 128, 200, 256}) {
    for (int rows = 1; rows <= 8; ++rows) {
      auto keys = bytes(kKeys * depth);
      keys[0] = -128;
      const auto queries = floats(rows * depth, -3, 3);
      std::vector<float> scores(static_cast<std::size_t>(rows * kKeys));
      ASSERT_TRUE(functions().scores(GetParam(), keys.data(), queries.data(), rows, depth, scores.data()));
      for (int r = 0; r < rows; ++r) {
        double largest = 0;
        for (int i = 0; i < depth; ++i) largest = std::max(largest, std::abs(double{queries[r * depth + i]}));
        for (int j = 0; j < kKeys; ++j) {
          double sum = 0, key_sum = 0, magnitude = 0;
          for (int i = 0; i < depth; ++i) {
            const double k = keys[j * depth + i];
            sum += k * queries[r * depth + i];
            magnitude += std::abs(k * queries[r * depth + i]);
            key_sum += std::abs(k);
          }
          const double bound = 0.5001 * largest / kMostQuery[GetParam()] * key_sum + 2 * kFloatRounding * magnitude;
          ASSERT_NEAR(scores[r * kKeys + j], sum, bound) << "depth " << depth << ", row " << r << ", key " << j;
        }
      }
    }
  }
}

TEST_P(DecodeDigits, SumsOfValuesAreOffByHalfAStepForEachUnitOfTheValues) {
  for (const int columns : {1, 3, 16, 40, 64, 65, 128, 200, 256}) {
    for (int rows = 1; rows <= 8; ++rows) {
      const int count = 1 + static_cast<int>(random_.below(kTile));
      auto values = bytes(count * columns);
      values[0] = -128;
      auto weights = floats(rows * kDecodePitch, 0, 0.75);
      std::vector<float> storage(static_cast<std::size_t>(rows * kMaxHeadDim) + 16);
      float* sums = storage.data();
      while (reinterpret_cast<std::uintptr_t>(sums) % 64 != 0) ++sums;
      ASSERT_TRUE(functions().values(GetParam(), values.data(), weights.data(), rows, count, columns, sums));
      for (int r = 0; r < rows; ++r) {
        double largest = 0;
        for (int j = 0; j < count; ++j) largest = std::max(largest, double{weights[r * kDecodePitch + j]});
        for (int c = 0; c < columns; ++c) {
          double sum = 0, value_sum = 0, magnitude = 0;
          for (int j = 0; j < count; ++j) {
            const double v = values[j * columns + c], w = weights[r * kDecodePitch + j];
            sum += w * v;
            magnitude += std::abs(w * v);
            value_sum += std::abs(v);
          }
          const double bound = 0.5001 * largest / kMostWeight[GetParam()] * value_sum + 2 * kFloatRounding * magnitude;
          ASSERT_NEAR(sums[r * kMaxHeadDim + c], sum, bound)
              << "columns " << columns << ", row " << r << ", column " << c;
        }
      }
    }
  }
}

TEST_P(DecodeDigits, TheLargestWeightHasTheLargestDigits) {
  for (const float largest : {1.0f, 0.7f, 0x1p-100f, 1.2345e-7f, 3.0f, 0x1p100f}) {
    std::vector<float> weights(kDecodePitch, 0.0f);
    weights[5] = largest;
    std::vector<std::uint8_t> digits(static_cast<std::size_t>(GetParam() * kTile), 9);
    EXPECT_FLOAT_EQ(functions().weights(GetParam(), weights.data(), 6, digits.data()),
                    largest / static_cast<float>(kMostWeight[GetParam()]));
    for (int i = 0; i < GetParam(); ++i) {
      for (int j = 0; j < kTile; ++j) EXPECT_EQ(digits[i * kTile + j], j == 5 ? 255 : 0) << i << ", " << j;
    }
  }
}

TEST_P(DecodeDigits, WhatNoIntegerStandsForIsRefused) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {kInfinity, -kInfinity, kNan, -kNan, 0x1p101f, 0x1p-101f}) {
    std::vector<float> row(kDecodePitch, 0.0f);
    row[40] = bad;
    std::vector<std::uint8_t> digits(static_cast<std::size_t>(GetParam() * kTile));
    EXPECT_LT(functions().weights(GetParam(), row.data(), kTile, digits.data()), 0) << bad;
    EXPECT_EQ(functions().weights(GetParam(), row.data(), 40, digits.data()), 0) << "what lies behind does not count";
    const auto keys = bytes(kKeys * 64);
    std::vector<float> scores(kKeys);
    EXPECT_FALSE(functions().scores(GetParam(), keys.data(), row.data(), 1, 64, scores.data())) << bad;
  }
  std::vector<float> row(kDecodePitch, 0.5f);
  row[3] = -0.25f;
  std::vector<std::uint8_t> digits(static_cast<std::size_t>(GetParam() * kTile));
  EXPECT_LT(functions().weights(GetParam(), row.data(), kTile, digits.data()), 0) << "a scale may be negative";
}

}  // namespace
}  // namespace ki::attention::cpu
