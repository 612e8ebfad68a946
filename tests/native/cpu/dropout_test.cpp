// Dropout's random numbers in vectors against the scalar definition, bit for bit, and that definition against the numbers
// its authors publish.
#include "attention/dropout.h"

#include <vector>

#include "cpu/attention_functions.h"

namespace ki::attention {
namespace {

using ki::cpu::SimdTarget;

class Dropout : public testing::TestWithParam<SimdTarget> {};
INSTANTIATE_TEST_SUITE_P(, Dropout, ki::cpu::usable_targets(), ki::cpu::target_name);

// The known answers that accompany Salmon et al. 2011.
TEST(Philox, GivesThePublishedNumbers) {
  constexpr std::uint32_t kAll = 0xFFFFFFFF;
  const auto expect = [](Philox counter, std::uint64_t seed, Philox want) {
    const Philox got = philox4x32_10(counter, seed);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(got.word[i], want.word[i]) << i;
  };
  expect({{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect({{kAll, kAll, kAll, kAll}}, ~std::uint64_t{0}, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822,
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST_P(Dropout, FactorsAreThoseOfTheScalarDefinition) {
  Problem p{};
  p.heads_q = 5;
  p.dropout_seed = 0x0123456789ABCDEF;
  p.dropout_offset = 0xFEDCBA98;
  constexpr float kUnwritten = -1;
  for (const std::uint32_t threshold : {1u, 6554u, 32768u, 65535u}) {
    p.dropout_threshold = threshold;
    for (const std::int64_t first : {0ll, 1ll, 15ll, 16ll, 31ll, 32ll, 511ll, 512ll, 1000003ll, (1ll << 32) - 700}) {
      for (const int count : {0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 512, 528}) {
        std::vector<float> factors(count + 1, kUnwritten);
        attention::cpu::attention_functions(GetParam())
            .dropout_factors(p, 7, 3, (1ll << 32) - 5, first, count, factors.data());
        for (int j = 0; j < count; ++j) {
          const std::uint32_t bits = dropout_bits(p.dropout_seed, p.dropout_offset, 7 * 5 + 3, 0xFFFFFFFB,
                                                  static_cast<std::uint32_t>(first + j));
          ASSERT_EQ(factors[j], bits >= threshold ? p.dropout_scale() : 0.0f) << threshold << " " << first + j;
        }
        ASSERT_EQ(factors[count], kUnwritten);
      }
    }
  }
}

}  // namespace
}  // namespace ki::attention
