// The backward pass on the CPU: how the work is cut, and what a compiled target offers.
//
// FlashAttention-2 (Dao 2023, section 3.1.2), blocked for caches instead of shared memory. A task is a chunk of keys of one
// key and value head: it packs the chunk once, walks over the blocks of query rows that see any of it, and for each block
// recomputes the probabilities P and forms
//
//   S = Q K^T    dP = dO V^T    dS = P * (dP - delta)    dV += P^T dO    dK += dS^T Q    dQ += dS K
//
// dK and dV of the chunk are the task's own and stay in the second-level cache. dQ is summed over the chunks, which are tasks
// of different threads: each adds to a block of dQ only after its predecessor has, so every sum is formed in the order of the
// keys, whatever the number of threads, in one float32 copy of dQ. A private dQ for each piece of the keys, added up at the
// end, would cost that copy several times over; a second pass for dQ would cost two of seven products.
#pragma once

#include <cstdint>

#include "attention/cpu/backward_bias.h"
#include "attention/cpu/forward.h"
#include "attention/problem.h"
#include "cpu/simd_target.h"

namespace ki::attention::cpu {

std::uint64_t backward_workspace(Device& device, const BackwardProblem& problem);
void backward(Device& device, Stream& stream, const BackwardProblem& problem, void* workspace);

namespace gradients {

// Keys of a chunk and query rows of a block. At head_dim 128 a chunk is five matrices of 128 KiB (K transposed, V transposed,
// K, dK, dV) and a block two tiles of 102 KiB and its packed rows: 1 MiB, which second-level caches hold. A block's panel of
// Q or dO (96 x 64 floats, 24 KiB) stays in the first while all keys of the chunk are multiplied with it. Both are borders
// of sums, so they do not depend on the machine.
inline constexpr int kChunkKeys = 256;
inline constexpr int kBlockRows = 96;

// Floats between rows of everything that is read as a product's left side: more than a chunk's keys and a head's dimensions,
// and an odd number of cache lines; see kPitchA in cpu/simd/micro_kernel-inl.h.
inline constexpr int kPitch = 272;
static_assert(kPitch > kChunkKeys && kPitch > kMaxHeadDim);

// What the tasks share. Rows are numbered over batch entry, key and value head, position, and query head of the group: the
// rows of one task's blocks lie behind one another.
struct Shared {
  const BackwardProblem* problem;
  float* grad_query;  // [rows x query_pitch], short of the factor `scale`
  float* logsumexp;   // [rows]
  float* delta;       // [rows], sum of grad_output * output
  BiasSums bias;
};

inline std::int64_t shared_rows(const Problem& p) { return p.query.shape[0] * p.total_q * p.heads_q; }

inline std::int64_t first_shared_row(const Problem& p, std::int64_t batch, std::int64_t head_kv) {
  const std::int64_t entry = p.cu_seqlens_q.rank > 0 ? 0 : batch;
  return (entry * p.heads_kv + head_kv) * p.total_q * p.group;
}

struct Chunk {
  std::int64_t batch;
  Sequence sequence;
  std::int64_t head_kv, first_key;
  int keys;
  bool keys_finite;  // known once the chunk is packed

  // Some of the query rows that may see it.
  Block block(std::int64_t first_row, int rows) const { return {sequence, batch, head_kv, first_row, rows}; }
};

// Whether any row of a block may see any key of a chunk. Rows see the later keys the later they are.
bool meet(const Problem& p, const Chunk& chunk, const Block& block);

// A worker's scratch memory. Every part starts on a cache line.
struct Scratch {
  float* keys_transposed;      // packed [head_dim x keys]
  float* values_transposed;    // packed [head_dim_v x keys]
  float* keys;                 // packed [keys x head_dim]
  float* grad_keys;            // [keys x query_pitch]
  float* grad_values;          // [keys x accumulator_pitch]
  float* queries;              // [rows x kPitch]
  float* grad_outputs;         // [rows x kPitch]
  float* packed_queries;       // packed [rows x head_dim]
  float* packed_grad_outputs;  // packed [rows x head_dim_v]
  float* weights;              // [rows x kPitch]: S, then P
  float* grad_scores;          // [rows x kPitch]: dP, then dS
  float* bias_sums;            // [query heads or 1, kPitch], of biases that all queries share
};

// Sizes of its parts, in floats.
struct ScratchSizes {
  std::int64_t keys, values, head_rows, value_rows, tile, bias_rows;

  explicit ScratchSizes(const BackwardProblem& b);
  std::int64_t total() const { return 3 * keys + 2 * values + head_rows + value_rows + 4 * tile + bias_rows; }
  Scratch cut(float* memory) const;
};

// One instruction set's kernels.
struct Kernels {
  // Reads logsumexp and forms delta of the rows at one position of the query tensor; clears their gradients.
  void (*prepare_position)(const Shared& shared, std::int64_t entry, std::int64_t position);
  void (*begin_chunk)(const Shared& shared, Chunk& chunk, const Scratch& scratch);
  void (*add_block)(const Shared& shared, const Chunk& chunk, const Block& block, const Scratch& scratch);
  void (*end_chunk)(const Shared& shared, const Chunk& chunk, const Scratch& scratch);
  // Writes the gradient of the queries at one position.
  void (*finish_position)(const Shared& shared, std::int64_t entry, std::int64_t position);
  // Writes one row of the gradient of a bias whose sums are converted.
  void (*finish_bias_row)(const Shared& shared, std::int64_t row);
};

const Kernels& kernels(ki::cpu::SimdTarget target);

}  // namespace gradients
}  // namespace ki::attention::cpu
