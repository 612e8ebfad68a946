// Where packed sequences lie, read as a kernel reads them, and which tile of which sequence a block takes.
#include "attention/cuda/sequences.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace ki::attention::cuda {
namespace {

using Numbers = std::vector<std::int32_t>;

Sequences sequences_of(const Numbers* q, const Numbers* k, const Numbers* used, std::int32_t batch, std::int32_t rows_q,
                       std::int32_t rows_k) {
  const auto data = [](const Numbers* numbers) { return numbers == nullptr ? nullptr : numbers->data(); };
  return {data(q), data(k), data(used), batch, rows_q, rows_k};
}

TEST(Sequences, ThatAreNotPackedAreAsLongAsTheTensor) {
  const Numbers used{0, 3, 9};
  const Sequences sequences = sequences_of(nullptr, nullptr, &used, 3, 5, 7);
  for (int b = 0; b < 3; ++b) {
    const SequenceRows rows = sequences.rows(b);
    EXPECT_EQ(rows.first_query, 0);
    EXPECT_EQ(rows.seq_q, 5);
    EXPECT_EQ(rows.first_key, 0);
    EXPECT_EQ(rows.seq_k, std::min(used[b], 7));
  }
}

TEST(Sequences, LieBehindOneAnother) {
  const Numbers q{0, 2, 2, 5}, k{0, 0, 10, 11}, used{0, 4, 1};
  const Sequences sequences = sequences_of(&q, &k, &used, 3, 5, 11);
  const SequenceRows second = sequences.rows(1), third = sequences.rows(2);
  EXPECT_EQ(second.first_query, 2);
  EXPECT_EQ(second.seq_q, 0);
  EXPECT_EQ(second.first_key, 0);
  EXPECT_EQ(second.seq_k, 4) << "of 10, four count";
  EXPECT_EQ(third.first_query, 2);
  EXPECT_EQ(third.seq_q, 3);
  EXPECT_EQ(third.first_key, 10);
  EXPECT_EQ(third.seq_k, 1);
}

// Whatever the device finds in the tensors, nothing outside of them is touched.
TEST(Sequences, NumbersOutOfRangeAreCutToTheRange) {
  std::mt19937 random(1);
  const std::int32_t awkward[] = {INT_MIN, -1, 0, 1, 50, 99, 100, 101, INT_MAX};
  std::uniform_int_distribution<std::size_t> pick(0, std::size(awkward) - 1);
  for (int trial = 0; trial < 2000; ++trial) {
    Numbers q(5), k(5), used(4);
    for (Numbers* numbers : {&q, &k, &used}) {
      for (std::int32_t& number : *numbers) number = awkward[pick(random)];
    }
    const Sequences sequences = sequences_of(&q, &k, &used, 4, 100, 90);
    for (int b = 0; b < 4; ++b) {
      const SequenceRows rows = sequences.rows(b);
      EXPECT_TRUE(rows.first_query >= 0 && rows.seq_q >= 0 && rows.first_query + rows.seq_q <= 100);
      EXPECT_TRUE(rows.first_key >= 0 && rows.seq_k >= 0 && rows.first_key + rows.seq_k <= 90);
    }
    for (int tile = 0; tile < packed_tiles(100, 4, 16); ++tile) {
      const PackedTile found = find_packed_tile(sequences, tile, 16);
      EXPECT_TRUE(found.sequence >= 0 && found.sequence < 4) << "the tile may be any: the kernel looks at it";
    }
  }
}

TEST(PackedTiles, EveryTileOfEverySequenceIsTakenOnce) {
  std::mt19937 random(2);
  for (int trial = 0; trial < 500; ++trial) {
    const int batch = 1 + static_cast<int>(random() % 20), rows = trial % 2 == 0 ? 128 : 16;
    const int unused = static_cast<int>(random() % 40);
    Numbers q{0};
    for (int b = 0; b < batch; ++b) {
      const int lengths[] = {0, 0, 1, rows - 1, rows, rows + 1, static_cast<int>(random() % (4 * rows))};
      q.push_back(q.back() + lengths[random() % std::size(lengths)]);
    }
    const std::int32_t total = q.back() + unused;
    const Sequences sequences = sequences_of(&q, nullptr, nullptr, batch, total, 0);
    std::set<std::pair<int, int>> taken;
    for (int tile = 0; tile < packed_tiles(total, batch, rows); ++tile) {
      const PackedTile found = find_packed_tile(sequences, tile, rows);
      ASSERT_GE(found.tile, 0);
      EXPECT_TRUE(taken.insert({found.sequence, found.tile}).second);
    }
    for (int b = 0; b < batch; ++b) {
      for (int tile = 0; tile * rows < q[b + 1] - q[b]; ++tile) {
        EXPECT_TRUE(taken.contains({b, tile})) << "sequence " << b << ", tile " << tile;
      }
    }
  }
}

TEST(PackedTiles, NothingToDoTakesNoBlocks) {
  EXPECT_EQ(packed_tiles(0, 100, 128), 0);
  EXPECT_EQ(packed_tiles(1000, 0, 128), 0) << "rows that belong to no sequence";
  EXPECT_EQ(packed_tiles(1, 1, 128), 1);
}

}  // namespace
}  // namespace ki::attention::cuda
