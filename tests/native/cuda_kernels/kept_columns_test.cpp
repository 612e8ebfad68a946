// Which columns of a fused transform a frequency mask leaves, and where they stand.
#include "long_convolution/cuda/kept_columns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr std::int64_t kPoints = 4096;

/// Of masks of 32 blocks, 64 frequencies each: half a column, whose mirror image lies in another.
KeptColumns columns_of(std::vector<std::uint8_t> mask, std::int64_t points = kPoints) {
  PlanOptions options{};
  options.fft_size = points;
  options.frequency_block = points / 2 / 32;
  options.frequency_mask = std::move(mask);
  return kept_columns(options, points);
}

std::vector<std::uint8_t> keeping(int first, int last) {
  std::vector<std::uint8_t> mask(32);
  for (int i = first; i < last; ++i) mask[static_cast<std::size_t>(i)] = 1;
  return mask;
}

/// The digits in the first columns.
std::vector<int> first_digits(const KeptColumns& columns) {
  std::vector<int> digits;
  for (int column = 0; column < columns.count; ++column) digits.push_back(columns.order.digit(column));
  return digits;
}

TEST(KeptColumns, AreAllWithoutAMask) {
  const KeptColumns columns = columns_of({});
  EXPECT_EQ(columns.count, 16);
  EXPECT_EQ(columns.order.places, 0xFEDCBA9876543210U);
}

TEST(KeptColumns, OfLowFrequenciesAreTheirsAndTheirMirrorImages) {
  EXPECT_EQ(first_digits(columns_of(keeping(0, 16))), (std::vector{0, 1, 2, 3, 12, 13, 14, 15}));
  EXPECT_EQ(first_digits(columns_of(keeping(0, 4))), (std::vector{0, 15}));
  EXPECT_EQ(first_digits(columns_of(keeping(0, 1))), (std::vector{0, 15}));
  EXPECT_EQ(columns_of(keeping(0, 17)).count, 10);
}

/// The mirror image of the first frequency of a column lies in the one beside the others' images.
TEST(KeptColumns, HoldTheMirrorImageOfAColumnsFirstFrequency) {
  EXPECT_EQ(first_digits(columns_of(keeping(4, 8))), (std::vector{1, 14, 15}));
  EXPECT_EQ(first_digits(columns_of(keeping(31, 32))), (std::vector{7, 8}));
}

TEST(KeptColumns, AreNoneIfNothingIsKept) { EXPECT_EQ(columns_of(keeping(0, 0)).count, 0); }

/// Of transforms over global memory there are none.
TEST(KeptColumns, DoNotConcernLargeTransforms) { EXPECT_EQ(columns_of(keeping(0, 8), 2 * kMaxFusedPoints).count, 0); }

/// Whatever is kept, each digit has a column of its own, and none that is kept stands behind those that count.
TEST(KeptColumns, AreAPermutation) {
  for (std::uint32_t bits = 0; bits < 5000; ++bits) {
    const std::uint32_t pattern = bits * 2654435761U & bits * 40503U;
    std::vector<std::uint8_t> mask;
    for (int i = 0; i < 32; ++i) mask.push_back(pattern >> i & 1);
    const KeptColumns columns = columns_of(mask);
    std::uint32_t places = 0;
    for (int digit = 0; digit < 16; ++digit) places |= 1U << columns.order.place(digit);
    ASSERT_EQ(places, 0xFFFFU) << pattern;
    for (std::int64_t f = 0; f <= kPoints / 2; f += 4) {
      if (mask[static_cast<std::size_t>(std::min<std::int64_t>(f / 64, 31))] == 0) continue;
      ASSERT_LT(columns.order.place(static_cast<int>(f / 256)), columns.count) << pattern;
      ASSERT_LT(columns.order.place(static_cast<int>((kPoints - f) % kPoints / 256)), columns.count) << pattern;
    }
  }
}

}  // namespace
}  // namespace ki::long_convolution::cuda
