// cp.async of one warp: what has been issued and not yet been waited for. Bytes move when a wait covers them, so that
// what reads them too early reads the wrong thing here as it may on hardware.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/op.h"

namespace vgpu::machine {

class AsyncCopies {
 public:
  struct Copy {
    std::uint32_t lanes = 0;                          // still to be copied
    std::uint32_t bytes = 0;                          // 4, 8 or 16
    std::uint32_t instruction = 0;                    // for findings
    std::array<std::uint32_t, kLanes> group{};        // of each lane, in its own count
    std::array<std::uint64_t, kLanes> destination{};  // offset in shared memory
    std::array<const std::byte*, kLanes> source{};
    std::array<std::uint8_t, kLanes> source_bytes{};  // the rest is filled with zeros
  };

  void clear();
  Copy& issue() { return pending_.emplace_back(); }
  std::uint32_t open_group(std::uint32_t lane) const { return open_group_[lane]; }
  void commit(std::uint32_t mask);

  // Moves the copies that a wait of these lanes covers and tells `done` which lanes of which copy. `pending`: how many
  // of the latest committed groups may stay in flight. `all`: also what has not been committed.
  template <class Done>
  void wait(std::uint32_t mask, std::uint32_t pending, bool all, const Done& done) {
    bool any_finished = false;
    for (Copy& copy : pending_) {
      std::uint32_t covered = copy.lanes & mask;
      if (!all) {
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
          // Committed groups of a lane are those before its open one.
          if (std::uint64_t{copy.group[lane]} + pending >= open_group_[lane]) covered &= ~(1u << lane);
        }
      }
      if (covered == 0) continue;
      done(copy, covered);
      copy.lanes &= ~covered;
      any_finished |= copy.lanes == 0;
    }
    if (any_finished) {
      std::erase_if(pending_, [](const Copy& copy) { return copy.lanes == 0; });
    }
  }

 private:
  std::vector<Copy> pending_;
  std::array<std::uint32_t, kLanes> open_group_{};
};

inline void AsyncCopies::clear() {
  pending_.clear();
  open_group_.fill(0);
}

inline void AsyncCopies::commit(std::uint32_t mask) {
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) open_group_[lane] += mask >> lane & 1;
}

}  // namespace vgpu::machine
