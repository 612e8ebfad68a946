// A block of threads: its warps, shared memory and barriers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "machine/execution.h"
#include "machine/warp.h"

namespace vgpu::machine {

class Block {
 public:
  explicit Block(Execution& execution);

  void start(std::uint64_t index);

  enum class State { done, can_run, waits };
  // Runs until all has exited or stands still, or until this block has had its share: others may have to do something
  // that this one waits for.
  State run();

  std::uint64_t index() const { return index_; }
  Dim3 coordinates() const { return coordinates_; }
  std::byte* shared() const { return shared_.get(); }
  std::byte* local(const Warp& warp, std::uint32_t lane) const;
  std::uint32_t warp_count() const { return static_cast<std::uint32_t>(warps_.size()); }

  // For handlers of bar and barrier. `threads`: how many make it complete, 0: all of the block.
  enum class Reduction : std::uint8_t { none, popc, and_, or_ };
  struct Arrival {
    std::uint32_t barrier = 0;
    std::uint32_t threads = 0;
    std::uint32_t mask = 0;
    bool waits = true;
    Reduction reduction = Reduction::none;
    std::uint32_t predicate = 0;  // of each lane, for reductions
    std::uint32_t result = 0;     // where the reduction goes, in the arena
  };
  void arrive(Warp& warp, const Arrival& arrival);
  void lanes_exited() { some_exited_ = true; }

  // A look at memory that another thread may be about to change.
  void polled(Warp& warp);

 private:
  struct Barrier {
    std::vector<std::uint32_t> arrived;  // lanes of each warp
    std::vector<std::uint32_t> waiting;
    std::uint32_t threads = 0;
    std::uint32_t true_count = 0;
    std::uint32_t arrivals = 0;
    bool in_use = false;
    struct Result {
      Warp* warp;
      std::uint32_t mask, offset;
      Reduction reduction;
    };
    std::vector<Result> results;
  };

  bool is_complete(const Barrier& barrier) const;
  void complete(std::uint32_t id);
  void complete_those_that_can();
  Warp* choose();
  void report_standstill();
  std::string describe_waits() const;

  Execution& execution_;
  std::uint64_t index_ = 0;
  Dim3 coordinates_;
  std::vector<Warp> warps_;
  std::unique_ptr<std::byte[]> memory_;  // aligned below
  std::byte* arenas_ = nullptr;
  std::unique_ptr<std::byte[]> shared_;
  std::unique_ptr<std::byte[]> local_;
  std::array<Barrier, 16> barriers_;
  std::size_t turn_ = 0;
  std::uint64_t polls_ = 0;
  bool some_exited_ = false;
  std::uint32_t last_barrier_mask_ = 0;  // of barriers completed while threads had exited, each reported once
};

}  // namespace vgpu::machine
