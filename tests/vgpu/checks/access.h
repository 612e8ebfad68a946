// One memory instruction of a warp, as the checks and the counters see it.
#pragma once

#include <cstdint>

namespace vgpu {

enum class AccessKind : std::uint8_t { load, store, atomic, async_copy };
// `.volatile` and `.mmio` are relaxed; an atomic without a qualifier is relaxed.
enum class MemoryOrder : std::uint8_t { weak, relaxed, acquire, release, acquire_release };
enum class MemoryScope : std::uint8_t { block, device, system };

struct Access {
  AccessKind kind = AccessKind::load;
  MemoryOrder order = MemoryOrder::weak;
  MemoryScope scope = MemoryScope::device;
  std::uint32_t warp = 0;                    // of the block
  std::uint32_t lanes = 0;                   // which of the 32 take part
  std::uint32_t bytes = 0;                   // of each lane: 1, 2, 4, 8 or 16
  std::uint32_t instruction = 0;             // index in the kernel's body
  const std::uint64_t* addresses = nullptr;  // [32], aligned to `bytes`; shared: offsets from the block's window
};

}  // namespace vgpu
