// Findings are kept once and counted; faults are phrased with the thread, the place and the line.
#include "checks/findings.h"

#include <gtest/gtest.h>

#include <thread>

#include "checks/watched_launch.h"

namespace vgpu::test {
namespace {

TEST(FindingsTest, KeepsEachPairOfInstructionsOnce) {
  Findings findings;
  EXPECT_FALSE(findings.repeat(FindingKind::shared_race, "a", 1, 2));
  findings.add(FindingKind::shared_race, "a", 1, 2, "first");
  findings.add(FindingKind::shared_race, "a", 2, 1, "again");
  EXPECT_TRUE(findings.repeat(FindingKind::shared_race, "a", 1, 2));
  findings.add(FindingKind::shared_race, "b", 1, 2, "another kernel");
  findings.add(FindingKind::global_race, "a", 1, 2, "another kind");
  findings.add(FindingKind::shared_race, "a", 1, 3, "another line");
  ASSERT_EQ(findings.count(), 4U);
  EXPECT_EQ(findings.total(), 6U);
  EXPECT_EQ(findings.all()[0].text, "first\n  met 3 times");
  EXPECT_EQ(findings.all()[1].text, "another kernel");
  findings.clear();
  EXPECT_EQ(findings.count(), 0U);
  EXPECT_FALSE(findings.repeat(FindingKind::shared_race, "a", 1, 2));
}

TEST(FindingsTest, KindsHaveNames) {
  EXPECT_STREQ(name(FindingKind::shared_race), "shared_race");
  EXPECT_STREQ(name(FindingKind::internal), "internal");
}

TEST(FindingsTest, ServesSeveralThreads) {
  Findings findings;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::uint32_t i = 0; i < 1000; ++i) findings.add(FindingKind::misaligned, "a", i % 10, kNoInstruction, "x");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(findings.count(), 10U);
  EXPECT_EQ(findings.total(), 4000U);
}

class ReportTest : public WatchedLaunch {
 protected:
  ReportTest() { shape_ = {"kernel", {3, 2, 2}, {8, 4, 2}, 1000}; }
  Report report_{shape_, lines_, findings_};
};

TEST_F(ReportTest, NamesThreadsAndBlocksByTheirThreeIndices) {
  EXPECT_EQ(describe_thread(shape_, 11, 63), "thread (7,3,1) (warp 1, lane 31) of block (2,1,1)");
  EXPECT_EQ(describe_thread(shape_, 3, 8), "thread (0,1,0) (warp 0, lane 8) of block (0,1,0)");
}

TEST_F(ReportTest, PhrasesFaults) {
  report_.fault(FindingKind::divergence, {1, 33, 12}, "16 of 32 lanes reached a barrier");
  expect_one(FindingKind::divergence,
             {"16 of 32 lanes reached a barrier\n  kernel kernel\n  executed by thread (1,0,1) "
              "(warp 1, lane 1) of block (1,0,0)\n    at kernel.cu:12"});
}

}  // namespace
}  // namespace vgpu::test
