// Attention on the CPU: the scratch memory of a task, and what a compiled target offers.
//
// FlashAttention-2 (Dao 2023, section 3.1), blocked for caches instead of shared memory. The query rows of one key and
// value head of a sequence are cut into blocks, one task each. A task walks over the keys in chunks: it packs a chunk of
// keys and values once, and for every tile of query rows in its block computes scores, their softmax with the running
// maximum and sum, and adds the weighted values to the block's accumulator, which is divided by the sum at the end.
#pragma once

#include <algorithm>
#include <cstdint>

#include "attention/problem.h"
#include "cpu/simd_target.h"

namespace ki::attention::cpu {

// Keys in a chunk. A chunk of packed keys and values (512 KiB at head_dim 128) stays in the second-level cache while
// the tiles of a block read it, and a tile's scores (6 x 512 floats, 12 KiB) stay in the first. The chunk's borders,
// multiples of it, are where sums are rescaled, so they depend neither on the machine nor on the cut into blocks.
inline constexpr std::int64_t kKeyChunk = 512;

// A query row of one key and value head: rows go by query, then by query head of the group, so that neighbours see
// nearly the same keys and a single token's group shares a tile.
struct QueryRow {
  std::int64_t query;  // of its sequence
  std::int64_t head;
};

// The rows [first_row, first_row + rows) of one sequence and key and value head.
struct Block {
  Sequence sequence;
  std::int64_t batch, head_kv, first_row;
  int rows;

  QueryRow query_row(const Problem& p, std::int64_t row) const {
    return {(first_row + row) / p.group, head_kv * p.group + (first_row + row) % p.group};
  }
};

inline constexpr int kScratchPitch = 528;  // floats between rows of a tile; see kPitchA in cpu/simd/micro_kernel-inl.h
inline constexpr int kScratchTileRows = 6;
inline constexpr std::int64_t kMaxLanes = 16;  // of any instruction set

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

inline std::int64_t query_pitch(const Problem& p) { return round_up(p.head_dim, kMaxLanes); }
inline std::int64_t accumulator_pitch(const Problem& p) { return round_up(p.head_dim_v, kMaxLanes); }

// A worker's scratch memory. Every part starts on a cache line.
struct Scratch {
  float* keys;           // packed [head_dim x chunk]
  float* values;         // packed [chunk x head_dim_v]
  float* tile_queries;   // [tile rows x kScratchPitch]
  float* tile_scores;    // [tile rows x kScratchPitch], then the weights
  float* tile_seen;      // [tile rows x kScratchPitch], the scores once more, where hidden keys must be told by them
  float* queries;        // [block rows x query_pitch]
  float* accumulators;   // [block rows x accumulator_pitch]
  float* row_max;        // [block rows], in units of log2
  float* row_sum;        // [block rows]
  VisibleKeys* visible;  // [block rows]
};

// Sizes of its parts, in floats.
struct ScratchSizes {
  std::int64_t keys, values, tile, queries, accumulators, row, visible;

  ScratchSizes(const Problem& p, int block_rows);
  std::int64_t total() const { return keys + values + 3 * tile + queries + accumulators + 2 * row + visible; }
  Scratch cut(float* memory) const;
};

std::uint64_t forward_workspace(Device& device, const Problem& p);
void forward(Device& device, Stream& stream, const Problem& p, void* workspace);

// One instruction set's kernels.
struct Kernels {
  void (*forward)(const Problem& p, const Block& block, const Scratch& scratch);
};

const Kernels& kernels(ki::cpu::SimdTarget target);

}  // namespace ki::attention::cpu
