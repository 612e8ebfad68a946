#include "memory/memory_view.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace vgpu {
namespace {

TEST(MemoryView, AgreesWithTheRegistryOnEveryAddress) {
  DeviceMemory memory(1 << 30);
  MemoryView view(memory);
  std::mt19937 random(1);
  std::vector<std::uint64_t> live;
  for (int i = 0; i < 20000; ++i) {
    if (live.empty() || random() % 50 == 0) live.push_back(memory.allocate(1 + random() % 3000).value());
    if (live.size() > 12 || (random() % 200 == 0 && live.size() > 1)) {
      std::swap(live[random() % live.size()], live.back());
      memory.free(live.back());
      if (random() % 2 == 0) {
        EXPECT_EQ(view.resolve(live.back(), 1), nullptr);
      }
      live.pop_back();
    }
    const std::uint64_t address = live[random() % live.size()] + random() % 3200 - 100;
    const std::uint64_t size = 1ULL << random() % 5;
    ASSERT_EQ(view.resolve(address, size), memory.resolve(address, size));
  }
}

TEST(MemoryView, ForgetsARangeThatWasFreed) {
  DeviceMemory memory(1 << 20);
  MemoryView view(memory);
  const std::uint64_t address = memory.allocate(64).value();
  EXPECT_NE(view.resolve(address, 4), nullptr);
  memory.free(address);
  EXPECT_EQ(view.resolve(address, 4), nullptr);
}

TEST(MemoryView, FindsNothingInAnEmptyMemory) {
  DeviceMemory memory(1 << 20);
  MemoryView view(memory);
  EXPECT_EQ(view.find(0, 1), nullptr);
  EXPECT_EQ(view.find(kGlobalBase, 16), nullptr);
}

}  // namespace
}  // namespace vgpu
