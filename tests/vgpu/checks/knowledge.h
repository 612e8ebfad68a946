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
      std::vector<std::pair<std::uint32_t, std::uint32_t>> both;
      both.reserve(std::max(beyond.size(), other.beyond.size()));
      const auto keep = [&](const std::pair<std::uint32_t, std::uint32_t>& entry) {
        if (entry.second <= floor) return;
        if (!both.empty() && both.back().first == entry.first) {
          both.back().second = std::max(both.back().second, entry.second);
        } else {
          both.push_back(entry);
        }
      };
      auto mine = beyond.begin();
      for (const auto& theirs : other.beyond) {
        for (; mine != beyond.end() && mine->first <= theirs.first; ++mine) keep(*mine);
        keep(theirs);
      }
      for (; mine != beyond.end(); ++mine) keep(*mine);
      beyond = std::move(both);
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

// Joins what many know, most of whom know the same.
class KnowledgeSum {
 public:
  void add(const SharedKnowledge& knowledge) {
    if (knowledge == nullptr || knowledge == last_) return;
    last_ = knowledge;
    if (sum_ == nullptr) {
      sum_ = std::make_shared<Knowledge>(*knowledge);
      only_ = knowledge;
    } else {
      sum_->add(*knowledge);
      only_ = nullptr;
    }
  }
  SharedKnowledge get() const { return only_ != nullptr ? only_ : SharedKnowledge(sum_); }

 private:
  std::shared_ptr<Knowledge> sum_;
  SharedKnowledge last_, only_;
};

inline SharedKnowledge join(const SharedKnowledge& a, const SharedKnowledge& b) {
  if (a == b || b == nullptr) return a;
  if (a == nullptr) return b;
  auto both = std::make_shared<Knowledge>(*a);
  both->add(*b);
  return both;
}

}  // namespace vgpu
