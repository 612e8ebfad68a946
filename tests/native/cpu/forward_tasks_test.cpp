// The cut of the forward pass into tasks: everything once, nothing too large for its scratch memory, and no task so long
// that all others wait for it.
#include "attention/cpu/forward_tasks.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "attention/cpu/decode.h"

namespace ki::attention::cpu {
namespace {

// A problem over sequences of these lengths, and the memory its lengths and its tasks are in.
class Ragged {
 public:
  Ragged(std::vector<std::int32_t> seq_q, const std::vector<std::int32_t>& seq_k, int heads_kv, int group)
      : offsets_q_{0}, offsets_k_{0} {
    for (const int length : seq_q) offsets_q_.push_back(offsets_q_.back() + length);
    for (const int length : seq_k) offsets_k_.push_back(offsets_k_.back() + length);
    p.batch = static_cast<std::int64_t>(seq_q.size());
    p.heads_kv = heads_kv;
    p.group = group;
    p.heads_q = heads_kv * group;
    p.head_dim = p.head_dim_v = 64;
    p.seq_q = p.total_q = offsets_q_.back();
    p.seq_k = offsets_k_.back();
    p.cu_seqlens_q = view(offsets_q_);
    p.cu_seqlens_k = view(offsets_k_);
  }
  Ragged(const Ragged&) = delete;
  Ragged& operator=(const Ragged&) = delete;

  Tasks tasks(int workers) {
    memory_.assign(Tasks::memory_bytes(p) / sizeof(std::int64_t) + 1, -1);
    return Tasks(p, workers, most_block_rows(p, workers), memory_.data());
  }

  Problem p{};

 private:
  static Tensor view(std::vector<std::int32_t>& data) {
    Tensor tensor{};
    tensor.rank = 1;
    tensor.data = reinterpret_cast<std::byte*>(data.data());
    tensor.shape[0] = static_cast<std::int64_t>(data.size());
    tensor.strides[0] = 1;
    return tensor;
  }

  std::vector<std::int32_t> offsets_q_, offsets_k_;
  std::vector<std::int64_t> memory_;
};

double cost(const Block& block) { return static_cast<double>(block.rows) * static_cast<double>(block.sequence.seq_k); }

void expect_every_row_once(Ragged& ragged, int workers) {
  const Problem& p = ragged.p;
  const Tasks tasks = ragged.tasks(workers);
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<int>> seen;  // by sequence and head
  for (std::int64_t t = 0; t < tasks.count(); ++t) {
    const Block block = tasks.block(t);
    ASSERT_GT(block.rows, 0);
    ASSERT_LE(block.rows, most_block_rows(p, workers));
    const Sequence sequence = p.sequence(block.batch);
    EXPECT_EQ(block.sequence.first_query, sequence.first_query);
    EXPECT_EQ(block.sequence.first_key, sequence.first_key);
    auto& rows = seen[{block.batch, block.head_kv}];
    rows.resize(sequence.seq_q * p.group);
    ASSERT_LE(block.first_row + block.rows, static_cast<std::int64_t>(rows.size()));
    for (int r = 0; r < block.rows; ++r) ++rows[block.first_row + r];
  }
  std::int64_t wanted = 0;
  for (std::int64_t b = 0; b < p.batch; ++b) wanted += takes_decode_path(p, p.sequence(b)) ? 0 : p.heads_kv;
  EXPECT_EQ(static_cast<std::int64_t>(seen.size()), wanted);
  for (const auto& [place, rows] : seen) {
    for (const int times : rows) EXPECT_EQ(times, 1) << "sequence " << place.first << ", head " << place.second;
  }
}

TEST(ForwardTasks, HoldEveryRowOfEveryLongSequenceOnce) {
  for (const int workers : {1, 2, 16}) {
    Ragged lengths({0, 1, 5000, 0, 63, 64, 2052, 7, 0}, {10, 1, 5000, 0, 0, 300, 2052, 9000, 0}, 3, 1);
    expect_every_row_once(lengths, workers);
    Ragged groups({33, 1, 700, 2}, {33, 8000, 700, 0}, 2, 7);
    expect_every_row_once(groups, workers);
    Ragged none({}, {}, 2, 2);
    EXPECT_EQ(none.tasks(workers).count(), 0);
    Ragged no_queries({0, 0}, {5, 5}, 2, 2);
    EXPECT_EQ(no_queries.tasks(workers).count(), 0);
  }
}

// One long sequence among many short ones, packed or by seqused_k: the long one must not be left to a single thread.
TEST(ForwardTasks, AreSmallComparedToAThreadsShareAndLongestFirst) {
  constexpr int kWorkers = 16;
  std::vector<std::int32_t> seq_q(64, 40), seq_k(64, 40);
  seq_q[40] = 8000;
  seq_k[40] = 32000;
  Ragged packed(seq_q, seq_k, 1, 1);
  std::fill(seq_q.begin(), seq_q.end(), 4000);
  Ragged same_queries(seq_q, seq_k, 1, 1);
  for (Ragged* ragged : {&packed, &same_queries}) {
    const Tasks tasks = ragged->tasks(kWorkers);
    double total = 0, most = 0;
    for (std::int64_t t = 0; t < tasks.count(); ++t) {
      total += cost(tasks.block(t));
      most = std::max(most, cost(tasks.block(t)));
    }
    EXPECT_LT(most, total / kWorkers / 2);
    EXPECT_EQ(tasks.block(0).batch, 40);
    EXPECT_LT(cost(tasks.block(tasks.count() - 1)), most / 4);
  }
}

TEST(ForwardTasks, ACausalSequencesLastRowsGoFirst) {
  Ragged ragged({6000}, {6000}, 2, 1);
  const Tasks tasks = ragged.tasks(2);
  const Block first = tasks.block(0), last = tasks.block(tasks.count() - 1);
  EXPECT_EQ(first.first_row + first.rows, 6000);
  EXPECT_EQ(last.first_row, 0);
}

// Shapes alone say how much scratch memory a task may need: not what the lengths are.
TEST(ForwardTasks, TheLargestBlockDependsOnShapesAlone) {
  Ragged even({500, 500, 500, 500}, {500, 500, 500, 500}, 2, 1), uneven({0, 1999, 0, 1}, {1, 1997, 1, 1}, 2, 1);
  EXPECT_EQ(most_block_rows(even.p, 8), most_block_rows(uneven.p, 8));
  EXPECT_EQ(Tasks::memory_bytes(even.p), Tasks::memory_bytes(uneven.p));
}

TEST(ForwardTasks, LittleWorkStaysOnOneThread) {
  const std::vector<std::int32_t> lengths(4, 33);
  Ragged little({40}, {40}, 4, 1), more(lengths, lengths, 4, 1);
  EXPECT_EQ(choose_workers(little.p, 16), 1);
  EXPECT_EQ(choose_workers(more.p, 16), 4);  // 2 M multiply-adds, although the shapes could mean 4 times as many
  EXPECT_EQ(most_workers(more.p, 16), 16);
}

}  // namespace
}  // namespace ki::attention::cpu
