#include "attention/cpu/backward_order.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>
#include <tuple>
#include <vector>

#include "cpu/thread_pool.h"
#include "support/random.h"

// Tasks of the backward pass that add to the same sums do so in one order, whatever the threads do.
namespace ki::attention::cpu::gradients {
namespace {

// A problem of sequences with so many keys each.
struct Sequences {
  explicit Sequences(std::vector<std::int64_t> lengths, std::int64_t heads_kv) : offsets(1, 0) {
    for (const std::int64_t length : lengths) offsets.push_back(offsets.back() + static_cast<std::int32_t>(length));
    problem.batch = static_cast<std::int64_t>(lengths.size());
    problem.heads_kv = heads_kv;
    problem.cu_seqlens_k.rank = 1;
    problem.cu_seqlens_k.shape[0] = static_cast<std::int64_t>(offsets.size());
    problem.cu_seqlens_k.strides[0] = 1;
    problem.cu_seqlens_k.data = reinterpret_cast<std::byte*>(offsets.data());
    problem.key.shape[1] = offsets.back();
    memory.resize(TaskOrder::size_bytes(problem) / sizeof(std::int64_t) + 1);
  }
  Sequences(const Sequences&) = delete;

  TaskOrder order(bool shares_bias) { return {problem, shares_bias, reinterpret_cast<std::byte*>(memory.data())}; }

  std::vector<std::int32_t> offsets;
  std::vector<std::int64_t> memory;
  Problem problem{};
};

TEST(BackwardOrder, NumbersEveryChunkOfEverySequenceAndHeadOnce) {
  test::Random random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int64_t> lengths(random.below(6));
    std::int64_t chunks = 0;
    for (auto& length : lengths) {
      length = random.below(2) == 0 ? random.below(3) : random.below(1500);
      chunks += (length + kChunkKeys - 1) / kChunkKeys;
    }
    Sequences sequences(lengths, 3);
    const TaskOrder order = sequences.order(false);
    EXPECT_LE(chunks, TaskOrder::most_places(sequences.problem));
    ASSERT_EQ(order.tasks(), chunks * 3);
    std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, int> times;
    for (std::int64_t task = 0; task < order.tasks(); ++task) {
      const Place place = order.place(task);
      EXPECT_LT(place.chunk * kChunkKeys, lengths[static_cast<std::size_t>(place.batch)]);
      EXPECT_EQ((++times[{place.batch, place.chunk, order.head_kv(task)}]), 1);
    }
  }
}

// Every task adds to the sums of its sequence, head and block, and, if the bias is shared, to those of its chunk and block.
// Tasks that come first dawdle, so that the others overtake them unless they wait.
void expect_ascending_sums(std::vector<std::int64_t> lengths, std::int64_t heads, bool shares_bias) {
  constexpr int kBlocks = 5;
  Sequences sequences(std::move(lengths), heads);
  TaskOrder order = sequences.order(shares_bias);
  const auto batch = static_cast<std::size_t>(sequences.problem.batch);
  // The task that added last, and those that added in all.
  struct Sum {
    std::atomic<std::int64_t> last{-1};
    std::atomic<int> terms{0};
  };
  std::vector<Sum> of_queries(batch * static_cast<std::size_t>(heads) * kBlocks);
  std::vector<Sum> of_bias(static_cast<std::size_t>(order.tasks()) * kBlocks);
  std::atomic<int> out_of_order{0};
  const auto add = [&](Sum& sum, std::int64_t task) {
    ++sum.terms;
    if (sum.last.exchange(task) >= task) ++out_of_order;
  };

  ki::cpu::ThreadPool pool(8);
  pool.parallel_for(order.tasks(), 8, [&](std::int64_t task, int) {
    const Place place = order.place(task);
    // Some tasks skip blocks, and one in three has none at all.
    for (int block = task % 2; block < kBlocks && task % 3 != 1; block += 1 + task % 2) {
      order.wait(task, block);
      if (block < 2 && task % 4 != 3) std::this_thread::sleep_for(std::chrono::microseconds(500));
      const auto head = static_cast<std::size_t>(place.batch * heads + order.head_kv(task));
      add(of_queries[head * kBlocks + static_cast<std::size_t>(block)], task);
      if (shares_bias) add(of_bias[static_cast<std::size_t>(place.chunk * kBlocks + block)], task);
      order.pass(task, block);
    }
    order.wait_until_finished(task);
    order.finish(task);
  });
  EXPECT_EQ(out_of_order, 0);
  int terms = 0;
  for (const Sum& sum : of_queries) terms += sum.terms;
  EXPECT_GT(terms, 0);
}

TEST(BackwardOrder, ChunksOfAHeadAddInTheOrderOfTheirKeys) {
  expect_ascending_sums({12 * kChunkKeys}, 1, false);
  expect_ascending_sums({7 * kChunkKeys, 0, 1, 5 * kChunkKeys - 1}, 2, false);
}

TEST(BackwardOrder, HeadsAndSequencesAddToASharedBiasInOneOrder) {
  expect_ascending_sums({kChunkKeys, kChunkKeys, kChunkKeys}, 4, true);
  expect_ascending_sums({4 * kChunkKeys, 0, 2 * kChunkKeys, 5}, 3, true);
}

}  // namespace
}  // namespace ki::attention::cpu::gradients
