// Attention of a few query rows over many keys on the CPU: how the work is split, and what a compiled target offers.
//
// Flash-Decoding (Dao et al. 2023): the keys of a sequence are split into ranges, each of which gives a partial result, and
// partial results are merged. Nothing is packed: packing pays off where keys are used often, and here memory is the limit.
// Every key and value row is read once, for all query rows of its head; the heads of a range are walked over side by side,
// as they lie in memory.
#pragma once

#include <cstdint>

#include "attention/cpu/forward.h"
#include "attention/problem.h"
#include "cpu/simd_target.h"

namespace ki::attention::cpu {

// Whether a sequence is computed here; the others are for the forward pass, which packs keys.
bool takes_decode_path(const Problem& p, const Sequence& sequence);

// Ranges that so many keys of a sequence are split into: the caller's number, or one that depends on the problem alone, so
// that results depend neither on the machine nor on what else is in the batch.
std::int64_t choose_split_count(const Problem& p, std::int64_t keys);

// The keys that any query of a sequence sees, numbered from 0: sinks first.
struct SeenKeys {
  std::int64_t sinks, begin, end;

  SeenKeys(const Problem& p, const Sequence& sequence);
  std::int64_t count() const { return sinks + end - begin; }
};

// Keys at a time. Their scores stay in the first-level cache, and a bit for each fits a word.
inline constexpr int kDecodeTile = 64;
inline constexpr int kDecodePitch = kDecodeTile + 16;  // floats; a power of two would put all rows into few sets

// Floats from a row of queries, or of sums of values, to the next: whole groups of two vectors.
inline std::int64_t decode_pitch(std::int64_t columns) { return round_up(columns, 2 * kMaxLanes); }

// Where partial results are: for every range of a sequence, [heads_kv * rows] of each.
struct Partial {
  float* sums;     // [head_dim_v, padded], weighted values with weights 2^(score - maximum)
  float* maximum;  // in units of log2
  float* weights;  // their sum
};

// A range of keys for some heads, [first_head, end_head) of the key and value heads.
struct DecodeTask {
  Sequence sequence;
  std::int64_t batch, first_head, end_head;
  int rows;                         // of one key and value head: queries times group
  std::int64_t first_key, end_key;  // among those seen
  SeenKeys seen;
  Partial partial;

  int heads() const { return static_cast<int>(end_head - first_head); }
  Block block(int head) const { return {sequence, batch, first_head + head, 0, rows}; }
};

// The partial results of one head, from all ranges, and the rows they are for.
struct MergeTask {
  Sequence sequence;
  std::int64_t batch, head;
  int rows;
  std::int64_t parts;
  Partial first;                        // of the first range
  std::int64_t sums_step, scalar_step;  // floats from a range to the next
};

// A worker's scratch memory.
struct DecodeScratch {
  float* queries;       // [heads of a task * rows, head_dim, padded]
  float* scores;        // [heads of a task * rows, kDecodePitch], then the weights
  float* shifts;        // [heads of a task * rows, padded]: largest scores of a tile, then what scores are less by
  float* rescale;       // [heads of a task * rows, padded]: what sums so far are multiplied with
  std::uint64_t* seen;  // [heads of a task * rows], a bit for each key of a tile that the row sees
};

std::uint64_t decode_workspace(Device& device, const Problem& p);
void decode(Device& device, const Problem& p, void* workspace);

// One instruction set's kernels; attention by the dtype of key and value.
struct DecodeKernels {
  using Attend = void (*)(const Problem& p, const DecodeTask& task, const DecodeScratch& scratch);
  Attend float32, float16, bfloat16, int8;
  void (*merge)(const Problem& p, const MergeTask& task);
};

const DecodeKernels& decode_kernels(ki::cpu::SimdTarget target);

}  // namespace ki::attention::cpu
