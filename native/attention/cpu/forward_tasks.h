// How the forward pass is cut into tasks. The cut changes no result: every row's arithmetic is its own.
#pragma once

#include <cstdint>

#include "attention/cpu/forward.h"

namespace ki::attention::cpu {

// Threads worth waking, as far as shapes say. Packed sequences are taken for one, so it can be too many.
int most_workers(const Problem& p, int thread_count);

// Threads worth waking for the sequences as they are; not more than that.
int choose_workers(const Problem& p, int thread_count);

// Rows of a block at the most; depends on shapes alone.
int most_block_rows(const Problem& p, int workers);

// The blocks of all sequences but those that the decode path takes, numbered, those that take longest first.
class Tasks {
 public:
  // Bytes of memory it needs; depends on shapes alone.
  static std::uint64_t memory_bytes(const Problem& p);

  // Blocks for so many workers, of at most `most_rows` rows.
  Tasks(const Problem& p, int workers, int most_rows, void* memory);

  std::int64_t count() const { return count_; }
  Block block(std::int64_t task) const;

 private:
  // A sequence's blocks.
  struct Entry {
    std::int64_t batch;
    std::int64_t first_task;
    std::int64_t block_rows;  // of all but the last
    double cost;              // of the largest
  };

  const Problem& p_;
  Entry* entries_;  // [batch]
  std::int64_t count_ = 0;
};

}  // namespace ki::attention::cpu
