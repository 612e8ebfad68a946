// What a thread has heard of other threads through releases and acquires: of each block, up to which epoch its threads'
// accesses happened before.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace vgpu {

class Knowledge {
 public:
  struct OfBlock {
    std::uint32_t floor = 0;                                      // of all its threads
    std::vector<std::pair<std::uint32_t, std::uint32_t>> beyond;  // thread, epoch above the floor; sorted by thread

    bool covers(std::uint32_t thread, std::uint32_t epoch) const {
      if (epoch <= floor) return true;
      const auto found = std::lower_bound(beyond.begin(), beyond.end(), std::pair(thread, 0U));
      return found != beyond.end() && found->first == thread && epoch <= found->second;
    }
    void add(const OfBlock& other) {
      floor = std::max(floor, other.floor);
      std::map<std::uint32_t, std::uint32_t> both(beyond.begin(), beyond.end());
      for (const auto& [thread, epoch] : other.beyond) both[thread] = std::max(both[thread], epoch);
      std::erase_if(both, [this](const auto& entry) { return entry.second <= floor; });
      beyond.assign(both.begin(), both.end());
    }
  };

  std::map<std::uint32_t, OfBlock> blocks;

  bool covers(std::uint32_t block, std::uint32_t thread, std::uint32_t epoch) const {
    const auto found = blocks.find(block);
    return found != blocks.end() && found->second.covers(thread, epoch);
  }
  void add(const Knowledge& other) {
    for (const auto& [block, known] : other.blocks) blocks[block].add(known);
  }
};

// Shared by all who know the same; null: nothing.
using SharedKnowledge = std::shared_ptr<const Knowledge>;

inline SharedKnowledge join(const SharedKnowledge& a, const SharedKnowledge& b) {
  if (a == b || b == nullptr) return a;
  if (a == nullptr) return b;
  auto both = std::make_shared<Knowledge>(*a);
  both->add(*b);
  return both;
}

}  // namespace vgpu
