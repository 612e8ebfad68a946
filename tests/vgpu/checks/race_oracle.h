// What the race checks are compared with: full vector clocks of all threads, and every access of every byte kept for
// ever. Slow and obvious; it shares nothing with what it judges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace vgpu::test {

class RaceOracle {
 public:
  using Clock = std::vector<std::uint32_t>;  // by thread of all blocks

  explicit RaceOracle(std::uint32_t threads) : clocks_(threads, Clock(threads)), fenced_(threads), seen_(threads) {
    for (std::uint32_t thread = 0; thread < threads; ++thread) clocks_[thread][thread] = 1;
  }

  // Whether this access would conflict with any earlier one that is not ordered before it.
  bool conflicts(std::uint32_t thread, std::uint64_t address, std::uint32_t bytes, bool writes, bool strong) {
    for (std::uint64_t byte = address; byte < address + bytes; ++byte) {
      for (const Past& past : history_[byte]) {
        if (past.when <= clocks_[thread][past.thread] || !(past.wrote || writes) || (past.strong && strong)) continue;
        return true;
      }
    }
    return false;
  }
  void access(std::uint32_t thread, std::uint64_t address, std::uint32_t bytes, bool writes, bool strong) {
    for (std::uint64_t byte = address; byte < address + bytes; ++byte) {
      history_[byte].push_back({thread, clocks_[thread][thread], writes, strong});
    }
  }

  void sync(const std::vector<std::uint32_t>& arriving, const std::vector<std::uint32_t>& waiting) {
    Clock all(clocks_.size());
    for (const std::uint32_t thread : arriving) join(all, clocks_[thread]);
    for (const std::uint32_t thread : waiting) join(clocks_[thread], all);
    for (const std::uint32_t thread : arriving) ++clocks_[thread][thread];
    // Fences take part too: one that comes before the barrier comes before a flag that is raised after it.
    for (std::vector<Clock>* clocks : {&fenced_, &seen_}) {
      Clock of_all;
      for (const std::uint32_t thread : arriving) join(of_all, (*clocks)[thread]);
      for (const std::uint32_t thread : waiting) join((*clocks)[thread], of_all);
    }
  }

  void fence(std::uint32_t thread) {
    join(clocks_[thread], seen_[thread]);
    fenced_[thread] = clocks_[thread];
    ++clocks_[thread][thread];
  }
  // What an atomic access or one with an order does beside the access itself.
  void strong_access(std::uint32_t thread, std::uint64_t address, bool reads, bool writes, bool acquires,
                     bool releases) {
    Clock& published = published_[address];
    if (reads) join(acquires ? clocks_[thread] : seen_[thread], published);
    if (!writes) return;
    if (!reads) published.clear();
    join(published, releases ? clocks_[thread] : fenced_[thread]);
    if (releases) ++clocks_[thread][thread];
  }

 private:
  struct Past {
    std::uint32_t thread, when;
    bool wrote, strong;
  };
  static void join(Clock& to, const Clock& from) {
    to.resize(std::max(to.size(), from.size()));
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = std::max(to[i], from[i]);
  }

  std::vector<Clock> clocks_, fenced_, seen_;
  std::map<std::uint64_t, std::vector<Past>> history_;
  std::map<std::uint64_t, Clock> published_;
};

}  // namespace vgpu::test
