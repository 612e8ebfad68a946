// Watches one launch: whether threads race, read what nobody wrote, or touch what is being copied. The machine calls these
// hooks as it executes; it works the same without them. Bounds and alignment are the machine's own business: hardware
// faults there too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "checks/counters.h"
#include "checks/findings.h"
#include "memory/device_memory.h"

namespace vgpu {

enum class AccessKind : std::uint8_t { load, store, atomic, async_copy };
enum class MemoryOrder : std::uint8_t { weak, relaxed, acquire, release, acquire_release };
enum class MemoryScope : std::uint8_t { block, device, system };

// One memory instruction of a warp.
struct Access {
  AccessKind kind = AccessKind::load;
  MemoryOrder order = MemoryOrder::weak;
  MemoryScope scope = MemoryScope::device;
  std::uint32_t warp = 0;              // of the block
  std::uint32_t lanes = 0;             // which of the 32 take part
  std::uint32_t bytes = 0;             // of each lane: 1, 2, 4, 8 or 16
  std::uint32_t instruction = 0;       // index in the kernel's body
  const std::uint64_t* addresses = nullptr;  // [32]; shared: offsets from the block's window
};

// Tells where an instruction stands, for findings: `attention/cuda/forward.cu:120, inlined at ...`, and its PTX.
class SourceLines {
 public:
  virtual ~SourceLines() = default;
  virtual std::string describe(std::uint32_t instruction) const = 0;
};

struct Dim3 { std::uint32_t x = 1, y = 1, z = 1; };

struct LaunchShape {
  std::string kernel;
  Dim3 grid, block;
  std::uint32_t shared_bytes = 0;      // static and dynamic
};

class Checks {
 public:
  Checks(const LaunchShape& launch, const SourceLines& lines, DeviceMemory& memory, Findings& findings);
  ~Checks();

  // Blocks of one launch run one after the other or interleaved; hooks name theirs by `block`, its linear index.
  void begin_block(std::uint32_t block, std::span<std::byte> shared);  // poisons the shared memory
  void end_block(std::uint32_t block);

  void shared_access(std::uint32_t block, const Access& access);
  void global_access(std::uint32_t block, const Access& access);

  // cp.async: destination bytes are in flight from issue to the moment the issuing lane's wait covers them.
  void async_issue(std::uint32_t block, const Access& destination);
  void async_arrive(std::uint32_t block, const Access& destination);

  // All of `threads` (a bit per thread of the block) have arrived: what each did before is ordered before what each does
  // after. bar.sync and barrier.cta; bar.arrive joins its clock without taking the others'.
  void barrier(std::uint32_t block, std::span<const std::uint32_t> arriving_warps_lanes,
               std::span<const std::uint32_t> waiting_warps_lanes);
  void warp_sync(std::uint32_t block, std::uint32_t warp, std::uint32_t lanes);  // __syncwarp, bar.warp.sync
  void fence(std::uint32_t block, std::uint32_t warp, std::uint32_t lanes, MemoryScope scope);
};

}  // namespace vgpu
