// Ordering through memory: a release on an address, or a fence before a relaxed access of it, and an acquire of the
// same address, or a fence after a relaxed access, by another thread.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "checks/access.h"
#include "checks/knowledge.h"
#include "checks/thread_clocks.h"

namespace vgpu {

// What the fences of a block's threads have set aside. It goes along with barriers: when all threads write, fence and
// meet, and one of them then raises a flag, each thread's own fence comes before the flag.
class FenceStates {
 public:
  struct OfThread {
    SharedKnowledge released_to_block, released;  // by the last fence: a later relaxed write publishes it
    SharedKnowledge seen_in_block, seen;          // by relaxed reads: a later fence acquires it
  };
  void begin() { states_.clear(); }
  OfThread& of(std::uint32_t thread, std::uint32_t threads) {
    if (states_.empty()) states_.resize(threads);
    return states_[thread];
  }
  bool empty() const { return states_.empty(); }

  void fence(ThreadClocks& clocks, std::uint32_t thread, MemoryScope scope);
  // A bit per thread, 32 to a word, from the word of warp `first_warp` on.
  void barrier(std::span<const std::uint32_t> arriving, std::span<const std::uint32_t> waiting,
               std::uint32_t first_warp = 0);

 private:
  std::vector<OfThread> states_;
};

class SyncPoints {
 public:
  void clear() { points_.clear(); }
  // An atomic access, or one with a memory order, of one thread.
  void access(std::uint64_t address, const Access& access, ThreadClocks& clocks, FenceStates& fences,
              std::uint32_t thread);

 private:
  struct Point {
    SharedKnowledge published;  // to all
    SharedKnowledge published_to_block;
    std::uint32_t block = kNoBlock;
  };
  void read(const Point& point, const Access& access, ThreadClocks& clocks, FenceStates& fences, std::uint32_t thread);

  std::unordered_map<std::uint64_t, Point> points_;
};

}  // namespace vgpu
