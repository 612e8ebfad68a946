#include "attention/cuda/backward_plan.h"

#include "attention/cuda/problem_params.h"
#include "attention/cuda/tensor_layout.h"

namespace ki::attention::cuda {
namespace {

std::int64_t divide_up(std::int64_t x, std::int64_t y) { return (x + y - 1) / y; }

// Of the rows that are copied in chunks.
int alignment_of(const BackwardProblem& b) {
  const Problem& p = b.forward;
  return row_alignment({&p.query, &p.key, &p.value, &b.grad_output, &b.grad_query, &b.grad_key, &b.grad_value});
}

BiasGradient bias_gradient(const Tensor& gradient, const BiasGradientTile& tile) {
  const std::int64_t size = size_of(gradient.dtype);
  BiasGradient bias{};
  bias.data = gradient.data;
  bias.batch = gradient.strides[0] * size;
  bias.head = gradient.strides[1] * size;
  bias.query = gradient.strides[2] * size;
  bias.batches = static_cast<std::int32_t>(gradient.shape[0]);
  bias.heads = static_cast<std::int32_t>(gradient.shape[1]);
  bias.queries = static_cast<std::int32_t>(gradient.shape[2]);
  bias.keys = static_cast<std::int32_t>(gradient.shape[3]);
  bias.query_tiles = static_cast<std::int32_t>(divide_up(gradient.shape[2], tile.queries()));
  bias.key_tiles = static_cast<std::int32_t>(divide_up(gradient.shape[3], tile.keys));
  bias.is_broadcast_over_queries = gradient.shape[2] == 1;
  bias.is_float32 = gradient.dtype == KI_DTYPE_FLOAT32;
  return bias;
}

BackwardParams make_params(const BackwardProblem& b, int alignment) {
  const Problem& p = b.forward;
  BackwardParams params{};
  params.query = p.query.data;
  params.key = p.key.data;
  params.value = p.value.data;
  params.output = p.output.data;
  params.logsumexp = p.logsumexp.data;
  params.grad_output = b.grad_output.data;
  params.grad_query = b.grad_query.data;
  params.grad_key = b.grad_key.data;
  params.grad_value = b.grad_value.data;
  params.query_strides = byte_strides(p.query, 0, 1, 2);
  params.key_strides = byte_strides(p.key, 0, 1, 2);
  params.value_strides = byte_strides(p.value, 0, 1, 2);
  params.output_strides = byte_strides(p.output, 0, 1, 2);
  params.logsumexp_strides = byte_strides(p.logsumexp, 0, 2, 1);
  params.grad_output_strides = byte_strides(b.grad_output, 0, 1, 2);
  params.grad_query_strides = byte_strides(b.grad_query, 0, 1, 2);
  params.grad_key_strides = byte_strides(b.grad_key, 0, 1, 2);
  params.grad_value_strides = byte_strides(b.grad_value, 0, 1, 2);
  params.sequences = sequences_of(p);
  params.window = window_of(p.rule);
  params.heads_q = static_cast<std::int32_t>(p.heads_q);
  params.heads_kv = static_cast<std::int32_t>(p.heads_kv);
  params.group = static_cast<std::int32_t>(p.group);
  params.row_bytes = static_cast<std::int32_t>(p.head_dim * size_of(p.query.dtype));
  params.row_bytes_v = static_cast<std::int32_t>(p.head_dim_v * size_of(p.query.dtype));
  params.alignment = alignment;
  params.query_sign = query_sign(p);
  params.softmax_factor = softmax_factor(p);
  params.scale = p.scale;
  params.general = general_params(p);
  return params;
}

}  // namespace

BackwardPlan plan_backward(const BackwardProblem& b) {
  const Problem& p = b.forward;
  const auto head_dim = static_cast<int>(p.head_dim), head_dim_v = static_cast<int>(p.head_dim_v);
  const int alignment = alignment_of(b);
  BackwardPlan plan{};
  plan.instantiation = find_backward_instantiation(p.query.dtype, head_dim, head_dim_v, alignment, p.is_general());
  plan.params = make_params(b, alignment);

  // Packed rows are one entry, whose tiles are found by the sequences' offsets.
  const bool packed_q = p.cu_seqlens_q.rank > 0, packed_k = p.cu_seqlens_k.rank > 0;
  const std::int64_t entries_q = packed_q ? 1 : p.batch, entries_k = packed_k ? 1 : p.batch;
  const std::int64_t rows_k = p.key.shape[1];
  plan.params.row_sums_batch = packed_q ? 0 : p.heads_q * p.total_q;
  plan.params.row_sums_half = entries_q * p.heads_q * p.total_q;
  const auto rows = static_cast<std::uint64_t>(plan.params.row_sums_half);
  plan.workspace_bytes = 2 * sizeof(float) * rows;
  plan.sums_queries = plan.instantiation->sums != nullptr && !b.deterministic;
  if (plan.sums_queries) {
    plan.params.query_sums_width = plan.instantiation->head_dim;
    plan.query_sums_at = (plan.workspace_bytes + 63) / 64 * 64;
    plan.workspace_bytes = plan.query_sums_at + sizeof(float) * rows * static_cast<std::uint64_t>(head_dim);
  }

  plan.rows.tiles = divide_up(p.total_q, kRowSumsThreads / 32);
  plan.rows.blocks = entries_q * p.heads_q * plan.rows.tiles;
  const int queries = plan.instantiation->query_tile().queries(), keys = plan.instantiation->key_tile().keys();
  plan.queries.tiles = packed_q ? packed_tiles(p.total_q, p.batch, queries) : divide_up(p.total_q, queries);
  plan.queries.blocks = entries_q * p.heads_q * plan.queries.tiles;
  // Rows of keys behind the last sequence are a sequence too.
  plan.keys.tiles = packed_k ? packed_tiles(rows_k, p.batch + 1, keys) : divide_up(rows_k, keys);
  plan.keys.blocks = entries_k * p.heads_kv * plan.keys.tiles;

  if (b.grad_bias.rank > 0) {
    plan.bias = find_bias_gradient_instantiation(p.query.dtype, head_dim, head_dim_v);
    const BiasGradient& bias = plan.params.bias = bias_gradient(b.grad_bias, plan.bias->tile());
    plan.bias_blocks = b.grad_bias.shape[0] * b.grad_bias.shape[1] * bias.query_tiles * bias.key_tiles;
  }
  return plan;
}

}  // namespace ki::attention::cuda
