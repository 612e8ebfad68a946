// Races in shared memory, and what looks like one and is none.
#include "checks/watched_launch.h"

namespace vgpu::test {
namespace {

using K = AccessKind;
constexpr auto kRace = FindingKind::shared_race;

class SharedRace : public WatchedLaunch {};

const auto own = [](std::uint32_t thread) { return 4ULL * thread; };
const auto mirrored = [](std::uint32_t thread) { return 4ULL * (127 - thread); };

TEST_F(SharedRace, AReadOfAnotherThreadsWriteNeedsABarrier) {
  launch(128);
  shared(K::store, 10, 0, 127, 4, own);
  shared(K::load, 20, 0, 127, 4, mirrored);
  expect_one(kRace,
             {"offset 508 of shared memory", "read by thread (0,0,0) (warp 0, lane 0) of block (0,0,0)", "kernel.cu:20",
              "earlier written by thread (127,0,0) (warp 3, lane 31)", "kernel.cu:10", "met 128 times"});
}

TEST_F(SharedRace, ABarrierOrdersThem) {
  launch(128);
  for (int round = 0; round < 40; ++round) {
    shared(K::store, 10, 0, 127, 4, own);
    barrier();
    shared(K::load, 20, 0, 127, 4, mirrored);
    barrier();
  }
  expect_clean();
}

TEST_F(SharedRace, AWriteAfterAnothersReadNeedsABarrierToo) {
  launch(128);
  shared(K::store, 10, 0, 127, 4, own);
  barrier();
  shared(K::load, 20, 0, 127, 4, mirrored);
  shared(K::store, 30, 0, 127, 4, own);
  expect_one(kRace, {"written by thread (0,0,0)", "kernel.cu:30", "earlier read by thread (127,0,0)", "kernel.cu:20"});
}

TEST_F(SharedRace, TwoWritersOfOnePlace) {
  launch(64);
  shared(K::store, 10, 5, 5, 4, own);
  shared(K::store, 11, 37, 37, 4, [](std::uint32_t) { return 20ULL; });
  expect_one(kRace, {"offset 20", "written by thread (37,0,0) (warp 1, lane 5)", "earlier written by thread (5,0,0)"});
}

TEST_F(SharedRace, NeighboursDoNotConflictWhateverTheirWidth) {
  for (const std::uint32_t bytes : {1, 2, 4, 8, 16}) {
    launch(64);
    const auto place = [bytes](std::uint32_t thread) { return std::uint64_t{bytes} * thread; };
    shared(K::store, 10, 0, 63, bytes, place);
    shared(K::load, 11, 0, 63, bytes, place);
    shared(K::store, 12, 0, 63, bytes, place);
  }
  expect_clean();
}

TEST_F(SharedRace, IsFoundByTheByteBetweenAccessesOfDifferentWidths) {
  for (const std::uint32_t bytes : {1, 2, 4, 8, 16}) {
    for (const std::uint32_t other : {1, 2, 4, 8, 16}) {
      const std::uint64_t overlap = 32 + (16 - bytes) / other * other;  // the last place that both reach
      findings_.clear();
      launch(64);
      shared(K::store, 10, 0, 0, 16, [](std::uint32_t) { return 32ULL; });
      shared(K::store, 11, 0, 0, 1, [](std::uint32_t) { return 20ULL; });
      shared(K::load, 12, 0, 0, bytes, [&](std::uint32_t) { return 48ULL - bytes; });
      barrier();
      shared(K::store, 13, 0, 0, bytes, [&](std::uint32_t) { return 48ULL - bytes; });
      shared(K::load, 14, 40, 40, other, [&](std::uint32_t) { return overlap; });
      EXPECT_EQ(kinds(), std::vector{kRace}) << bytes << " and " << other;
      if (bytes + other > 16) continue;
      findings_.clear();
      shared(K::load, 15, 40, 40, other, [&](std::uint32_t) { return 32ULL; });
      expect_clean();
    }
  }
}

TEST_F(SharedRace, AllReadersAreRemembered) {
  // Whichever warp has not come to the barrier, the writer after it is told.
  for (std::uint32_t late = 1; late < 4; ++late) {
    findings_.clear();
    launch(128);
    shared(K::store, 1, 0, 0, 4, own);
    barrier();
    shared(K::load, 2, 0, 127, 4, [](std::uint32_t) { return 0ULL; });
    std::vector<std::uint32_t> words(4, 0xFFFFFFFF);
    words[late] = 0;
    checks_->barrier(0, words, words);
    shared(K::store, 3, 0, 0, 4, own);
    expect_one(kRace, {"earlier read by thread (" + std::to_string(late * 32) + ",0,0)"});
  }
}

TEST_F(SharedRace, OfManyWarpsTheLateOneIsFoundInATile) {
  const auto tile = [](std::uint64_t row) {
    return [row](std::uint32_t thread) { return 512 * row + 16ULL * (thread % 32); };
  };
  for (std::uint32_t late = 0; late < 31; ++late) {
    findings_.clear();
    launch(1024);
    for (std::uint64_t row = 0; row < 4; ++row) shared(K::store, 1, 992, 1023, 16, tile(row));
    barrier();
    for (std::uint64_t row = 0; row < 4; ++row) shared(K::load, 2, 0, 991, 16, tile(row));
    std::vector<std::uint32_t> words(32, 0xFFFFFFFF);
    words[late] = 0;
    checks_->barrier(0, words, words);
    for (std::uint64_t row = 0; row < 4; ++row) shared(K::store, 3, 992, 1023, 16, tile(row));
    EXPECT_EQ(kinds(), std::vector{kRace}) << late;
  }
}

TEST_F(SharedRace, LanesOfAWarpNeedSyncwarp) {
  const auto next = [](std::uint32_t thread) { return 4ULL * (thread / 32 * 32 + (thread + 1) % 32); };
  launch(64);
  shared(K::store, 10, 0, 63, 4, own);
  shared(K::load, 20, 0, 63, 4, next);
  expect_one(kRace, {"read by thread (0,0,0)", "earlier written by thread (1,0,0)"});

  findings_.clear();
  launch(64);
  for (int round = 0; round < 30; ++round) {
    shared(K::store, 10, 0, 63, 4, own);
    checks_->warp_sync(0, 0, 0xFFFFFFFF), checks_->warp_sync(0, 1, 0xFFFFFFFF);
    shared(K::load, 20, 0, 63, 4, next);
    checks_->warp_sync(0, 0, 0xFFFFFFFF), checks_->warp_sync(0, 1, 0xFFFFFFFF);
  }
  expect_clean();

  // The other warp has not been told.
  shared(K::load, 30, 63, 63, 4, [](std::uint32_t) { return 0ULL; });
  expect_one(kRace, {"kernel.cu:30", "earlier written by thread (0,0,0)"});
}

TEST_F(SharedRace, SyncwarpOrdersOnlyTheLanesItNames) {
  launch(32 + 32);
  shared(K::store, 10, 0, 31, 4, own);
  checks_->warp_sync(0, 0, 0x0000FFFF);
  shared(K::load, 20, 0, 15, 4, [](std::uint32_t thread) { return 4ULL * (15 - thread); });
  expect_clean();
  shared(K::load, 30, 3, 3, 4, [](std::uint32_t) { return 4ULL * 20; });
  expect_one(kRace, {"kernel.cu:30", "earlier written by thread (20,0,0)"});
}

TEST_F(SharedRace, SyncwarpsChain) {
  launch(64);
  shared(K::store, 10, 0, 0, 4, own);
  checks_->warp_sync(0, 0, 0x3);
  checks_->warp_sync(0, 0, 0x6);
  shared(K::load, 20, 2, 2, 4, [](std::uint32_t) { return 0ULL; });
  expect_clean();
  shared(K::load, 21, 3, 3, 4, [](std::uint32_t) { return 0ULL; });
  EXPECT_EQ(kinds(), std::vector{kRace});
}

TEST_F(SharedRace, WhatComesAfterTheBarrierIsNotOrderedByIt) {
  launch(64);
  barrier();
  shared(K::store, 10, 0, 0, 4, own);
  shared(K::load, 20, 32, 32, 4, [](std::uint32_t) { return 0ULL; });
  EXPECT_EQ(kinds(), std::vector{kRace});
}

TEST_F(SharedRace, NamedBarriersOrderThoseWhoMeet) {
  launch(128);
  shared(K::store, 10, 0, 63, 4, own);
  barrier_of(0, 63);
  shared(K::load, 20, 0, 63, 4, [](std::uint32_t thread) { return 4ULL * (63 - thread); });
  expect_clean();
  shared(K::load, 30, 64, 64, 4, [](std::uint32_t) { return 0ULL; });
  expect_one(kRace, {"read by thread (64,0,0)", "earlier written by thread (0,0,0)"});
}

// Warps 0 and 1 fill a stage, warps 2 and 3 use it: `full` is told by the producers, `empty` by the consumers.
TEST_F(SharedRace, ProducersAndConsumersWithNamedBarriers) {
  launch(128);
  const auto stage = [](int s) {
    return [s](std::uint32_t thread) { return 1024ULL * static_cast<unsigned>(s) + 8ULL * (thread % 64); };
  };
  const auto everyone = mask(0, 127);
  for (int round = 0; round < 12; ++round) {
    const int s = round % 2;
    if (round >= 2) checks_->barrier(0, everyone, mask(0, 63));  // empty: consumers bar.arrive, producers bar.sync
    shared(K::store, 10, 0, 63, 8, stage(s));
    checks_->barrier(0, everyone, mask(64, 127));  // full: producers bar.arrive, consumers bar.sync
    shared(K::load, 20, 64, 127, 8, stage(s));
    shared(K::load, 21, 64, 127, 8, [&](std::uint32_t thread) { return stage(s)(thread + 5); });
  }
  expect_clean();
  shared(K::store, 30, 0, 63, 8, stage(1));  // without waiting for `empty`
  ASSERT_FALSE(kinds().empty());
  EXPECT_NE(findings_.all()[0].text.find("kernel.cu:30"), std::string::npos);
}

TEST_F(SharedRace, WhoOnlyArrivesIsNotTold) {
  launch(64);
  shared(K::store, 10, 0, 63, 4, own);
  checks_->barrier(0, mask(0, 63), mask(32, 63));
  shared(K::load, 20, 0, 0, 4, [](std::uint32_t) { return 4ULL * 40; });
  expect_one(kRace, {"read by thread (0,0,0)", "earlier written by thread (40,0,0)"});
}

TEST_F(SharedRace, WhatTheArriverDoesAfterwardsIsNotOrdered) {
  launch(64);
  checks_->barrier(0, mask(0, 63), mask(32, 63));
  shared(K::store, 10, 0, 0, 4, own);
  shared(K::load, 20, 32, 32, 4, [](std::uint32_t) { return 0ULL; });
  EXPECT_EQ(kinds(), std::vector{kRace});
}

TEST_F(SharedRace, AtomicsDoNotRaceWithEachOtherButWithPlainAccesses) {
  launch(64);
  const auto bin = [](std::uint32_t) { return 64ULL; };
  shared(K::store, 1, 0, 0, 4, bin);
  barrier();
  shared(K::atomic, 10, 0, 63, 4, bin, MemoryOrder::relaxed);
  expect_clean();
  shared(K::load, 20, 0, 0, 4, bin);
  expect_one(kRace, {"kernel.cu:20", "kernel.cu:10"});
  findings_.clear();
  barrier();
  shared(K::load, 30, 7, 7, 4, bin);
  shared(K::atomic, 40, 8, 8, 4, bin, MemoryOrder::relaxed);
  expect_one(kRace, {"accessed atomically by thread (8,0,0)", "earlier read by thread (7,0,0)"});
}

TEST_F(SharedRace, ALockInSharedMemoryOrdersWhatItGuards) {
  launch(128);
  const auto lock = [](std::uint32_t) { return 0ULL; };
  const auto guarded = [](std::uint32_t) { return 16ULL; };
  shared(K::store, 1, 0, 0, 4, lock);
  shared(K::store, 2, 0, 0, 4, guarded);
  barrier();
  for (const std::uint32_t thread : {3U, 99U, 64U, 4U}) {
    shared(K::atomic, 10, thread, thread, 4, lock, MemoryOrder::relaxed);
    fence(0, thread, MemoryScope::block);
    shared(K::load, 20, thread, thread, 4, guarded);
    shared(K::store, 21, thread, thread, 4, guarded);
    fence(0, thread, MemoryScope::block);
    shared(K::atomic, 30, thread, thread, 4, lock, MemoryOrder::relaxed);
  }
  expect_clean();
  // The same without the last fence.
  shared(K::atomic, 10, 50, 50, 4, lock, MemoryOrder::relaxed);
  fence(0, 50, MemoryScope::block);
  shared(K::store, 21, 50, 50, 4, guarded);
  shared(K::atomic, 31, 50, 50, 4, lock, MemoryOrder::relaxed);
  shared(K::atomic, 10, 51, 51, 4, lock, MemoryOrder::relaxed);
  fence(0, 51, MemoryScope::block);
  shared(K::load, 40, 51, 51, 4, guarded);
  expect_one(kRace, {"kernel.cu:40", "kernel.cu:21"});
}

TEST_F(SharedRace, BlocksAreStrangersToEachOther) {
  launch(64, 2);
  shared(K::store, 10, 0, 63, 4, own, MemoryOrder::weak, 0);
  shared(K::store, 10, 0, 63, 4, mirrored, MemoryOrder::weak, 1);
  barrier(0);
  shared(
      K::load, 20, 0, 63, 4, [](std::uint32_t thread) { return 4ULL * (63 - thread); }, MemoryOrder::weak, 0);
  expect_clean();
  checks_->end_block(0);
  checks_->begin_block(0, shared_);
  shared(K::store, 10, 0, 31, 4, [](std::uint32_t thread) { return 4ULL * (63 - thread); });
  expect_clean();
}

TEST_F(SharedRace, ThreadsThatHaveExitedDoNotHoldUpABarrier) {
  launch(96);
  shared(K::store, 10, 0, 95, 4, own);
  const auto left = mask(0, 95);  // the last warp has exited and counts as arrived
  checks_->barrier(0, left, left);
  shared(K::load, 20, 0, 63, 4, [](std::uint32_t thread) { return 4ULL * (63 - thread); });
  expect_clean();
}

TEST_F(SharedRace, ManyEpochsInOneBlock) {
  launch(64);
  for (int round = 0; round < 5000; ++round) {
    shared(K::store, 10, 0, 31, 4, own);
    checks_->warp_sync(0, 0, 0xFFFFFFFF);
    shared(K::load, 20, 0, 31, 4, [](std::uint32_t thread) { return 4ULL * (31 - thread); });
    checks_->warp_sync(0, 0, 0xFFFFFFFF);
  }
  expect_clean();
  shared(K::load, 30, 32, 32, 4, [](std::uint32_t) { return 0ULL; });
  EXPECT_EQ(kinds(), std::vector{kRace});
}

}  // namespace
}  // namespace vgpu::test
