// Watches one launch: whether threads race, read what nobody wrote, or touch what is being copied. The machine calls
// these hooks as it executes; it works the same without them. Bounds and alignment are the machine's own business:
// hardware faults there too.
//
// What it cannot see: it judges the run that it watches, so that a race on a path that this input did not take stays
// unseen, and so does one that atomics happened to order this time; what barriers order is the same in every schedule.
// A piece of memory remembers its last writer and a few readers (of shared memory four groups of lanes, of global memory
// one thread and whether other blocks read too), so a conflict with an access that was already forgotten is missed, but
// what is reported is a conflict. Memory order is judged by happens-before alone: it does not know the reorderings of
// real hardware, the caches of non-coherent loads, or what the host or another launch does to the same memory meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "checks/access.h"
#include "checks/findings.h"
#include "checks/launch_shape.h"
#include "checks/report.h"
#include "memory/device_memory.h"

namespace vgpu {

class Checks {
 public:
  // What is passed outlives this. One launch at a time has Checks on the same memory.
  Checks(const LaunchShape& launch, const SourceLines& lines, DeviceMemory& memory, Findings& findings);
  ~Checks();

  // Blocks of one launch run one after the other or interleaved; hooks name theirs by `block`, its linear index.
  void begin_block(std::uint32_t block, std::span<std::byte> shared);  // poisons the shared memory
  void end_block(std::uint32_t block);

  // The machine has found the addresses to be valid and aligned.
  void shared_access(std::uint32_t block, const Access& access);
  void global_access(std::uint32_t block, const Access& access);

  // cp.async: destination bytes are in flight from issue to the moment the issuing lane's wait covers them. The source
  // is a global_access of its own.
  void async_issue(std::uint32_t block, const Access& destination);
  void async_arrive(std::uint32_t block, const Access& destination);

  // A word of 32 lanes for each warp of the block. What the threads in `arriving` did before is ordered before what
  // those in `waiting` do after: bar.sync has the same threads in both, bar.arrive is in the first only. Threads that
  // have exited count as arrived and waiting, so that a barrier of all that are left is one of the whole block.
  void barrier(std::uint32_t block, std::span<const std::uint32_t> arriving, std::span<const std::uint32_t> waiting);
  void warp_sync(std::uint32_t block, std::uint32_t warp, std::uint32_t lanes);  // __syncwarp, bar.warp.sync
  void fence(std::uint32_t block, std::uint32_t warp, std::uint32_t lanes, MemoryScope scope);

 private:
  struct State;
  struct BlockState;
  BlockState& block_state(std::uint32_t block);

  std::unique_ptr<State> state_;
};

}  // namespace vgpu
