#include "attention/cuda/forward.h"

#include <cstdint>
#include <limits>

#include "attention/cuda/launch_plan.h"
#include "cuda/launch.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kMaxBlocks = std::numeric_limits<std::int32_t>::max();  // of a grid's first dimension

}  // namespace

void check_lengths(const Problem& p) {
  if (p.seq_q > kMaxLength)
    not_supported("query", "seq_q is ", p.seq_q, "; up to ", kMaxLength, " is supported on CUDA");
  if (p.seq_k > kMaxLength) not_supported("key", "seq_k is ", p.seq_k, "; up to ", kMaxLength, " is supported on CUDA");
  if (p.draft_length > kMaxLength) {
    not_supported("tree_mask", "draft_length is ", p.draft_length, "; up to ", kMaxLength, " is supported on CUDA");
  }
}

void check_forward_size(const Device&, const Problem& p) {
  // In this order no product overflows, and what does not exist takes no blocks.
  if (p.batch == 0 || p.heads_q == 0 || p.seq_q == 0) return;
  if (p.heads_q > kMaxBlocks || p.batch > kMaxBlocks / p.heads_q || plan_forward(p).blocks > kMaxBlocks) {
    not_supported("query", "batch * heads_q * seq_q of shape ", shape_text(p.query), " needs more than ", kMaxBlocks,
                  " thread blocks");
  }
}

std::uint64_t forward_workspace(Device&, const Problem&) { return 0; }

void forward(Device&, Stream& stream, const Problem& problem, void*) {
  const LaunchPlan plan = plan_forward(problem);
  if (plan.blocks == 0) return;
  const TileSize& tile = plan.instantiation->tile;
  const ki::cuda::Kernel kernel{plan.instantiation->module, "attention_forward", static_cast<unsigned>(tile.threads()),
                                static_cast<unsigned>(tile.shared_bytes())};
  ki::cuda::launch(stream, kernel, {static_cast<unsigned>(plan.blocks)}, &plan.params, plan.params_bytes);
}

}  // namespace ki::attention::cuda
