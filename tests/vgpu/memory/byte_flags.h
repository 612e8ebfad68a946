// One bit per byte of a memory region: whether anybody has written it. An aligned access of up to eight bytes lies
// within one byte of flags and one of sixteen within an aligned pair, so that it is a single comparison.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "memory/sparse_mapping.h"

namespace vgpu {

class ByteFlags {
 public:
  explicit ByteFlags(std::uint64_t covered_bytes) : bits_(covered_bytes / 8 + 8) {}

  // Of `size` bytes at `index`, which is aligned to it; size is 1, 2, 4, 8 or 16.
  bool all(std::uint64_t index, std::uint32_t size) const {
    if (size == 16) {
      std::uint16_t pair;
      std::memcpy(&pair, bits_.data() + index / 8, sizeof pair);
      return pair == 0xFFFF;
    }
    const std::uint32_t wanted = ((1U << size) - 1) << (index % 8);
    return (std::to_integer<std::uint32_t>(bits_.data()[index / 8]) & wanted) == wanted;
  }

  void set(std::uint64_t index, std::uint32_t size) {
    if (size == 16) {
      const std::uint16_t pair = 0xFFFF;
      std::memcpy(bits_.data() + index / 8, &pair, sizeof pair);
      return;
    }
    set_in_byte(index / 8, static_cast<std::uint8_t>(((1U << size) - 1) << (index % 8)));
  }

  // Ranges of any length and alignment.
  void set_range(std::uint64_t index, std::uint64_t size) { fill(index, size, true); }
  void clear_range(std::uint64_t index, std::uint64_t size) { fill(index, size, false); }
  bool all_in_range(std::uint64_t index, std::uint64_t size) const {
    for (std::uint64_t i = index; i < index + size; ++i) {
      if (!all(i, 1)) return false;
    }
    return true;
  }
  // The two do not overlap.
  void copy_range(std::uint64_t to, std::uint64_t from, std::uint64_t size) {
    std::uint64_t done = 0;
    if (to % 8 == 0 && from % 8 == 0) {
      std::memcpy(bits_.data() + to / 8, bits_.data() + from / 8, size / 8);
      done = size / 8 * 8;
    }
    for (; done < size; ++done) fill(to + done, 1, all(from + done, 1));
  }

 private:
  // Neighbours in one byte of flags may be set by two threads of the host at once.
  void set_in_byte(std::uint64_t byte, std::uint8_t mask) {
    std::atomic_ref<std::uint8_t> flags(reinterpret_cast<std::uint8_t*>(bits_.data())[byte]);
    if ((flags.load(std::memory_order_relaxed) & mask) != mask) flags.fetch_or(mask, std::memory_order_relaxed);
  }
  void clear_in_byte(std::uint64_t byte, std::uint8_t mask) {
    std::atomic_ref<std::uint8_t> flags(reinterpret_cast<std::uint8_t*>(bits_.data())[byte]);
    flags.fetch_and(static_cast<std::uint8_t>(~mask), std::memory_order_relaxed);
  }
  void fill(std::uint64_t index, std::uint64_t size, bool value) {
    const std::uint64_t end = index + size;
    while (index < end) {
      if (index % 8 == 0 && end - index >= 8) {
        const std::uint64_t whole = (end - index) / 8;
        if (value) {
          std::memset(bits_.data() + index / 8, 0xFF, whole);
        } else {
          bits_.zero(index / 8, whole);
        }
        index += whole * 8;
        continue;
      }
      const std::uint64_t stop = index / 8 == end / 8 ? end : index / 8 * 8 + 8;
      const auto mask = static_cast<std::uint8_t>(((1U << (stop - index)) - 1) << (index % 8));
      value ? set_in_byte(index / 8, mask) : clear_in_byte(index / 8, mask);
      index = stop;
    }
  }

  SparseMapping bits_;
};

}  // namespace vgpu
