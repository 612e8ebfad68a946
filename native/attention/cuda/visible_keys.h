// Which keys a query sees by their positions, as data: causality, windows and sinks are numbers here, and a kernel's loop runs
// from one tile of keys to another.
#pragma once

#include <cstdint>

#include "attention/cuda/sequences.h"
#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

// The rule of attention/visible_keys.h in 32 bits. No query stands further than kMaxLength from a key, so that this many
// keys on a side are all.
struct Window {
  std::int32_t left, right;
  std::int32_t sinks;
};

// Tiles of keys that a tile of queries walks over, from the last to the first: the window's, [first, end), and the sinks',
// [0, sinks). All of its queries see all keys of the full ones.
struct KeyTiles {
  std::int32_t sinks, first, end;
  std::int32_t full_sinks, full_first, full_end;

  // Negative if there is none. This and full() are asked in main loops: minima and bitwise operators keep branches out of
  // them.
  KI_HOST_DEVICE constexpr std::int32_t before(std::int32_t tile) const {
    const std::int32_t next = tile - 1, last_sink = sinks - 1;
    return next >= first ? next : next < last_sink ? next : last_sink;
  }
  // Whether some key lies before what some query sees, or behind it.
  KI_HOST_DEVICE constexpr bool crosses_begin(std::int32_t tile) const {
    return tile < full_first && tile >= full_sinks;
  }
  KI_HOST_DEVICE constexpr bool crosses_end(std::int32_t tile) const { return tile >= full_end; }
  KI_HOST_DEVICE constexpr bool full(std::int32_t tile) const {
    return (tile < full_end) & ((tile >= full_first) | (tile < full_sinks));
  }
};

// What the queries of one sequence see: query i the keys [begin(i), end(i)), and those of the first `sinks` that lie before
// end(i).
struct VisibleKeys {
  std::int32_t seq_k;
  std::int32_t begin_offset, end_offset;
  std::int32_t sinks;

  // The last query stands beside the last key.
  KI_HOST_DEVICE static constexpr VisibleKeys of(const Window& window, std::int32_t seq_q, std::int32_t seq_k) {
    const std::int32_t position = seq_k - seq_q;  // of the first query
    return {seq_k, position - window.left, position + window.right + 1, window.sinks};
  }

  KI_HOST_DEVICE constexpr std::int32_t end(std::int32_t query) const { return clamped(query + end_offset, 0, seq_k); }
  KI_HOST_DEVICE constexpr std::int32_t begin(std::int32_t query) const {
    return clamped(query + begin_offset, 0, end(query));
  }
  KI_HOST_DEVICE constexpr bool contains(std::int32_t query, std::int32_t key) const {
    return key < end(query) && (key >= query + begin_offset || key < sinks);
  }

  // For tiles of `keys` keys, and the queries from the first to the last, which exist.
  KI_HOST_DEVICE constexpr KeyTiles tiles(std::int32_t first_query, std::int32_t last_query, std::int32_t keys) const {
    // What some query sees, and what all see. Sinks that reach into the narrowest window close the gap before it.
    const std::int32_t some_begin = begin(first_query), some_end = end(last_query);
    const std::int32_t all_end = end(first_query), begin_of_last = begin(last_query);
    const std::int32_t all_begin = begin_of_last <= sinks ? 0 : begin_of_last;
    KeyTiles tiles{};
    tiles.first = some_begin / keys;
    tiles.end = (some_end + keys - 1) / keys;
    tiles.sinks = clamped((clamped(sinks, 0, some_end) + keys - 1) / keys, 0, tiles.first);
    tiles.full_first = (all_begin + keys - 1) / keys;
    tiles.full_end = all_end / keys;
    tiles.full_sinks = clamped(sinks, 0, all_end) / keys;
    return tiles;
  }
};

}  // namespace ki::attention::cuda
