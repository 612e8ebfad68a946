#include "attention/cuda/backward.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "attention/cuda/backward_plan.h"
#include "core/error.h"
#include "cuda/launch.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kMaxBlocks = std::numeric_limits<std::int32_t>::max();  // of a grid's first dimension

template <class Tile>
void launch(Stream& stream, const char* module, const char* entry, const Tile& tile, std::int64_t blocks,
            const BackwardParams& params) {
  if (blocks == 0) return;
  const ki::cuda::Kernel kernel{module, entry, static_cast<unsigned>(tile.threads()),
                                static_cast<unsigned>(tile.shared_bytes())};
  ki::cuda::launch(stream, kernel, {static_cast<unsigned>(blocks)}, &params, sizeof(params));
}

struct RowSumsTile {
  static constexpr int threads() { return kRowSumsThreads; }
  static constexpr int shared_bytes() { return 0; }
};

}  // namespace

void check_backward_size(const Device&, const BackwardProblem& b) {
  const Problem& p = b.forward;
  if (p.total_q > kMaxLength)
    not_supported("query", "has ", p.total_q, " rows; up to ", kMaxLength, " are supported on CUDA");
  if (p.seq_k > kMaxLength)
    not_supported("key", "has ", p.seq_k, " rows; up to ", kMaxLength, " are supported on CUDA");
  // In this order no product overflows.
  const std::int64_t rows = std::max<std::int64_t>({p.total_q, p.seq_k, 1}) + p.batch;
  if (p.batch > kMaxBlocks || p.heads_q > kMaxBlocks) {
    not_supported("query", "shape ", shape_text(p.query), " needs more than ", kMaxBlocks, " thread blocks");
  }
  if (p.batch == 0 || p.heads_q == 0) return;
  if (p.heads_q > std::numeric_limits<std::int64_t>::max() / p.batch / rows) {
    not_supported("query", "shape ", shape_text(p.query), " needs more than ", kMaxBlocks, " thread blocks");
  }
  const BackwardPlan plan = plan_backward(b);
  for (const std::int64_t blocks : {plan.rows.blocks, plan.keys.blocks, plan.queries.blocks}) {
    if (blocks > kMaxBlocks) {
      not_supported("query", "shape ", shape_text(p.query), " needs more than ", kMaxBlocks, " thread blocks");
    }
  }
  if (plan.bias_blocks > kMaxBlocks) {
    not_supported("grad_bias", "shape ", shape_text(b.grad_bias), " needs more than ", kMaxBlocks, " thread blocks");
  }
}

std::uint64_t backward_workspace(Device&, const BackwardProblem& problem) {
  return plan_backward(problem).workspace_bytes;
}

void backward(Device&, Stream& stream, const BackwardProblem& problem, void* workspace) {
  const BackwardPlan plan = plan_backward(problem);
  BackwardParams params = plan.params;
  params.row_sums = static_cast<float*>(workspace);
  const auto with_tiles = [&](const Grid& grid) {
    params.tiles = static_cast<std::int32_t>(grid.tiles);
    return params;
  };
  if (plan.sums_queries)
    params.query_sums = reinterpret_cast<float*>(static_cast<char*>(workspace) + plan.query_sums_at);
  const BackwardInstantiation& kernels = *plan.instantiation;
  launch(stream, row_sums_module(kernels.dtype), "attention_backward_rows", RowSumsTile{}, plan.rows.blocks,
         with_tiles(plan.rows));
  launch(stream, plan.sums_queries ? kernels.sums : kernels.keys, "attention_backward_keys",
         kernels.key_tile(plan.sums_queries), plan.keys.blocks, with_tiles(plan.keys));
  if (plan.sums_queries) {
    launch(stream, finish_module(kernels.dtype), "attention_backward_finish", RowSumsTile{}, plan.rows.blocks,
           with_tiles(plan.rows));
  } else {
    launch(stream, kernels.queries, "attention_backward_queries", kernels.query_tile(), plan.queries.blocks,
           with_tiles(plan.queries));
  }
  if (plan.bias != nullptr) {
    launch(stream, plan.bias->module, "attention_backward_bias", plan.bias->tile(), plan.bias_blocks, params);
  }
}

}  // namespace ki::attention::cuda
