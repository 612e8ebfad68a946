#include "cpu/system.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "core/error.h"
#include "cpu/simd_target.h"

namespace ki::cpu {
namespace {

TEST(Quota, RoundsUpToWholeThreads) {
  EXPECT_EQ(quota_threads("200000 100000"), 2);
  EXPECT_EQ(quota_threads("250000 100000"), 3);
  EXPECT_EQ(quota_threads("50000 100000"), 1);
}

TEST(Quota, IsNoneWithoutALimit) {
  EXPECT_EQ(quota_threads("max 100000"), 0);
  EXPECT_EQ(quota_threads("-1 100000"), 0);
  EXPECT_EQ(quota_threads(""), 0);
  EXPECT_EQ(quota_threads("garbage"), 0);
  EXPECT_EQ(quota_threads("100000 0"), 0);
}

TEST(AvailableThreads, FollowsTheAffinityMask) {
  EXPECT_GE(available_threads(), 1);
  int pinned = 0;
  std::thread([&] {
    cpu_set_t mask;
    ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
    int first = 0;
    while (!CPU_ISSET(first, &mask)) ++first;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    ASSERT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
    pinned = available_threads();
  }).join();
  EXPECT_EQ(pinned, 1);
}

TEST(Machine, IsDescribed) {
  EXPECT_FALSE(processor_model().empty());
  EXPECT_GT(memory_bytes(), 1u << 28);
  EXPECT_GE(l2_cache_bytes(), 1u << 16);
}

TEST(SimdTargets, TheBestUsableOneIsChosen) {
  SimdTarget best = kSimdTargets.front();
  for (const SimdTarget target : kSimdTargets) {
    if (missing_features(target).empty()) best = target;
  }
  EXPECT_EQ(choose_simd_target(""), best);
}

TEST(SimdTargets, AreForcedByName) {
  for (const SimdTarget target : kSimdTargets) {
    if (missing_features(target).empty()) {
      EXPECT_EQ(choose_simd_target(name_of(target)), target);
    } else {
      EXPECT_THROW(choose_simd_target(name_of(target)), Error);
    }
  }
}

TEST(SimdTargets, UnknownNamesAreRefused) {
  try {
    choose_simd_target("sse9");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), KI_STATUS_INVALID_ARGUMENT);
    EXPECT_EQ(error.argument(), "options.target");
    EXPECT_NE(std::string(error.what()).find("sse9"), std::string::npos);
  }
}

}  // namespace
}  // namespace ki::cpu
