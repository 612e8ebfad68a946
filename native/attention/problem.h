// An attention problem, checked. Every backend's kernels start from this and assume that it is valid.
#pragma once

#include <cstdint>

#include "attention/visible_keys.h"
#include "core/backend.h"
#include "core/tensor.h"

namespace ki::attention {

inline constexpr OperatorId kOperator{"attention"};
inline constexpr std::int64_t kMaxHeadDim = 256;
inline constexpr std::int64_t kMaxSplits = 256;

// Lengths and places of one sequence.
struct Sequence {
  std::int64_t first_query, seq_q;  // row of query, output and logsumexp
  std::int64_t key_batch;           // entry of key and value; of a paged cache none
  std::int64_t first_key, seq_k;    // row of key and value; appended keys are counted
  std::int64_t first_new, seq_new;  // row of new_key and new_value

  // Where the appended keys begin.
  std::int64_t cached() const { return seq_k - seq_new; }
};

// What is done to the cache before attention is computed. Tensors that are absent have rank 0.
struct Cache {
  Tensor block_table;             // [batch, pages of a sequence] int32
  Tensor cache_slots;             // [batch] int32
  Tensor key_scale, value_scale;  // [slots, capacity, heads_kv] or [pages, page_size, heads_kv] float32
  Tensor new_key, new_value;      // [batch, seq_new, heads_kv, head_dim or head_dim_v]; packed: as below
  Tensor cu_seqlens_new;          // [batch + 1] int32
  Tensor rotary_cos, rotary_sin;  // [positions, rotary_dim / 2] float32
  std::int64_t page_size;         // 0: contiguous
  std::int64_t rotary_dim;        // 0: no rotary embedding
  bool rotary_interleaved;
};

// Packed tensors are given the dimension `batch` that they lack, with stride 0, so that row r of sequence b has one address
// formula for all.
struct Problem {
  Tensor query;      // [batch, seq_q, heads_q, head_dim]
  Tensor key;        // [batch, seq_k, heads_kv, head_dim]
  Tensor value;      // [batch, seq_k, heads_kv, head_dim_v]
  Tensor output;     // [batch, seq_q, heads_q, head_dim_v]
  Tensor logsumexp;  // [batch, heads_q, seq_q] float32; rank 0 if not wanted

  // Rank 0 if absent. A dimension that is broadcast has stride 0.
  Tensor bias;                                   // [batch, heads_q, seq_q, seq_k] of the query's dtype or float32
  Tensor mask;                                   // [batch, heads_q, seq_q, seq_k] bool
  Tensor alibi_slopes;                           // [batch, heads_q] float32
  Tensor tree_mask;                              // [batch, draft_length, draft_length] bool
  Tensor cu_seqlens_q, cu_seqlens_k, seqused_k;  // int32
  Cache cache;

  std::int64_t batch, heads_q, heads_kv, head_dim, head_dim_v;
  std::int64_t group;         // query heads that share one key and value head
  std::int64_t total_q;       // rows of the query tensor: of one batch entry, or of all where they are packed
  std::int64_t seq_q;         // of the longest possible sequence, as far as shapes say
  std::int64_t seq_k;         // of the longest possible sequence, as far as shapes say
  std::int64_t draft_length;  // keys under the tree mask
  float scale;
  VisibilityRule rule;
  float softcap;                    // 0: none
  std::uint32_t dropout_threshold;  // a weight is kept if its 16 random bits are at least this; 0: no dropout
  std::uint32_t dropout_offset;
  std::uint64_t dropout_seed;
  std::int64_t split_count;  // 0: to be chosen

  // Whether scores are changed by anything but the scale and the range of visible keys.
  bool is_general() const {
    return bias.rank || mask.rank || alibi_slopes.rank || tree_mask.rank || softcap != 0 || dropout_threshold != 0;
  }
  bool appends() const { return cache.new_key.rank > 0; }

  // What the kept weights are multiplied with.
  float dropout_scale() const { return 65536.0f / (65536.0f - static_cast<float>(dropout_threshold)); }

  // Reads the lengths of a sequence, which must be in host memory.
  Sequence sequence(std::int64_t batch_index) const;

  VisibleKeys visible_keys(const Sequence& sequence, std::int64_t query) const {
    return rule.visible_keys(query, sequence.seq_q, sequence.seq_k);
  }
};

// Reads and checks a problem for a device; throws Error with the name of what is wrong. The contents of lengths and indices
// are checked as well where the host can read them.
Problem read_problem(const ki_attention_problem* problem, const ki_device_info& device,
                     Addresses addresses = Addresses::required);

// The gradients of a problem whose output and logsumexp are known.
struct BackwardProblem {
  Problem forward;
  Tensor grad_output, grad_query, grad_key, grad_value;
  Tensor grad_bias;  // shaped as the bias, broadcast dimensions with stride 0; rank 0 if not wanted
  bool deterministic;
};

BackwardProblem read_backward_problem(const ki_attention_problem* problem, const ki_attention_gradients* gradients,
                                      const ki_device_info& device, Addresses addresses = Addresses::required);

struct CombineProblem {
  Tensor partial_outputs;     // [parts, batch, seq_q, heads_q, head_dim_v]
  Tensor partial_logsumexps;  // [parts, batch, heads_q, seq_q] float32
  Tensor output;              // [batch, seq_q, heads_q, head_dim_v]
  Tensor logsumexp;           // [batch, heads_q, seq_q] float32; rank 0 if not wanted
  bool accumulate;            // output and logsumexp are a part too
};

CombineProblem read_combine_problem(const ki_attention_combine_problem* problem, const ki_device_info& device);

// What a backend offers for attention. Workspaces depend on no address and on no contents: tensors may have no memory yet.
struct Operations {
  // These throw not-supported if this device cannot do it.
  void (*check_forward)(const Device& device, const Problem& problem);
  std::uint64_t (*forward_workspace)(Device& device, const Problem& problem);
  void (*forward)(Device& device, Stream& stream, const Problem& problem, void* workspace);

  void (*check_backward)(const Device& device, const BackwardProblem& problem);
  std::uint64_t (*backward_workspace)(Device& device, const BackwardProblem& problem);
  void (*backward)(Device& device, Stream& stream, const BackwardProblem& problem, void* workspace);

  void (*check_combine)(const Device& device, const CombineProblem& problem);
  void (*combine)(Device& device, Stream& stream, const CombineProblem& problem);
};

}  // namespace ki::attention
