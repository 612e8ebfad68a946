// Random programs, judged by the checks and by the oracle: the first race is found where it is, and none that is not
// there. Most accesses that would race are left out, so that programs become long and their order intricate before one
// does.
#include <random>

#include "checks/race_oracle.h"
#include "checks/watched_launch.h"

namespace vgpu::test {
namespace {

using K = AccessKind;

class RandomPrograms : public WatchedLaunch {
 protected:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  // A few of them do most of the work, so that they meet again and again.
  std::uint32_t some_thread(std::uint32_t threads) { return below(4) == 0 ? below(threads) : below(6) * 17 % threads; }

  static std::vector<std::uint32_t> threads_of(const std::vector<std::uint32_t>& mask, std::uint32_t offset) {
    std::vector<std::uint32_t> threads;
    for (std::uint32_t i = 0; i < mask.size() * 32; ++i) {
      if ((mask[i / 32] >> i % 32 & 1) != 0) threads.push_back(offset + i);
    }
    return threads;
  }

  // A barrier of some warps or threads, of which some only arrive.
  void random_barrier(RaceOracle& oracle, std::uint32_t threads, std::uint32_t block) {
    std::vector<std::uint32_t> arriving = mask(0, threads - 1), waiting = arriving;
    if (below(3) != 0) {
      for (std::size_t warp = 0; warp < arriving.size(); ++warp) {
        if (below(2) == 0) arriving[warp] = 0;
        if (below(4) == 0) arriving[warp] &= static_cast<std::uint32_t>(random_());
        waiting[warp] = below(3) == 0 ? 0 : arriving[warp];
      }
    }
    checks_->barrier(block, arriving, waiting);
    oracle.sync(threads_of(arriving, block * threads), threads_of(waiting, block * threads));
  }

  void random_warp_sync(RaceOracle& oracle, std::uint32_t threads, std::uint32_t block) {
    const std::uint32_t warp = below((threads + 31) / 32);
    const auto all = mask(0, threads - 1);
    const std::uint32_t lanes = all[warp] & (below(2) == 0 ? 0xFFFFFFFF : static_cast<std::uint32_t>(random_()));
    if (lanes == 0) return;
    checks_->warp_sync(block, warp, lanes);
    std::vector<std::uint32_t> words(all.size());
    words[warp] = lanes;
    oracle.sync(threads_of(words, block * threads), threads_of(words, block * threads));
  }

  std::uint64_t races() const {
    std::uint64_t count = 0;
    for (const Finding& finding : findings_.all()) {
      count += finding.kind == FindingKind::shared_race || finding.kind == FindingKind::global_race ? 1 : 0;
    }
    return count;
  }

  std::mt19937_64 random_{5};
};

TEST_F(RandomPrograms, TheFirstRaceInSharedMemoryIsFound) {
  int with_race = 0;
  for (int program = 0; program < 1500; ++program) {
    const std::uint32_t threads = below(3) == 0 ? 40 + below(80) : 32 * (1 + below(4));
    const std::uint32_t memory_bytes = 16U << below(5);
    findings_.clear();
    launch(threads, 1, memory_bytes);
    RaceOracle oracle(threads);
    shared(K::store, 1, 0, 0, 16, [](std::uint32_t) { return 0ULL; });
    for (std::uint32_t i = 0; i < 16; ++i) oracle.access(0, i, 1, true, false);
    checks_->barrier(0, mask(0, threads - 1), mask(0, threads - 1));
    oracle.sync(threads_of(mask(0, threads - 1), 0), threads_of(mask(0, threads - 1), 0));
    bool raced = false;
    for (int step = 0; step < 200 && !raced; ++step) {
      const std::uint32_t action = below(20);
      if (action < 4) {
        random_barrier(oracle, threads, 0);
      } else if (action < 8) {
        random_warp_sync(oracle, threads, 0);
      } else {
        const std::uint32_t bytes = 1U << below(5);
        const std::uint32_t thread = some_thread(threads);
        const std::uint64_t address = below(memory_bytes / bytes) * bytes;
        const bool writes = action < 11;
        raced = oracle.conflicts(thread, address, bytes, writes, false);
        if (raced && below(12) != 0) {
          raced = false;
          continue;
        }
        oracle.access(thread, address, bytes, writes, false);
        shared(writes ? K::store : K::load, 2, thread, thread, bytes, [&](std::uint32_t) { return address; });
        ASSERT_EQ(races() > 0, raced) << "program " << program << ", step " << step;
      }
    }
    with_race += raced ? 1 : 0;
  }
  EXPECT_GT(with_race, 500);
  EXPECT_LT(with_race, 1400);
}

// Atomics, fences, acquires and releases too, in shared memory and between blocks. Of them and of global memory less is
// remembered, so that some races are found at a later access or not at all; but none is invented.
TEST_F(RandomPrograms, NoRaceIsInventedWhereAtomicsOrder) {
  int with_race = 0, found_at_once = 0;
  for (int program = 0; program < 1500; ++program) {
    const bool in_shared = program % 2 == 1;
    const std::uint32_t threads = 32 * (1 + below(2)), blocks = in_shared ? 1 : 1 + below(3), words = 1 + below(6);
    findings_.clear();
    const std::uint64_t data = memory_.allocate(64).value();
    memory_.set_initialised(data, 64);
    launch(threads, blocks);
    RaceOracle oracle(threads * blocks);
    bool raced = false;
    for (int step = 0; step < 300 && !raced; ++step) {
      const std::uint32_t action = below(24), block = below(blocks), thread = some_thread(threads);
      const std::uint32_t in_grid = block * threads + thread;
      if (action < 2) {
        random_barrier(oracle, threads, block);
      } else if (action < 3) {
        random_warp_sync(oracle, threads, block);
      } else if (action < 6) {
        fence(block, thread);
        oracle.fence(in_grid);
      } else {
        const bool strong = action < 18;
        const K kind = strong ? (action < 10   ? K::atomic
                                 : action < 14 ? K::store
                                               : K::load)
                              : (action < 19 ? K::store : K::load);
        const MemoryOrder order = !strong ? MemoryOrder::weak
                                          : std::array{MemoryOrder::relaxed, MemoryOrder::acquire, MemoryOrder::release,
                                                       MemoryOrder::acquire_release}[below(4)];
        // Flags are apart from data most of the time; data is met in all widths.
        const std::uint32_t bytes = strong ? 4 : 1U << below(4);
        const std::uint64_t address =
            (in_shared ? 0 : data) +
            (strong && below(8) != 0 ? 32 + 4ULL * below(2) : below(words * 4 / bytes + 1) * bytes);
        raced = oracle.conflicts(in_grid, address, bytes, kind != K::load, strong);
        if (raced && below(12) != 0) {
          raced = false;
          continue;
        }
        oracle.access(in_grid, address, bytes, kind != K::load, strong);
        const auto place = [&](std::uint32_t) { return address; };
        if (in_shared) {
          shared(kind, 2, thread, thread, bytes, place, order);
        } else {
          global(kind, 2, block, thread, thread, bytes, place, order);
        }
        if (strong) {
          const bool reads = kind != K::store, writes = kind != K::load;
          oracle.strong_access(in_grid, address, reads, writes,
                               order == MemoryOrder::acquire || order == MemoryOrder::acquire_release,
                               order == MemoryOrder::release || order == MemoryOrder::acquire_release);
        }
        if (races() > 0) {
          ASSERT_TRUE(raced) << "program " << program << ", step " << step << "\n" << findings_.all()[0].text;
          ++found_at_once;
        }
      }
    }
    with_race += raced ? 1 : 0;
    memory_.free(data);
  }
  EXPECT_GT(with_race, 500);
  EXPECT_GT(found_at_once, with_race * 9 / 10);
}

}  // namespace
}  // namespace vgpu::test
