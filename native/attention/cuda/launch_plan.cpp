#include "attention/cuda/launch_plan.h"

#include "attention/cuda/problem_params.h"
#include "attention/cuda/tensor_layout.h"

namespace ki::attention::cuda {
namespace {

bool is_packed(const Problem& p) { return p.cu_seqlens_q.rank > 0; }

int alignment_of(const Problem& p) { return row_alignment({&p.query, &p.key, &p.value, &p.output}); }

}  // namespace

ForwardParams forward_params(const Problem& p, const TileSize& tile) {
  const int queries_per_tile = tile.queries();
  ForwardParams params{};
  params.query = p.query.data;
  params.key = p.key.data;
  params.value = p.value.data;
  params.output = p.output.data;
  params.query_strides = byte_strides(p.query, 0, 1, 2);
  params.key_strides = byte_strides(p.key, 0, 1, 2);
  params.value_strides = byte_strides(p.value, 0, 1, 2);
  params.output_strides = byte_strides(p.output, 0, 1, 2);
  if (p.logsumexp.data != nullptr) {
    params.logsumexp = p.logsumexp.data;
    params.logsumexp_strides = byte_strides(p.logsumexp, 0, 2, 1);
  }
  params.sequences = sequences_of(p);
  params.window = window_of(p.rule);
  params.heads_q = static_cast<std::int32_t>(p.heads_q);
  params.group = static_cast<std::int32_t>(p.group);
  params.row_bytes = static_cast<std::int32_t>(p.head_dim * size_of(p.query.dtype));
  params.row_bytes_v = static_cast<std::int32_t>(p.head_dim_v * size_of(p.query.dtype));
  params.alignment = alignment_of(p);
  const std::int64_t tiles = is_packed(p) ? packed_tiles(p.total_q, p.batch, queries_per_tile)
                                          : (p.seq_q + queries_per_tile - 1) / queries_per_tile;
  params.query_tiles = static_cast<std::int32_t>(tiles);
  params.query_sign = query_sign(p);
  params.scale_log2 = softmax_factor(p);
  return params;
}

std::int64_t forward_blocks(const Problem& p, const ForwardParams& params) {
  return (is_packed(p) ? 1 : p.batch) * p.heads_q * params.query_tiles;
}

LaunchPlan plan_forward(const Problem& p) {
  LaunchPlan plan{};
  plan.instantiation = find_instantiation(p.query.dtype, p.is_general(), static_cast<int>(p.head_dim),
                                          static_cast<int>(p.head_dim_v), alignment_of(p));
  plan.params.forward = forward_params(p, plan.instantiation->tile);
  plan.params_bytes = sizeof(KernelParams<NoParams>);
  if (p.is_general()) {
    plan.params.variant = general_params(p);
    plan.params_bytes = sizeof(plan.params);
  }
  plan.blocks = forward_blocks(p, plan.params.forward);
  return plan;
}

}  // namespace ki::attention::cuda
