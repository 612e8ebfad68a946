#include "memory/device_memory.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

namespace vgpu {
namespace {

constexpr std::uint64_t kMiB = 1 << 20, kGiB = 1 << 30;
using Kind = AddressFault::Kind;

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

TEST(DeviceMemory, GivesAddressesAlignedTo256AndNoMoreThatTheHostCannotFollow) {
  DeviceMemory memory(kGiB);
  for (std::uint64_t size : {1, 255, 256, 257, 100000}) {
    const std::uint64_t address = memory.allocate(size).value();
    EXPECT_EQ(address % 512, 256U);
    EXPECT_NE(address >> 47, 0U);
    EXPECT_EQ(memory.allocate(size, 2 * kMiB).value() % (4 * kMiB), 2 * kMiB);
  }
  EXPECT_FALSE(memory.allocate(0));
  EXPECT_FALSE(memory.allocate(8, 3));
}

TEST(DeviceMemory, CostsWhatIsTouched) {
  DeviceMemory memory(24 * kGiB);
  const std::uint64_t before = resident_bytes();
  const std::uint64_t address = memory.allocate(16 * kGiB).value();
  memory.resolve(address + 15 * kGiB, 4)[0] = std::byte{1};
  EXPECT_LT(resident_bytes() - before, 64 * kMiB);
  EXPECT_TRUE(memory.free(address));
  EXPECT_LT(resident_bytes() - before, 4 * kMiB);
}

TEST(DeviceMemory, KnowsItsCapacity) {
  DeviceMemory memory(kGiB);
  EXPECT_EQ(memory.capacity_bytes(), kGiB);
  const std::uint64_t all = memory.allocate(kGiB).value();
  EXPECT_EQ(memory.used_bytes(), kGiB);
  EXPECT_FALSE(memory.allocate(1));
  EXPECT_TRUE(memory.free(all));
  EXPECT_EQ(memory.used_bytes(), 0U);
  EXPECT_TRUE(memory.allocate(kGiB));
}

TEST(DeviceMemory, GivesOutAllOfItForEver) {
  DeviceMemory memory(8 * kGiB);
  for (int i = 0; i < 30; ++i) {
    const std::uint64_t half = memory.allocate(4 * kGiB).value();
    const std::uint64_t other = memory.allocate(4 * kGiB).value();
    EXPECT_TRUE(half + 4 * kGiB < other || other + 4 * kGiB < half);
    ASSERT_TRUE(memory.free(half));
    ASSERT_TRUE(memory.free(other));
  }
}

TEST(DeviceMemory, ResolvesWhatLiesInOneLiveAllocation) {
  DeviceMemory memory(kGiB);
  const std::uint64_t address = memory.allocate(1000).value();
  std::byte* host = memory.resolve(address, 1000);
  ASSERT_NE(host, nullptr);
  EXPECT_EQ(memory.resolve(address + 996, 4), host + 996);
  EXPECT_EQ(memory.resolve(address + 996, 8), nullptr);
  EXPECT_EQ(memory.resolve(address - 1, 1), nullptr);
  EXPECT_EQ(memory.resolve(address + 1000, 1), nullptr);
  EXPECT_EQ(memory.resolve(address, ~std::uint64_t{0}), nullptr);
  EXPECT_EQ(memory.resolve(0, 4), nullptr);
  EXPECT_EQ(memory.resolve(kSharedWindow, 4), nullptr);
  EXPECT_TRUE(memory.free(address));
  EXPECT_FALSE(memory.free(address));
  EXPECT_FALSE(memory.free(address + 4));
  EXPECT_EQ(memory.resolve(address, 4), nullptr);
}

TEST(DeviceMemory, UnwrittenBytesAreNaN) {
  DeviceMemory memory(kGiB);
  for (int round = 0; round < 2; ++round) {
    const std::uint64_t address = memory.allocate(64).value();
    float value = 0;
    std::memcpy(&value, memory.resolve(address, 4), 4);
    EXPECT_TRUE(std::isnan(value));
    EXPECT_FALSE(memory.is_initialised(address, 1));
    memory.set_initialised(address + 4, 8);
    EXPECT_FALSE(memory.is_initialised(address + 3, 2));
    EXPECT_TRUE(memory.is_initialised(address + 4, 8));
    EXPECT_FALSE(memory.is_initialised(address + 4, 9));
    memory.free(address);
  }
}

TEST(DeviceMemory, ACopyTakesAlongWhatWasNeverWritten) {
  DeviceMemory memory(kGiB);
  const std::uint64_t from = memory.allocate(64).value(), to = memory.allocate(64).value();
  memory.set_initialised(from + 3, 10);
  memory.copy_initialised(to + 1, from, 32);
  EXPECT_TRUE(memory.is_initialised(to + 4, 10));
  EXPECT_FALSE(memory.is_initialised(to + 3, 1));
  EXPECT_FALSE(memory.is_initialised(to + 14, 1));
  memory.copy_initialised(to, from, 32);
  EXPECT_TRUE(memory.is_initialised(to + 3, 10));
  EXPECT_FALSE(memory.is_initialised(to + 13, 1));
}

TEST(DeviceMemory, ExplainsWhatAnAddressIs) {
  DeviceMemory memory(kGiB);
  EXPECT_EQ(memory.explain(kGlobalBase + 4096, 4).text, "nothing is allocated");
  const std::uint64_t first = memory.allocate(1024).value(), second = memory.allocate(512).value();
  EXPECT_EQ(memory.explain(first, 1024).kind, Kind::none);

  const auto expect = [&](std::uint64_t address, std::uint64_t size, Kind kind, const char* text) {
    const AddressFault fault = memory.explain(address, size);
    EXPECT_EQ(fault.kind, kind) << text;
    EXPECT_EQ(fault.text, text);
  };
  expect(first + 1024, 4, Kind::out_of_bounds, "just past the end of an allocation of 1024 bytes");
  expect(first + 1028, 4, Kind::out_of_bounds, "4 bytes past the end of an allocation of 1024 bytes");
  expect(first + 1016, 16, Kind::out_of_bounds,
         "starts at byte 1016 of an allocation of 1024 bytes and ends 8 bytes past its end");
  expect(second - 1, 1, Kind::out_of_bounds, "1 byte before the start of an allocation of 512 bytes");
  expect(16, 4, Kind::null_pointer, "a null pointer");
  int on_stack = 0;
  expect(reinterpret_cast<std::uint64_t>(&on_stack), 4, Kind::host_pointer,
         "a pointer of the host, to memory that is not pinned");
  expect(kSharedWindow + 8, 4, Kind::out_of_bounds, "an address of shared memory, outside what the block has of it");
  memory.free(first);
  expect(first + 100, 4, Kind::use_after_free, "byte 100 of an allocation of 1024 bytes that was freed");
  expect(first + 1028, 4, Kind::out_of_bounds, "4 bytes past the end of an allocation of 1024 bytes, freed since");
  EXPECT_EQ(memory.describe(second + 3), "byte 3 of an allocation of 512 bytes");
}

TEST(DeviceMemory, FreedMemoryStaysKnownAsFreed) {
  DeviceMemory memory(kGiB);
  const std::uint64_t freed = memory.allocate(4096).value();
  memory.free(freed);
  for (int i = 0; i < 1000; ++i) memory.free(memory.allocate(4096).value());
  EXPECT_EQ(memory.explain(freed, 4).kind, Kind::use_after_free);
}

TEST(DeviceMemory, PinnedMemoryIsUsedUnderItsOwnAddress) {
  DeviceMemory memory(kGiB);
  std::vector<std::byte> host(256);
  const auto address = reinterpret_cast<std::uint64_t>(host.data());
  EXPECT_EQ(memory.resolve(address, 4), nullptr);
  ASSERT_TRUE(memory.pin(host.data(), 200));
  EXPECT_FALSE(memory.pin(host.data() + 199, 10));
  EXPECT_EQ(memory.resolve(address + 100, 4), host.data() + 100);
  EXPECT_TRUE(memory.find(address)->pinned);
  EXPECT_TRUE(memory.is_initialised(address, 200));
  EXPECT_EQ(memory.explain(address + 196, 8).text,
            "starts at byte 196 of a pinned host range of 200 bytes and ends 4 bytes past its end");
  EXPECT_EQ(memory.explain(address + 204, 8).text, "4 bytes past the end of a pinned host range of 200 bytes");
  EXPECT_TRUE(memory.unpin(host.data()));
  EXPECT_FALSE(memory.unpin(host.data()));
  EXPECT_EQ(memory.resolve(address, 4), nullptr);
}

TEST(DeviceMemory, RangesHaveShadowsOfTheirOwn) {
  DeviceMemory memory(kGiB);
  std::vector<std::byte> host(8192);
  memory.pin(host.data(), 4096);
  memory.pin(host.data() + 4096, 4096);
  std::vector<MemoryRange> ranges = {*memory.find(reinterpret_cast<std::uint64_t>(host.data())),
                                     *memory.find(reinterpret_cast<std::uint64_t>(host.data() + 4096)),
                                     *memory.find(memory.allocate(4096).value())};
  for (const MemoryRange& a : ranges) {
    EXPECT_EQ(a.index % 16, a.base % 16);
    for (const MemoryRange& b : ranges) {
      EXPECT_TRUE(&a == &b || a.index + a.size_bytes <= b.index || b.index + b.size_bytes <= a.index);
    }
  }
}

TEST(DeviceMemory, ServesSeveralThreads) {
  DeviceMemory memory(kGiB);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&memory, t] {
      for (int i = 0; i < 200; ++i) {
        const std::uint64_t address = memory.allocate(1000 + t).value();
        std::memset(memory.resolve(address, 1000), t, 1000);
        EXPECT_EQ(memory.resolve(address, 1000)[999], std::byte(t));
        memory.set_initialised(address, 1000);
        EXPECT_TRUE(memory.is_initialised(address, 1000));
        EXPECT_TRUE(memory.free(address));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory.used_bytes(), 0U);
}

}  // namespace
}  // namespace vgpu
