// A warp: its registers, and where its lanes are. Lanes that have parted form groups; the one with the lowest program
// counter runs first, and groups that meet at one become one again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/async_copies.h"
#include "machine/op.h"

namespace vgpu::machine {

class Block;
class Execution;

class Warp {
 public:
  // `arena` holds the registers of this warp, constants filled in.
  void start(Execution& execution, Block& block, std::uint32_t index, std::byte* arena, std::uint32_t lanes,
             std::uint32_t entry);

  // Until nothing can run, or for about `budget` instructions. Returns how many it executed.
  std::uint64_t run(std::uint64_t budget);

  // For handlers.
  template <class T>
  T* lanes(std::uint32_t offset) const {
    return reinterpret_cast<T*>(arena_ + offset);
  }
  std::uint32_t& predicate(std::uint32_t offset) const { return *reinterpret_cast<std::uint32_t*>(arena_ + offset); }
  Execution& execution() const { return *execution_; }
  Block& block() const { return *block_; }
  std::uint32_t index() const { return index_; }
  std::uint32_t pc() const { return pc_ - 1; }  // of the instruction being executed
  std::uint32_t active() const { return active_; }
  std::uint32_t live() const { return live_; }  // lanes that exist and have not exited
  std::uint32_t existing() const { return existing_; }
  AsyncCopies& copies() { return copies_; }

  void branch(std::uint32_t target, std::uint32_t mask);
  void branch_each(const std::uint32_t* targets, std::uint32_t mask);
  void exit(std::uint32_t mask);

  // An instruction that lanes execute together: true if all of `wanted` that are still alive are in `mask`. If not, the
  // lanes of `mask` wait at the instruction for the others to come, and it is executed again then.
  bool together(std::uint32_t mask, std::uint32_t wanted);
  // The same where each lane names those it belongs with. Those whose companions are all here are returned, and execute
  // the instruction; the others wait.
  std::uint32_t gather(std::uint32_t mask, const std::uint32_t* members);

  // The lanes of `mask` have arrived at a barrier, and go on when it releases them.
  void wait_at_barrier(std::uint32_t barrier, std::uint32_t mask);
  void release(std::uint32_t barrier);

  // Ends the slice after this instruction.
  void yield() { stop_ = true; }
  // The same, after a look at memory that another thread may be about to change, even one of this warp.
  void polled();

  bool can_run() const;
  bool is_done() const { return live_ == 0; }

  enum class Wait : std::uint8_t { none, lanes, barrier };
  struct Group {
    std::uint32_t pc = 0;
    std::uint32_t mask = 0;
    Wait wait = Wait::none;
    std::uint32_t barrier = 0;
    std::uint32_t wanted = 0;    // the lanes it waits for
    std::uint32_t expected = 0;  // those of them that were not just leaving when it began to wait
  };
  // Where all lanes are, for reports.
  std::vector<Group> groups() const;

 private:
  void put_aside(const Group& group);
  bool is_leaving(std::uint32_t pc) const;
  bool select();
  void settle_waits();

  std::byte* arena_ = nullptr;
  const Op* ops_ = nullptr;
  std::uint64_t* counts_ = nullptr;
  std::uint32_t pc_ = 0;
  std::uint32_t active_ = 0;
  std::uint32_t join_pc_ = ~0u;  // the lowest program counter, from ours on, at which another group is
  bool stop_ = false;
  bool rotate_ = false;
  std::uint32_t live_ = 0;
  std::uint32_t existing_ = 0;
  std::uint32_t index_ = 0;
  std::uint64_t since_turn_ = 0;  // instructions since another group had its turn
  std::uint32_t polls_ = 0;
  std::vector<Group> others_;
  AsyncCopies copies_;
  Execution* execution_ = nullptr;
  Block* block_ = nullptr;
};

}  // namespace vgpu::machine
