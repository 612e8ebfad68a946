// An attention problem, checked. Every backend's kernels start from this and assume that it is valid.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "core/tensor.h"

namespace ki::attention {

inline constexpr OperatorId kOperator{"attention"};
inline constexpr std::int64_t kMaxHeadDim = 256;

struct Problem {
  Tensor query;      // [batch, seq_q, heads_q, head_dim]
  Tensor key;        // [batch, seq_k, heads_kv, head_dim]
  Tensor value;      // [batch, seq_k, heads_kv, head_dim_v]
  Tensor output;     // [batch, seq_q, heads_q, head_dim_v]
  Tensor logsumexp;  // [batch, heads_q, seq_q] float32; data is null if not wanted

  std::int64_t batch, seq_q, seq_k, heads_q, heads_kv, head_dim, head_dim_v;
  std::int64_t group;  // query heads that share one key and value head
  float scale;
  bool causal;

  // Keys [0, visible_keys(i)) are what query i sees.
  std::int64_t visible_keys(std::int64_t query_index) const {
    if (!causal) return seq_k;
    const std::int64_t visible = query_index + 1 + seq_k - seq_q;
    return visible < 0 ? 0 : visible < seq_k ? visible : seq_k;
  }
};

// Reads and checks a problem for a device; throws Error with the name of what is wrong.
Problem read_problem(const ki_attention_problem* problem, const ki_device_info& device,
                     Addresses addresses = Addresses::required);

// What a backend offers for attention.
struct Operations {
  // Throws not-supported if this device cannot do it.
  void (*check_supported)(const Device& device, const Problem& problem);
  // Depends on no address: tensors may have none.
  std::uint64_t (*forward_workspace)(Device& device, const Problem& problem);
  void (*forward)(Device& device, Stream& stream, const Problem& problem, void* workspace);
};

}  // namespace ki::attention
