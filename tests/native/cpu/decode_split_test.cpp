// How the keys of a sequence are split on the decode path.
#include <gtest/gtest.h>

#include "attention/cpu/decode.h"

namespace ki::attention::cpu {
namespace {

Problem problem(std::int64_t heads_kv, std::int64_t split_count = 0) {
  Problem p{};
  p.batch = 1;
  p.heads_kv = heads_kv;
  p.group = 4;
  p.heads_q = heads_kv * p.group;
  p.split_count = split_count;
  return p;
}

TEST(DecodeSplit, ShortSequencesAreNotSplit) {
  for (const std::int64_t heads : {1, 8, 64}) {
    EXPECT_EQ(choose_split_count(problem(heads), 0), 0);
    EXPECT_EQ(choose_split_count(problem(heads), 1), 1);
    EXPECT_EQ(choose_split_count(problem(heads), 512), 1);
    EXPECT_EQ(choose_split_count(problem(heads), 513), 2);
  }
}

TEST(DecodeSplit, LongSequencesGiveWorkToManyThreadsWhateverTheNumberOfHeads) {
  EXPECT_EQ(choose_split_count(problem(1), 1 << 20), 64);
  EXPECT_EQ(choose_split_count(problem(4), 1 << 20), 16);
  EXPECT_EQ(choose_split_count(problem(8), 1 << 20), 8);
  EXPECT_EQ(choose_split_count(problem(128), 1 << 20), 8);
}

TEST(DecodeSplit, MoreKeysAreNeverSplitLess) {
  for (const std::int64_t heads : {1, 3, 8, 100}) {
    std::int64_t before = 0;
    for (std::int64_t keys = 0; keys < 100'000; keys += 61) {
      const std::int64_t splits = choose_split_count(problem(heads), keys);
      EXPECT_GE(splits, before);
      EXPECT_LE(splits, kMaxSplits);
      before = splits;
    }
  }
}

TEST(DecodeSplit, DependsOnNothingElseInTheBatch) {
  Problem many = problem(2);
  many.batch = 1000;
  many.seq_q = 7;
  EXPECT_EQ(choose_split_count(many, 5000), choose_split_count(problem(2), 5000));
}

TEST(DecodeSplit, TheCallersNumberHolds) {
  EXPECT_EQ(choose_split_count(problem(8, 1), 1 << 20), 1);
  EXPECT_EQ(choose_split_count(problem(8, 256), 1 << 20), 256);
  EXPECT_EQ(choose_split_count(problem(8, 7), 10), 7);
  EXPECT_EQ(choose_split_count(problem(8, 7), 5), 5) << "a range has a key";
  EXPECT_EQ(choose_split_count(problem(8, 7), 0), 0);
}

TEST(DecodeSplit, KeysThatNoQuerySeesAreLeftOut) {
  Problem p = problem(1);
  const auto seen = [&](std::int64_t seq_q, std::int64_t seq_k) {
    return SeenKeys(p, Sequence{0, seq_q, 0, 0, seq_k, 0, 0});
  };
  EXPECT_EQ(seen(3, 100).count(), 100);
  EXPECT_EQ(seen(0, 100).count(), 0);
  EXPECT_EQ(seen(3, 0).count(), 0);

  p.rule = {.left = 10, .right = 0, .sinks = 4};
  // The first of three queries stands at 97 and sees 87 to 97, the last one 89 to 99.
  EXPECT_EQ(seen(3, 100).sinks, 4);
  EXPECT_EQ(seen(3, 100).begin, 87);
  EXPECT_EQ(seen(3, 100).end, 100);
  EXPECT_EQ(seen(3, 100).count(), 4 + 13);
  EXPECT_EQ(seen(1, 8).count(), 8) << "no key is both a sink and in the window";
}

bool decodes(const Problem& p, std::int64_t seq_q, std::int64_t seq_k) {
  return takes_decode_path(p, Sequence{0, seq_q, 0, 0, seq_k, 0, 0});
}

TEST(DecodePath, TakesFewRowsOverManyKeys) {
  const Problem p = problem(8);  // 4 rows a query
  EXPECT_TRUE(decodes(p, 1, 8192));
  EXPECT_TRUE(decodes(p, 4, 8192));
  EXPECT_FALSE(decodes(p, 5, 8192)) << "keys are packed for more rows";
  EXPECT_FALSE(decodes(p, 13, 13));
  EXPECT_FALSE(decodes(p, 1, 31));
}

TEST(DecodePath, TakesMoreRowsWhereHeadsAreFewOrASplitIsWanted) {
  EXPECT_TRUE(decodes(problem(1), 16, 1 << 14));
  EXPECT_FALSE(decodes(problem(1), 16, 1 << 10)) << "too few keys to split";
  EXPECT_FALSE(decodes(problem(1), 17, 1 << 14));
  EXPECT_TRUE(decodes(problem(8, 2), 16, 1 << 10));
}

}  // namespace
}  // namespace ki::attention::cpu
