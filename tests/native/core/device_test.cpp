#include <gtest/gtest.h>
#include <sched.h>

#include <cstring>
#include <string>
#include <vector>

#include "support/backends.h"

namespace ki::test {
namespace {

ki_status open_status(const char* name, const ki_device_options* options = nullptr) {
  ki_device* device = reinterpret_cast<ki_device*>(8);
  const ki_status status = ki_device_open(name, options, &device);
  if (status != KI_STATUS_OK) {
    EXPECT_EQ(device, nullptr) << "a device that is refused leaves NULL";
  } else {
    ki_device_close(device);
  }
  return status;
}

ki_device_options options_of(std::int32_t thread_count, const char* target = nullptr) {
  return {sizeof(ki_device_options), thread_count, target};
}

TEST(Device, TheCpuIsAlwaysTheFirst) {
  std::int32_t count = 0;
  ASSERT_EQ(ki_device_count(&count), KI_STATUS_OK);
  ASSERT_GE(count, 1);
  ki_device_info info{};
  info.struct_size = sizeof(info);
  ASSERT_EQ(ki_device_describe(0, &info), KI_STATUS_OK);
  EXPECT_EQ(info.kind, KI_DEVICE_KIND_CPU);
  EXPECT_EQ(info.ordinal, 0);
  EXPECT_STREQ(info.name, "cpu");
  EXPECT_GE(info.parallelism, 1);
  EXPECT_GT(info.memory_bytes, std::uint64_t{1} << 26);
  EXPECT_GT(info.l2_cache_bytes, 0U);
  EXPECT_NE(std::strlen(info.model), 0U);
  EXPECT_NE(std::string(info.reason).find(info.target), std::string::npos);
}

TEST(Device, IndicesOutsideTheListAreRefused) {
  std::int32_t count = 0;
  check(ki_device_count(&count));
  ki_device_info info{};
  info.struct_size = sizeof(info);
  for (const std::int32_t index : {-1, count, 1000000}) {
    EXPECT_TRUE(
        refused(ki_device_describe(index, &info), KI_STATUS_INVALID_ARGUMENT, "index", {std::to_string(index)}));
  }
}

TEST(Device, EveryDeviceThatIsListedOpensByItsName) {
  std::int32_t count = 0;
  check(ki_device_count(&count));
  for (std::int32_t i = 0; i < count; ++i) {
    ki_device_info described{};
    described.struct_size = sizeof(described);
    check(ki_device_describe(i, &described));
    const ki_device_info opened = info_of(open_device(described.name));
    EXPECT_EQ(opened.kind, described.kind);
    EXPECT_EQ(opened.ordinal, described.ordinal);
    EXPECT_EQ(opened.parallelism, described.parallelism);
    EXPECT_STREQ(opened.target, described.target);
    EXPECT_STREQ(opened.model, described.model);
  }
}

TEST(Device, AutoSaysWhatItChoseAndWhy) {
  const ki_device_info info = info_of(open_device("auto"));
  EXPECT_NE(std::string(info.reason).find("auto"), std::string::npos) << info.reason;
  std::int32_t count = 0;
  check(ki_device_count(&count));
  EXPECT_STREQ(info.name, count > 1 ? "cuda:0" : "cpu");
  const std::string why = count > 1 ? "first" : "no CUDA";
  EXPECT_NE(std::string(info.reason).find(why), std::string::npos) << info.reason;
}

TEST(Device, ACudaDeviceThatCannotBeOpenedIsRefusedWithTheReason) {
  for (const char* name : {"cuda:0", "cuda:7"}) {
    ki_device* device = nullptr;
    const ki_status status = ki_device_open(name, nullptr, &device);
    if (status == KI_STATUS_OK) {
      EXPECT_EQ(info_of(Device(device)).kind, KI_DEVICE_KIND_CUDA);
      continue;
    }
    EXPECT_TRUE(status == KI_STATUS_NOT_SUPPORTED || status == KI_STATUS_DEVICE_NOT_FOUND) << ki_status_name(status);
    EXPECT_TRUE(refused(status, status, "name", {name}));
  }
}

TEST(Device, NamesThatAreNoneAreRefused) {
  for (const char* name : {"", "gpu", "CPU", "cpu:0", "cpu ", "cuda", "cuda:", "cuda:-1", "cuda:1x", "cuda: 1",
                           "cuda:99999999999999999999", "\xff\xfe"}) {
    SCOPED_TRACE(name);
    const ki_status status = open_status(name);
    EXPECT_TRUE(refused(status, KI_STATUS_INVALID_ARGUMENT, "name", {std::string("'").append(name).append("'")}));
  }
}

TEST(Device, ThreadCountIsWhatWasAskedFor) {
  for (const int threads : {1, 2, 7}) EXPECT_EQ(info_of(open_device("cpu", nullptr, threads)).parallelism, threads);
}

TEST(Device, ThreadCountFollowsTheAffinityMask) {
  cpu_set_t saved, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(saved), &saved), 0);
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  const int pinned = info_of(open_device("cpu")).parallelism;
  ASSERT_EQ(sched_setaffinity(0, sizeof(saved), &saved), 0);
  EXPECT_EQ(pinned, 1);
  EXPECT_LE(info_of(open_device("cpu")).parallelism, CPU_COUNT(&saved));
}

TEST(Device, ThreadCountsOutOfRangeAreRefused) {
  for (const int threads : {-1, 1025, 2147483647}) {
    const ki_device_options options = options_of(threads);
    EXPECT_TRUE(refused(open_status("cpu", &options), KI_STATUS_INVALID_ARGUMENT, "options.thread_count",
                        {std::to_string(threads)}));
  }
  const ki_device_options largest = options_of(1024);
  EXPECT_EQ(open_status("cpu", &largest), KI_STATUS_OK);
}

TEST(Device, AForcedTargetIsUsedOrRefused) {
  for (const SimdTarget& target : simd_targets()) {
    const ki_device_options options = options_of(1, target.name.c_str());
    if (target.usable) {
      const ki_device_info info = info_of(open_device("cpu", target.name.c_str()));
      EXPECT_EQ(info.target, target.name);
      EXPECT_NE(std::string(info.reason).find(target.name), std::string::npos) << info.reason;
    } else {
      EXPECT_TRUE(refused(open_status("cpu", &options), KI_STATUS_NOT_SUPPORTED, "options.target", {target.name}));
    }
  }
  const ki_device_options unknown = options_of(0, "avx1");
  EXPECT_TRUE(refused(open_status("cpu", &unknown), KI_STATUS_INVALID_ARGUMENT, "options.target", {"avx1", "avx2"}));
}

TEST(Device, OptionsOfTheWrongSizeAreRefused) {
  ki_device_options options = options_of(1);
  options.struct_size = 0;
  EXPECT_TRUE(refused(open_status("cpu", &options), KI_STATUS_INVALID_ARGUMENT, "options", {"struct_size"}));
  struct {
    ki_device_options known;
    std::uint64_t unknown;
  } newer{{24, 1, nullptr}, 0};
  EXPECT_EQ(open_status("cpu", &newer.known), KI_STATUS_OK);
  newer.unknown = 1;
  EXPECT_TRUE(refused(open_status("cpu", &newer.known), KI_STATUS_INVALID_ARGUMENT, "options"));
}

TEST(Device, AnOlderOptionsStructHasNoTarget) {
  ki_device_options options = options_of(1, reinterpret_cast<const char*>(8));
  options.struct_size = 8;
  EXPECT_EQ(open_status("cpu", &options), KI_STATUS_OK);
}

TEST(Probe, ReportsEachThingTriedOnTheCallingThread) {
  struct Seen {
    int cpu = 0, cuda = 0, usable = 0;
    pthread_t thread = pthread_self();
  } seen;
  const auto look = [](void* user_data, const ki_probe_entry* entry) {
    auto& all = *static_cast<Seen*>(user_data);
    EXPECT_EQ(entry->struct_size, sizeof(ki_probe_entry));
    EXPECT_EQ(entry->reserved, 0U);
    EXPECT_NE(std::strlen(entry->subject), 0U);
    EXPECT_NE(std::strlen(entry->detail), 0U) << entry->subject;
    EXPECT_TRUE(pthread_equal(pthread_self(), all.thread));
    if (entry->kind == KI_DEVICE_KIND_CPU) {
      EXPECT_EQ(all.cuda, 0) << "the CPU comes first";
      ++all.cpu;
      all.usable += entry->status == KI_STATUS_OK;
    } else {
      EXPECT_EQ(entry->kind, KI_DEVICE_KIND_CUDA);
      ++all.cuda;
    }
  };
  ASSERT_EQ(ki_probe(look, &seen), KI_STATUS_OK);
  EXPECT_GE(seen.cpu, 2);
  EXPECT_GE(seen.usable, 1);
  EXPECT_GE(seen.cuda, 1);
}

}  // namespace
}  // namespace ki::test
