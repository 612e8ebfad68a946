#include "reference/philox.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace ki::test {
namespace {

using Words = std::array<std::uint32_t, 4>;

// The known answers that the authors distribute with Random123 for philox4x32 with 10 rounds.
TEST(Philox, GivesTheAnswersThatItsAuthorsGive) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  constexpr std::uint32_t kOnes = 0xFFFFFFFF;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(philox({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
            (Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Dropout, TakesTheBitsThatTheHeaderNames) {
  const Dropout dropout{0x8000, 5, 0x0123456789ABCDEF};
  for (const std::int64_t j : {0, 1, 2, 7, 8, 9, 31, 32, 45, 1000}) {
    const Words words = philox({static_cast<std::uint32_t>(j / 32 * 4 + j % 8 / 2), 3, 7, 5}, {0x89ABCDEF, 0x01234567});
    const std::uint32_t word = words.at(static_cast<std::size_t>(j % 32 / 8));
    EXPECT_EQ(dropout.keeps(7, 3, j), (word >> (j % 2 * 16) & 0xFFFF) >= 0x8000);
  }
}

TEST(Dropout, DropsTheFractionThatItIsToldTo) {
  for (const std::uint32_t threshold : {0U, 655U, 32768U, 65535U}) {
    const Dropout dropout{threshold, 0, 42};
    int kept = 0;
    for (std::int64_t i = 0; i < 200; ++i) {
      for (std::int64_t j = 0; j < 500; ++j) kept += dropout.keeps(1, i, j) ? 1 : 0;
    }
    // 100,000 draws: five standard deviations are at most 0.008.
    EXPECT_NEAR(kept / 100000.0, 1 / dropout.scale(), 0.008) << threshold;
  }
}

}  // namespace
}  // namespace ki::test
