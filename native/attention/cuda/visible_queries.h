// Which queries see a key by position: what visible_keys.h says, from the keys' side.
#pragma once

#include <cstdint>

#include "attention/cuda/visible_keys.h"
#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

// Keys [first, last] of a sequence, last before seq_k.
struct KeyRange {
  std::int32_t first, last;
};

// Queries [first, end) of a sequence.
struct QueryRange {
  std::int32_t first, end;
};

struct VisibleQueries {
  VisibleKeys keys;
  std::int32_t seq_q;

  // From the first to the last query that see some of the keys. Between them, some may see only sinks.
  KI_HOST_DEVICE constexpr QueryRange of(const KeyRange& range) const {
    const std::int32_t first = clamped(range.first - keys.end_offset + 1, 0, seq_q);
    // A window may end so far behind the last key that 32 bits do not hold the place.
    const std::int64_t end = std::int64_t{range.last} - keys.begin_offset + 1;
    if (range.first < keys.sinks || end > seq_q) return {first, seq_q};
    return {first, end < first ? first : static_cast<std::int32_t>(end)};
  }

  // Why a tile of queries [first, last] and keys may hide something: some query may not see the last keys, or the
  // first, or does not exist. Keys from seq_k on are not seen.
  KI_HOST_DEVICE constexpr bool cross_end(const KeyRange& range, std::int32_t first) const {
    return range.last >= keys.end(first);
  }
  KI_HOST_DEVICE constexpr bool cross_begin(const KeyRange& range, std::int32_t last) const {
    return range.first < last + keys.begin_offset && range.last >= keys.sinks;
  }
  KI_HOST_DEVICE constexpr bool lack(std::int32_t last) const { return last >= seq_q; }
  KI_HOST_DEVICE constexpr bool hide(const KeyRange& range, std::int32_t first, std::int32_t last) const {
    return cross_end(range, first) || cross_begin(range, last) || lack(last);
  }

  // What it then hides.
  KI_HOST_DEVICE constexpr bool is_behind_end(std::int32_t query, std::int32_t key) const {
    return key - query >= keys.end_offset || key >= keys.seq_k;
  }
  KI_HOST_DEVICE constexpr bool is_before_begin(std::int32_t query, std::int32_t key) const {
    return key - query < keys.begin_offset && key >= keys.sinks;
  }
};

}  // namespace ki::attention::cuda
