// A launch without a machine, for tests: they say themselves which thread does what, in which order.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "checks/checks.h"

namespace vgpu::test {

class LineNumbers final : public SourceLines {
 public:
  std::string describe(std::uint32_t instruction) const override { return "kernel.cu:" + std::to_string(instruction); }
};

class WatchedLaunch : public ::testing::Test {
 protected:
  using AddressOf = std::function<std::uint64_t(std::uint32_t thread)>;

  void launch(std::uint32_t threads, std::uint32_t blocks = 1, std::uint32_t shared_bytes = 4096) {
    checks_ = nullptr;
    shape_ = {"kernel", {blocks, 1, 1}, {threads, 1, 1}, shared_bytes};
    checks_ = std::make_unique<Checks>(shape_, lines_, memory_, findings_);
    shared_.assign(shared_bytes, std::byte{});
    for (std::uint32_t block = 0; block < blocks; ++block) checks_->begin_block(block, shared_);
  }

  // Threads `first` to `last` of `block` do the same, warp by warp. `line` stands for the instruction.
  void shared(AccessKind kind, std::uint32_t line, std::uint32_t first, std::uint32_t last, std::uint32_t bytes,
              const AddressOf& address, MemoryOrder order = MemoryOrder::weak, std::uint32_t block = 0) {
    for_warps(kind, line, first, last, bytes, address, order, MemoryScope::device,
              [&](const Access& access) { checks_->shared_access(block, access); });
  }
  void global(AccessKind kind, std::uint32_t line, std::uint32_t block, std::uint32_t first, std::uint32_t last,
              std::uint32_t bytes, const AddressOf& address, MemoryOrder order = MemoryOrder::weak,
              MemoryScope scope = MemoryScope::device) {
    for_warps(kind, line, first, last, bytes, address, order, scope,
              [&](const Access& access) { checks_->global_access(block, access); });
  }
  void issue(std::uint32_t line, std::uint32_t first, std::uint32_t last, std::uint32_t bytes,
             const AddressOf& address) {
    for_warps(AccessKind::async_copy, line, first, last, bytes, address, MemoryOrder::weak, MemoryScope::device,
              [&](const Access& access) { checks_->async_issue(0, access); });
  }
  void arrive(std::uint32_t line, std::uint32_t first, std::uint32_t last, std::uint32_t bytes,
              const AddressOf& address) {
    for_warps(AccessKind::async_copy, line, first, last, bytes, address, MemoryOrder::weak, MemoryScope::device,
              [&](const Access& access) { checks_->async_arrive(0, access); });
  }

  std::vector<std::uint32_t> mask(std::uint32_t first, std::uint32_t last) const {
    std::vector<std::uint32_t> words((shape_.block.x + 31) / 32);
    for (std::uint32_t thread = first; thread <= last; ++thread) words[thread / 32] |= 1U << thread % 32;
    return words;
  }
  void barrier(std::uint32_t block = 0) { barrier_of(0, shape_.block.x - 1, block); }
  void barrier_of(std::uint32_t first, std::uint32_t last, std::uint32_t block = 0) {
    checks_->barrier(block, mask(first, last), mask(first, last));
  }
  void fence(std::uint32_t block, std::uint32_t thread, MemoryScope scope = MemoryScope::device) {
    checks_->fence(block, thread / 32, 1U << thread % 32, scope);
  }

  // The findings so far, by kind; the test is over with them.
  std::vector<FindingKind> kinds() {
    std::vector<FindingKind> kinds;
    for (const Finding& finding : findings_.all()) kinds.push_back(finding.kind);
    return kinds;
  }
  void expect_clean() {
    for (const Finding& finding : findings_.all()) ADD_FAILURE() << finding.text;
  }
  // One finding, whose text names all of these.
  void expect_one(FindingKind kind, const std::vector<std::string>& parts) {
    ASSERT_EQ(kinds(), std::vector{kind});
    for (const std::string& part : parts) {
      EXPECT_NE(findings_.all()[0].text.find(part), std::string::npos) << part << " is not in\n"
                                                                       << findings_.all()[0].text;
    }
  }

  DeviceMemory memory_{1 << 30};
  Findings findings_;
  LineNumbers lines_;
  LaunchShape shape_;
  std::vector<std::byte> shared_;
  std::unique_ptr<Checks> checks_;

 private:
  static void for_warps(AccessKind kind, std::uint32_t line, std::uint32_t first, std::uint32_t last,
                        std::uint32_t bytes, const AddressOf& address, MemoryOrder order, MemoryScope scope,
                        const std::function<void(const Access&)>& visit) {
    for (std::uint32_t warp = first / 32; warp <= last / 32; ++warp) {
      std::array<std::uint64_t, 32> addresses{};
      Access access{kind, order, scope, warp, 0, bytes, line, addresses.data()};
      for (std::uint32_t lane = 0; lane < 32; ++lane) {
        const std::uint32_t thread = warp * 32 + lane;
        if (thread < first || thread > last) continue;
        access.lanes |= 1U << lane;
        addresses[lane] = address(thread);
      }
      visit(access);
    }
  }
};

}  // namespace vgpu::test
