// The tasks of the backward pass and the order in which they add to what they share.
//
// A task is one chunk of keys of one sequence and one key and value head. Tasks are numbered by chunk first, so that those
// that run side by side mostly belong to different heads and rarely wait, and those with the most queries of a causal
// problem come first. Two kinds of sums have several tasks as their owners: dQ, that of all chunks of a sequence and head,
// and dbias, where it is broadcast, that of all sequences and heads of a chunk. A task adds to them block by block, after its
// predecessors in both have passed that block. Both have lower numbers, and numbers are given to threads in ascending order:
// the lowest task at work never waits.
#pragma once

#include <atomic>
#include <cstdint>

#include "attention/cpu/backward.h"

namespace ki::attention::cpu::gradients {

// A chunk of a sequence, for all of its heads.
struct Place {
  std::int64_t batch, chunk;
};

class TaskOrder {
 public:
  // Places at the most, as far as shapes say.
  static std::int64_t most_places(const Problem& p);

  // Bytes for the lists of a problem.
  static std::uint64_t size_bytes(const Problem& p);

  TaskOrder(const Problem& p, bool shares_bias, std::byte* memory);

  std::int64_t tasks() const { return places_ * heads_; }
  Place place(std::int64_t task) const { return place_[task / heads_]; }
  std::int64_t head_kv(std::int64_t task) const { return task % heads_; }

  // Returns when all tasks that precede this one have passed a block, or, if they never will, are finished.
  void wait(std::int64_t task, int block) const;

  // Says that this task has passed a block.
  void pass(std::int64_t task, int block) { say(progress_of(task), block + 1); }

  void wait_until_finished(std::int64_t task) const { wait(task, kFinished - 1); }
  void finish(std::int64_t task) { say(progress_of(task), kFinished); }

 private:
  using Progress = std::atomic<std::int32_t>;  // blocks that a task has passed
  static constexpr std::int32_t kFinished = INT32_MAX;

  std::int64_t slot(Place place, std::int64_t head_kv) const {
    return (first_place_[place.batch] + place.chunk) * heads_ + head_kv;
  }
  Progress& progress_of(std::int64_t task) const { return progress_[slot(place(task), head_kv(task))]; }
  static void say(Progress& progress, std::int32_t passed);

  const bool shares_bias_;
  const std::int64_t heads_;
  std::int64_t places_ = 0;
  Place* place_;               // [places], in the order of tasks
  std::int64_t* first_place_;  // [batch], places of earlier sequences
  Progress* progress_;         // [places in the order of sequences x heads]
};

}  // namespace ki::attention::cpu::gradients
