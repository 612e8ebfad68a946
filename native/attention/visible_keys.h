// Which keys a query sees by their positions alone: causality, window and sinks are one rule, and what a query sees of a
// sequence is one range of keys and a few at the begin.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace ki::attention {

// Keys [0, sinks) and [begin, end). sinks <= begin <= end.
struct VisibleKeys {
  std::int64_t sinks, begin, end;

  bool empty() const { return sinks == 0 && begin == end; }
  bool contains(std::int64_t key) const { return key < sinks || (key >= begin && key < end); }
};

struct VisibilityRule {
  static constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  std::int64_t left = kUnlimited;   // keys before a query's position
  std::int64_t right = kUnlimited;  // keys behind it; 0 if causal
  std::int64_t sinks = 0;           // first keys that `left` does not hide

  // Compared, not added: an unlimited side would overflow.
  VisibleKeys visible_keys(std::int64_t query, std::int64_t seq_q, std::int64_t seq_k) const {
    const std::int64_t position = query + seq_k - seq_q;
    const std::int64_t end = right >= seq_q - 1 - query ? seq_k : std::max<std::int64_t>(position + right + 1, 0);
    const std::int64_t begin = left >= position ? 0 : std::min(position - left, end);
    return {std::min(sinks, begin), begin, end};
  }
};

}  // namespace ki::attention
