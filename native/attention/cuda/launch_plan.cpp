#include "attention/cuda/launch_plan.h"

#include <cmath>

namespace ki::attention::cuda {
namespace {

constexpr double kLog2e = 1.4426950408889634;

Strides strides_of(const Tensor& tensor, int batch, int position, int head) {
  const std::int64_t size = size_of(tensor.dtype);
  return {tensor.strides[batch] * size, tensor.strides[position] * size, tensor.strides[head] * size};
}

// The largest of 16, 4 and 2 that divides the addresses of all rows. Elements are aligned to their own size.
int row_alignment(const Problem& p) {
  std::uint64_t bits = 0;
  for (const Tensor* tensor : {&p.query, &p.key, &p.value, &p.output}) {
    bits |= reinterpret_cast<std::uintptr_t>(tensor->data);
    for (int i = 0; i < 3; ++i) bits |= static_cast<std::uint64_t>(tensor->strides[i] * size_of(tensor->dtype));
  }
  return bits % 16 == 0 ? 16 : bits % 4 == 0 ? 4 : 2;
}

ForwardParams make_params(const Problem& p, int alignment, int queries_per_tile) {
  ForwardParams params{};
  params.query = p.query.data;
  params.key = p.key.data;
  params.value = p.value.data;
  params.output = p.output.data;
  params.query_strides = strides_of(p.query, 0, 1, 2);
  params.key_strides = strides_of(p.key, 0, 1, 2);
  params.value_strides = strides_of(p.value, 0, 1, 2);
  params.output_strides = strides_of(p.output, 0, 1, 2);
  if (p.logsumexp.data != nullptr) {
    params.logsumexp = p.logsumexp.data;
    params.logsumexp_strides = strides_of(p.logsumexp, 0, 2, 1);
  }
  const auto seq_q = static_cast<std::int32_t>(p.seq_q), seq_k = static_cast<std::int32_t>(p.seq_k);
  params.seq_q = seq_q;
  params.heads_q = static_cast<std::int32_t>(p.heads_q);
  params.group = static_cast<std::int32_t>(p.group);
  params.row_bytes = static_cast<std::int32_t>(p.head_dim * size_of(p.query.dtype));
  params.row_bytes_v = static_cast<std::int32_t>(p.head_dim_v * size_of(p.query.dtype));
  params.alignment = alignment;
  params.query_tiles = (seq_q + queries_per_tile - 1) / queries_per_tile;
  params.visible = p.rule.right == 0 ? VisibleKeys::causal(seq_q, seq_k) : VisibleKeys::all(seq_k);
  params.query_sign = p.scale > 0 ? 1.0f : p.scale < 0 ? -1.0f : 0.0f;
  params.scale_log2 = p.scale == 0 ? 1.0f : static_cast<float>(std::fabs(p.scale) * kLog2e);
  return params;
}

}  // namespace

LaunchPlan plan_forward(const Problem& p) {
  LaunchPlan plan{};
  const int alignment = row_alignment(p);
  plan.instantiation =
      find_instantiation(p.query.dtype, static_cast<int>(p.head_dim), static_cast<int>(p.head_dim_v), alignment);
  plan.params = make_params(p, alignment, plan.instantiation->tile.queries());
  plan.blocks = p.batch * p.heads_q * plan.params.query_tiles;
  return plan;
}

}  // namespace ki::attention::cuda
