// Races in global memory, between blocks and within one, and the patterns with atomics and fences that are none.
#include "checks/watched_launch.h"

namespace vgpu::test {
namespace {

using K = AccessKind;
constexpr auto kRace = FindingKind::global_race;

class GlobalRace : public WatchedLaunch {
 protected:
  GlobalRace() {
    data_ = memory_.allocate(65536).value();
    flag_ = memory_.allocate(256).value();
    memory_.set_initialised(data_, 65536);
    memory_.set_initialised(flag_, 256);
  }
  AddressOf words(std::uint64_t offset = 0) {
    return [this, offset](std::uint32_t thread) { return data_ + offset + 4ULL * thread; };
  }
  AddressOf flag() {
    return [this](std::uint32_t) { return flag_; };
  }

  // Block 0 writes a word and releases the flag.
  void publish() {
    global(K::store, 10, 0, 0, 0, 4, words());
    global(K::store, 11, 0, 0, 0, 4, flag(), MemoryOrder::release);
  }
  // Another block reads the flag and then, in `line`, the word.
  void look(std::uint32_t block, MemoryOrder order, std::uint32_t line) {
    global(K::load, 20, block, 0, 0, 4, flag(), order);
    global(K::load, line, block, 0, 0, 4, words());
  }

  std::uint64_t data_ = 0, flag_ = 0;
};

TEST_F(GlobalRace, TwoBlocksWriteOneTile) {
  launch(64, 2);
  global(K::store, 10, 0, 0, 63, 4, words());
  global(K::store, 10, 1, 0, 63, 4, words(128));
  expect_one(kRace,
             {"byte 128 of an allocation of 65536 bytes", "written by thread (0,0,0) (warp 0, lane 0) of block (1,0,0)",
              "earlier written by thread (32,0,0) (warp 1, lane 0) of block (0,0,0)", "met 32 times"});
}

TEST_F(GlobalRace, BlocksWithTilesOfTheirOwn) {
  for (const std::uint32_t bytes : {1U, 2U, 4U, 8U, 16U}) {
    launch(64, 4);
    for (std::uint32_t block = 0; block < 4; ++block) {
      const auto place = [&](std::uint32_t thread) { return data_ + bytes * (64ULL * block + thread); };
      global(K::load, 10, block, 0, 63, bytes, place);
      global(K::store, 11, block, 0, 63, bytes, place);
      global(K::load, 12, block, 0, 63, bytes, place);
    }
  }
  expect_clean();
}

TEST_F(GlobalRace, BlocksThatInterleaveByTheByte) {
  launch(64, 4);
  for (std::uint32_t block = 0; block < 4; ++block) {
    global(K::store, 10, block, 0, 63, 1, [&](std::uint32_t thread) { return data_ + 4ULL * thread + block; });
  }
  for (std::uint32_t block = 0; block < 4; ++block) {
    global(K::load, 11, block, 0, 63, 1, [&](std::uint32_t thread) { return data_ + 4ULL * thread + block; });
  }
  expect_clean();
  global(K::load, 12, 2, 0, 0, 4, words());
  EXPECT_EQ(kinds(), std::vector{kRace});
}

TEST_F(GlobalRace, TwoBlocksWriteTheSameHalfWords) {
  launch(64, 2);
  for (std::uint32_t block = 0; block < 2; ++block) {
    global(K::store, 10, block, 0, 63, 2, [&](std::uint32_t thread) { return data_ + 2ULL * thread; });
  }
  expect_one(kRace, {"of block (1,0,0)", "of block (0,0,0)"});
}

TEST_F(GlobalRace, AReadOfWhatAnotherBlockWrote) {
  launch(64, 2);
  global(K::store, 10, 1, 0, 63, 16, [&](std::uint32_t thread) { return data_ + 16ULL * thread; });
  global(K::load, 20, 0, 7, 7, 4, words());
  expect_one(kRace, {"read by thread (7,0,0)", "of block (0,0,0)",
                     "earlier written by thread (1,0,0) (warp 0, lane 1) of block (1,0,0)"});
}

TEST_F(GlobalRace, AWriteOfWhatAnotherBlockRead) {
  launch(64, 3);
  global(K::load, 20, 0, 0, 63, 4, words());
  global(K::store, 10, 1, 5, 5, 4, words());
  expect_one(kRace,
             {"byte 20", "of block (1,0,0)", "earlier read by thread (5,0,0) (warp 0, lane 5) of block (0,0,0)"});
}

TEST_F(GlobalRace, AWriteOfWhatSeveralBlocksAndItselfRead) {
  launch(64, 3);
  for (std::uint32_t block = 0; block < 3; ++block) global(K::load, 20, block, 0, 63, 4, words());
  global(K::store, 10, 0, 5, 5, 4, words());
  expect_one(kRace, {"byte 20", "of block (0,0,0)", "kernel.cu:10"});
}

TEST_F(GlobalRace, AWriterThatReadsAgainDoesNotHideTheOtherBlocks) {
  launch(64, 2);
  for (const std::uint32_t block : {0U, 1U, 0U}) global(K::load, 20, block, 0, 63, 4, words());
  global(K::store, 10, 0, 5, 5, 4, words());
  expect_one(kRace, {"byte 20", "of block (0,0,0)", "kernel.cu:10"});
}

TEST_F(GlobalRace, LaunchesFollowOneAnother) {
  for (int round = 0; round < 3; ++round) {
    launch(64, 2);
    global(K::load, 5, 0, 0, 63, 4, words());
    global(K::load, 5, 1, 0, 63, 4, words());
    launch(64, 2);
    global(K::store, 10, 1, 0, 63, 4, words());
    launch(64, 2);
    global(K::store, 10, 0, 0, 63, 4, words());
  }
  expect_clean();
}

TEST_F(GlobalRace, WithinABlockABarrierIsNeeded) {
  launch(64);
  global(K::store, 10, 0, 0, 63, 4, words());
  barrier();
  global(K::load, 20, 0, 0, 63, 4, [&](std::uint32_t thread) { return data_ + 4ULL * (63 - thread); });
  expect_clean();
  global(K::store, 30, 0, 0, 63, 4, words());
  expect_one(kRace, {"written by thread (0,0,0)", "earlier read by thread (63,0,0)"});
}

TEST_F(GlobalRace, ALostUpdate) {
  launch(1, 2);
  for (std::uint32_t block = 0; block < 2; ++block) {
    global(K::load, 10, block, 0, 0, 4, words());
    global(K::store, 11, block, 0, 0, 4, words());
  }
  ASSERT_EQ(kinds(), (std::vector{kRace, kRace}));  // the load and the store of the second block
  const std::string text = findings_.all()[0].text;
  for (const char* part : {"read by thread (0,0,0) (warp 0, lane 0) of block (1,0,0)", "kernel.cu:10",
                           "earlier written by", "kernel.cu:11"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
}

TEST_F(GlobalRace, AtomicUpdatesAreNotLost) {
  launch(64, 4);
  for (std::uint32_t block = 0; block < 4; ++block) {
    global(K::atomic, 10, block, 0, 63, 4, flag(), MemoryOrder::relaxed);
  }
  expect_clean();
  global(K::load, 20, 1, 0, 0, 4, flag());
  EXPECT_EQ(kinds(), std::vector{kRace});
}

TEST_F(GlobalRace, AnAtomicOfTheBlocksScopeDoesNotProtectAgainstOthers) {
  launch(64, 2);
  global(K::atomic, 10, 0, 0, 63, 4, flag(), MemoryOrder::relaxed, MemoryScope::block);
  expect_clean();
  global(K::atomic, 20, 1, 0, 0, 4, flag(), MemoryOrder::relaxed, MemoryScope::device);
  expect_one(kRace, {"kernel.cu:20", "kernel.cu:10"});
}

// Data, fence, flag; and its reader: flag, fence, data.
TEST_F(GlobalRace, AFlagWithFencesPublishesData) {
  launch(64, 2);
  global(K::store, 10, 0, 0, 0, 4, words());
  fence(0, 0);
  global(K::atomic, 11, 0, 0, 0, 4, flag(), MemoryOrder::relaxed);
  global(K::load, 20, 1, 33, 33, 4, flag(), MemoryOrder::relaxed);  // volatile
  fence(1, 33);
  global(K::load, 21, 1, 33, 33, 4, words(-4 * 33));
  expect_clean();
  // What came after the fence is not published.
  global(K::store, 12, 0, 0, 0, 4, words(4));
  global(K::load, 22, 1, 33, 33, 4, words(4 - 4 * 33));
  expect_one(kRace, {"kernel.cu:22", "kernel.cu:12"});
}

TEST_F(GlobalRace, TheFlagWithoutAFence) {
  for (const bool by_writer : {false, true}) {
    findings_.clear();
    launch(64, 2);
    global(K::store, 10, 0, 0, 0, 4, words());
    if (by_writer) fence(0, 0);
    global(K::atomic, 11, 0, 0, 0, 4, flag(), MemoryOrder::relaxed);
    global(K::load, 20, 1, 0, 0, 4, flag(), MemoryOrder::relaxed);
    if (!by_writer) fence(1, 0);
    global(K::load, 21, 1, 0, 0, 4, words());
    expect_one(kRace, {"kernel.cu:21", "kernel.cu:10"});
  }
}

TEST_F(GlobalRace, AFenceOfTheBlocksScopePublishesToTheBlockOnly) {
  launch(64, 2);
  global(K::store, 10, 0, 0, 0, 4, words());
  fence(0, 0, MemoryScope::block);
  global(K::atomic, 11, 0, 0, 0, 4, flag(), MemoryOrder::relaxed);
  global(K::load, 20, 0, 40, 40, 4, flag(), MemoryOrder::relaxed);
  fence(0, 40, MemoryScope::block);
  global(K::load, 21, 0, 40, 40, 4, words(-160));
  expect_clean();
  global(K::load, 20, 1, 0, 0, 4, flag(), MemoryOrder::relaxed);
  fence(1, 0);
  global(K::load, 22, 1, 0, 0, 4, words());
  expect_one(kRace, {"kernel.cu:22", "kernel.cu:10"});
}

TEST_F(GlobalRace, ReleaseAndAcquire) {
  launch(64, 3);
  publish();
  look(1, MemoryOrder::acquire, 21);
  expect_clean();
  look(2, MemoryOrder::relaxed, 22);
  expect_one(kRace, {"of block (2,0,0)", "kernel.cu:22"});
}

TEST_F(GlobalRace, AnAtomicBetweenContinuesARelease) {
  launch(32, 4);
  publish();
  global(K::atomic, 12, 1, 0, 0, 4, flag(), MemoryOrder::relaxed);
  look(2, MemoryOrder::acquire, 21);
  expect_clean();
  global(K::store, 13, 1, 0, 0, 4, flag(), MemoryOrder::relaxed);  // a store does not
  look(3, MemoryOrder::acquire, 23);
  EXPECT_EQ(kinds(), std::vector{kRace});
}

// Every block writes its part; the last to arrive adds them up. Barriers carry what the first thread has done and
// heard.
TEST_F(GlobalRace, TheLastBlockSumsUp) {
  constexpr std::uint32_t kBlocks = 20, kThreads = 64;
  launch(kThreads, kBlocks);
  for (std::uint32_t block = 0; block < kBlocks; ++block) {
    global(K::store, 10, block, 0, kThreads - 1, 4, words(256ULL * block));
    barrier(block);
    fence(block, 0);
    global(K::atomic, 11, block, 0, 0, 4, flag(), MemoryOrder::relaxed);
    fence(block, 0);
    barrier(block);
  }
  for (std::uint32_t part = 0; part < kBlocks; ++part) {
    global(K::load, 20, kBlocks - 1, 0, kThreads - 1, 4, words(256ULL * part));
  }
  global(K::store, 21, kBlocks - 1, 0, kThreads - 1, 4, words(0));
  expect_clean();
  global(K::load, 30, kBlocks - 2, 0, 0, 4, words(256ULL * (kBlocks - 1)));  // not the last
  EXPECT_EQ(kinds(), std::vector{kRace});
}

// The same with a fence of every thread before it meets the others, and after.
TEST_F(GlobalRace, FencesOfAllThreadsBeforeABarrier) {
  launch(64, 2);
  for (std::uint32_t block = 0; block < 2; ++block) {
    global(K::store, 10, block, 0, 63, 4, words(256ULL * block));
    for (std::uint32_t thread = 0; thread < 64; ++thread) fence(block, thread);
    barrier(block);
    global(K::atomic, 11, block, 0, 0, 4, flag(), MemoryOrder::relaxed);
    barrier(block);
    for (std::uint32_t thread = 0; thread < 64; ++thread) fence(block, thread);
  }
  global(K::load, 20, 1, 0, 63, 4, words(0));
  expect_clean();
}

TEST_F(GlobalRace, TheLastBlockWithoutTheBarrierBeforeItsAtomic) {
  launch(64, 2);
  for (std::uint32_t block = 0; block < 2; ++block) {
    global(K::store, 10, block, 0, 63, 4, words(256ULL * block));
    fence(block, 0);
    global(K::atomic, 11, block, 0, 0, 4, flag(), MemoryOrder::acquire_release);
    barrier(block);
  }
  global(K::load, 20, 1, 0, 63, 4, words(0));
  expect_one(kRace, {"earlier written by thread (1,0,0) (warp 0, lane 1) of block (0,0,0)", "met 63 times"});
}

// Blocks meet again and again at a counter, as cooperative groups do it.
TEST_F(GlobalRace, AGridBarrier) {
  constexpr std::uint32_t kBlocks = 4;
  launch(64, kBlocks);
  for (std::uint32_t round = 0; round < 5; ++round) {
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
      global(K::store, 10, block, 0, 63, 4, words(256ULL * block));
      barrier(block);
      fence(block, 0);
      global(K::atomic, 11, block, 0, 0, 4, flag(), MemoryOrder::relaxed);
    }
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
      global(K::load, 12, block, 0, 0, 4, flag(), MemoryOrder::acquire);
      barrier(block);
      for (std::uint32_t other = 0; other < kBlocks; ++other)
        global(K::load, 13, block, 0, 63, 4, words(256ULL * other));
      barrier(block);
      fence(block, 0);
      global(K::atomic, 14, block, 0, 0, 4, flag(), MemoryOrder::relaxed);
    }
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
      global(K::load, 15, block, 0, 0, 4, flag(), MemoryOrder::acquire);
      barrier(block);
    }
  }
  expect_clean();
}

TEST_F(GlobalRace, PinnedMemoryIsWatchedToo) {
  std::vector<std::uint32_t> host(64);
  ASSERT_TRUE(memory_.pin(host.data(), 256));
  launch(32, 2);
  const auto place = [&](std::uint32_t thread) { return reinterpret_cast<std::uint64_t>(&host[thread]); };
  global(K::store, 10, 0, 0, 31, 4, place);
  global(K::store, 10, 1, 0, 31, 4, place);
  expect_one(kRace, {"byte 0 of a pinned host range of 256 bytes"});
  EXPECT_TRUE(memory_.unpin(host.data()));
}

}  // namespace
}  // namespace vgpu::test
