// Finds device memory fast. Each thread of the host that executes kernels has one of its own; it remembers the ranges
// it met last and forgets them when any range has ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "memory/device_memory.h"

namespace vgpu {

class MemoryView {
 public:
  explicit MemoryView(const DeviceMemory& memory) : memory_(&memory) {}

  // The range that holds all of these bytes, or null. Valid until the next call. A caller with many addresses asks for
  // one of them and tests the others with MemoryRange::holds.
  const MemoryRange* find(std::uint64_t address, std::uint64_t size_bytes) {
    if (memory_->generation() == generation_) [[likely]] {
      if (ranges_[0].holds(address, size_bytes)) [[likely]]
        return &ranges_[0];
      for (std::size_t i = 1; i < ranges_.size(); ++i) {
        if (ranges_[i].holds(address, size_bytes)) {
          std::swap(ranges_[0], ranges_[i]);
          return &ranges_[0];
        }
      }
    }
    return find_slowly(address, size_bytes);
  }

  std::byte* resolve(std::uint64_t address, std::uint64_t size_bytes) {
    const MemoryRange* range = find(address, size_bytes);
    return range == nullptr ? nullptr : range->host + (address - range->base);
  }

 private:
  const MemoryRange* find_slowly(std::uint64_t address, std::uint64_t size_bytes);

  const DeviceMemory* memory_;
  std::uint64_t generation_ = 0;
  std::size_t victim_ = 0;
  std::array<MemoryRange, 8> ranges_{};  // an empty range holds nothing that has a byte
};

}  // namespace vgpu
