// How the forward pass is cut into tasks. The cut changes no result: every row's arithmetic is its own.
#pragma once

#include <cstdint>

#include "attention/cpu/decode.h"
#include "attention/cpu/forward.h"

namespace ki::attention::cpu {

// Threads worth waking, as far as shapes say. Packed sequences are taken for one, so it can be too many.
int most_workers(const Problem& p, int thread_count);

// Threads worth waking for the sequences as they are; not more than that.
int choose_workers(const Problem& p, int thread_count);

// Rows of a block at the most; depends on shapes alone.
int choose_block_rows(const Problem& p, int workers);

// The blocks of all sequences, numbered, those that take longest first.
class Tasks {
 public:
  // Bytes of memory it needs; depends on shapes alone.
  static std::uint64_t memory_bytes(const Problem& p);

  Tasks(const Problem& p, int block_rows, void* memory);

  std::int64_t count() const { return count_; }
  Block block(std::int64_t task) const;

 private:
  struct Entry {
    std::int64_t batch;
    std::int64_t first_task;  // of this sequence
    double cost;              // of its largest block, in pairs of query and key
  };

  // Rows of a head of a sequence that are computed here.
  std::int64_t rows_of(const Sequence& sequence) const {
    return takes_decode_path(p_, sequence) ? 0 : sequence.seq_q * p_.group;
  }
  std::int64_t block_rows_of(std::int64_t rows) const;
  std::int64_t blocks_of(std::int64_t rows) const;

  const Problem& p_;
  const int block_rows_;
  Entry* entries_;  // [batch]
  std::int64_t count_ = 0;
};

}  // namespace ki::attention::cpu
