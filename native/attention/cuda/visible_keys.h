// Which keys a query sees, as data: causality is a number here, and a kernel's loop runs from one tile of keys to another.
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

// Lengths beyond this are refused, so that the sum of two positions fits in 32 bits, even where a tile hangs over the end.
inline constexpr std::int64_t kMaxLength = (std::int64_t{1} << 30) - 256;

// Tiles of keys that a tile of queries walks over: [0, full) are seen by all of its queries, [full, end) by some.
struct KeyTiles {
  int full, end;
};

struct VisibleKeys {
  std::int32_t seq_k;
  std::int32_t diagonal;  // query i sees the keys up to and including i + diagonal that exist

  // Causality is aligned to the bottom right: the last query sees the last key.
  static constexpr VisibleKeys causal(std::int32_t seq_q, std::int32_t seq_k) { return {seq_k, seq_k - seq_q}; }
  static constexpr VisibleKeys all(std::int32_t seq_k) { return {seq_k, seq_k}; }

  // Query i sees keys [0, end(i)).
  KI_HOST_DEVICE constexpr std::int32_t end(std::int32_t query) const {
    const std::int32_t behind = query + diagonal + 1;
    return behind < 0 ? 0 : behind < seq_k ? behind : seq_k;
  }

  KI_HOST_DEVICE constexpr KeyTiles tiles(std::int32_t first_query, std::int32_t last_query, std::int32_t keys) const {
    return {end(first_query) / keys, (end(last_query) + keys - 1) / keys};
  }
};

}  // namespace ki::attention::cuda
