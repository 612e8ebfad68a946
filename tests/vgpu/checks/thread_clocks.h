// The vector clocks of one block's threads: what each of them knows to have happened before it.
//
// After a barrier of the whole block everybody knows everything, which is one number, the floor. Only what smaller
// groups have told each other since is kept as rows, one for each warp whose lanes know the same, or one for a single
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "checks/epochs.h"
#include "checks/knowledge.h"
#include "checks/stamp.h"

namespace vgpu {

class ThreadClocks {
 public:
  explicit ThreadClocks(Epochs& epochs) : epochs_(epochs) {}

  void begin(std::uint32_t block, std::uint32_t threads);

  std::uint32_t block() const { return block_; }
  std::uint32_t threads() const { return threads_; }
  // Accesses with stamps up to this epoch happened before whatever any thread does now.
  std::uint32_t floor() const { return floor_; }
  // The epoch of a thread's accesses now.
  std::uint32_t epoch(std::uint32_t thread) const { return now_[thread]; }

  // Whether an access of this block's `other` happened before what `thread` does now.
  bool ordered(std::uint32_t other, std::uint32_t epoch, std::uint32_t thread) const {
    return epoch <= floor_ || other == thread || (rows_[thread] != nullptr && epoch <= rows_[thread][other]);
  }
  // The same of a thread of another block.
  bool ordered_elsewhere(std::uint32_t block, std::uint32_t other, std::uint32_t epoch, std::uint32_t thread) const {
    return heard_of_others_ && elsewhere_[thread] != nullptr && elsewhere_[thread]->covers(block, other, epoch);
  }
  bool heard_of_others() const { return heard_of_others_; }

  // A bit per thread, 32 to a word. Those who wait know afterwards what those who arrive know now.
  void barrier(std::span<const std::uint32_t> arriving, std::span<const std::uint32_t> waiting);
  void warp_sync(std::uint32_t warp, std::uint32_t lanes);

  // Everything that happened before this point of the thread. What it does afterwards is not covered.
  SharedKnowledge release(std::uint32_t thread);
  void acquire(std::uint32_t thread, const SharedKnowledge& knowledge);

 private:
  std::uint32_t warp_mask(std::uint32_t warp) const {
    const std::uint32_t left = threads_ - warp * 32;
    return left >= 32 ? 0xFFFFFFFF : (1U << left) - 1;
  }
  std::uint32_t next_epoch();
  bool is_whole_block(std::span<const std::uint32_t> mask) const;
  void full_barrier();
  void join_rows(std::uint32_t warp, std::uint32_t lanes);  // into joined_ and joined_elsewhere_
  void hand_out(std::uint32_t warp, std::uint32_t lanes);   // joined_ to those who wait
  void start_join();
  std::uint32_t* own_row(std::uint32_t thread);

  Epochs& epochs_;
  std::uint32_t block_ = 0, threads_ = 0, floor_ = 0;
  std::uint32_t last_ = 0, run_end_ = 0;  // epochs given out, and where the run ends
  std::vector<std::uint32_t> now_;
  std::vector<const std::uint32_t*> rows_;  // of each thread; null: it knows the floor
  bool have_rows_ = false;
  std::vector<std::uint32_t> warp_rows_;                    // [warp][thread]
  std::vector<std::unique_ptr<std::uint32_t[]>> own_rows_;  // by thread
  std::vector<std::uint32_t> joined_;
  KnowledgeSum joined_elsewhere_;
  bool heard_of_others_ = false;
  std::vector<SharedKnowledge> elsewhere_;
};

}  // namespace vgpu
