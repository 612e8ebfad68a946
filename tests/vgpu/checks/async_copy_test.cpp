// Asynchronous copies to shared memory: what is in flight may not be touched, and what has arrived belongs to its
// thread.
#include "checks/watched_launch.h"

namespace vgpu::test {
namespace {

using K = AccessKind;

class AsyncCopy : public WatchedLaunch {
 protected:
  static AddressOf stage(std::uint32_t s) {
    return [s](std::uint32_t thread) { return 2048ULL * s + 16ULL * thread; };
  }
  static AddressOf mirrored(std::uint32_t s) {
    return [s](std::uint32_t thread) { return 2048ULL * s + 16ULL * (127 - thread); };
  }
};

TEST_F(AsyncCopy, EvenTheIssuerMayNotReadBeforeItsWait) {
  launch(128);
  issue(10, 0, 127, 16, stage(0));
  shared(K::load, 20, 5, 5, 4, [](std::uint32_t) { return 16ULL * 5 + 8; });
  expect_one(FindingKind::in_flight_copy, {"offset 88 of shared memory", "read by thread (5,0,0)", "kernel.cu:20",
                                           "copied asynchronously by thread (5,0,0)", "kernel.cu:10"});
}

TEST_F(AsyncCopy, ABarrierIsNoWait) {
  launch(128);
  issue(10, 0, 127, 16, stage(0));
  barrier();
  shared(K::load, 20, 0, 127, 16, mirrored(0));
  expect_one(FindingKind::in_flight_copy, {"kernel.cu:20", "kernel.cu:10"});
}

TEST_F(AsyncCopy, NobodyMayWriteWhereItGoes) {
  launch(128);
  issue(10, 0, 0, 16, stage(0));
  shared(K::store, 20, 0, 0, 4, [](std::uint32_t) { return 12ULL; });
  expect_one(FindingKind::in_flight_copy, {"offset 12 of shared memory", "written by thread (0,0,0)"});
  findings_.clear();
  issue(11, 0, 0, 8, [](std::uint32_t) { return 8ULL; });
  expect_one(FindingKind::in_flight_copy, {"kernel.cu:11"});
}

TEST_F(AsyncCopy, WhoeverIsNotOrderedAfterTheIssueRacesWithIt) {
  launch(128);
  issue(10, 0, 31, 16, stage(0));
  shared(K::load, 20, 40, 40, 4, [](std::uint32_t) { return 0ULL; });
  expect_one(FindingKind::shared_race,
             {"read by thread (40,0,0)", "earlier written by thread (0,0,0)", "kernel.cu:10"});
}

TEST_F(AsyncCopy, AfterItsWaitTheIssuerMayReadAndOthersNeedABarrier) {
  launch(128);
  issue(10, 0, 127, 16, stage(0));
  barrier();  // too early: the bytes arrive later
  arrive(11, 0, 127, 16, stage(0));
  shared(K::load, 20, 0, 127, 16, stage(0));
  expect_clean();
  shared(K::load, 30, 0, 127, 16, mirrored(0));
  expect_one(FindingKind::shared_race, {"kernel.cu:30", "earlier written by thread (127,0,0)", "kernel.cu:10"});
}

TEST_F(AsyncCopy, TheCopyItselfMustComeAfterTheReadersOfTheStage) {
  launch(128);
  issue(10, 0, 127, 16, stage(0));
  arrive(10, 0, 127, 16, stage(0));
  barrier();
  shared(K::load, 20, 0, 127, 16, mirrored(0));
  issue(30, 0, 127, 16, stage(0));
  expect_one(FindingKind::shared_race,
             {"copied asynchronously by thread (0,0,0)", "kernel.cu:30", "earlier read by", "kernel.cu:20"});
}

// Stages in a ring: while one is used the next are on their way; `ahead` of them may stay in flight at the wait.
TEST_F(AsyncCopy, PipelinesOfSeveralStages) {
  for (const std::uint32_t stages : {2U, 3U, 4U}) {
    launch(128, 1, 2048 * stages);
    const std::uint32_t tiles = 17, ahead = stages - 1;
    for (std::uint32_t t = 0; t < ahead; ++t) issue(10, 0, 127, 16, stage(t));
    for (std::uint32_t t = 0; t < tiles; ++t) {
      arrive(11, 0, 127, 16, stage(t % stages));  // wait_group ahead - 1
      barrier();
      if (t + ahead < tiles) issue(12, 0, 127, 16, stage((t + ahead) % stages));
      shared(K::load, 20, 0, 127, 16, mirrored(t % stages));
      shared(K::load, 21, 0, 127, 16, stage(t % stages));
    }
  }
  expect_clean();
}

TEST_F(AsyncCopy, APipelineThatWaitsForOneGroupTooFew) {
  launch(128, 1, 4096);
  issue(10, 0, 127, 16, stage(0));
  for (std::uint32_t t = 0; t < 4; ++t) {
    issue(12, 0, 127, 16, stage((t + 1) % 2));
    if (t > 0) arrive(11, 0, 127, 16, stage((t + 1) % 2));  // what was due a round ago
    barrier();
    shared(K::load, 20, 0, 127, 16, mirrored(t % 2));
    barrier();
  }
  ASSERT_FALSE(kinds().empty());
  EXPECT_EQ(kinds()[0], FindingKind::in_flight_copy);
}

TEST_F(AsyncCopy, TheDoubleBufferWithoutItsTrailingBarrier) {
  launch(128, 1, 4096);
  issue(10, 0, 127, 16, stage(0));
  for (std::uint32_t t = 0; t < 4; ++t) {
    if (t + 1 < 4) issue(12, 0, 127, 16, stage((t + 1) % 2));
    arrive(11, 0, 127, 16, stage(t % 2));
    barrier();
    shared(K::load, 20, 0, 127, 16, mirrored(t % 2));
    // Here the block should meet before the stage is filled again.
  }
  expect_one(FindingKind::shared_race, {"kernel.cu:12", "kernel.cu:20"});
}

TEST_F(AsyncCopy, NarrowCopies) {
  for (const std::uint32_t bytes : {4U, 8U}) {
    findings_.clear();
    launch(128);
    const auto place = [bytes](std::uint32_t thread) { return std::uint64_t{bytes} * thread; };
    issue(10, 0, 127, bytes, place);
    arrive(10, 0, 60, bytes, place);  // the last of them in the middle of 16 bytes
    shared(K::load, 20, 0, 60, bytes, place);
    expect_clean();
    shared(K::load, 21, 61, 61, 4, place);
    EXPECT_EQ(kinds(), std::vector{FindingKind::in_flight_copy});
  }
}

}  // namespace
}  // namespace vgpu::test
