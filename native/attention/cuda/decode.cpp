#include "attention/cuda/decode.h"

#include <limits>

#include "attention/cuda/append.h"
#include "attention/cuda/combine.h"
#include "attention/cuda/decode_plan.h"
#include "cuda/launch.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();  // blocks of a grid's first dimension

void require_up_to(std::int64_t limit, std::int64_t length, const char* argument, const char* what) {
  if (length > limit) not_supported(argument, "has ", length, " ", what, "; up to ", limit, " are supported on CUDA");
}

}  // namespace

void check_decode_size(const Device& device, const Problem& p) {
  check_append_size(p);
  require_up_to(kMost, p.key.shape[0], "key", "entries along its first dimension");
  require_up_to(kMost, p.key.shape[1], "key", "rows in an entry");
  if (p.cache.new_key.rank > 0)
    require_up_to(kMaxLength, p.cache.new_key.shape[1], "new_key", "new keys of a sequence");
  if (p.batch == 0 || p.heads_q == 0 || p.total_q == 0) return;
  // In this order no product overflows. A block takes at least one row.
  const bool countable = p.heads_q <= kMost && p.batch <= kMost / p.heads_q && p.total_q <= kMost / p.heads_q;
  if (!countable || plan_decode(p, device.info().parallelism).blocks > kMost) {
    not_supported("query", "batch * heads_q * seq_q of shape ", shape_text(p.query), " needs more than ", kMost,
                  " thread blocks");
  }
}

std::uint64_t decode_workspace(Device& device, const Problem& p) {
  const DecodePlan plan = plan_decode(p, device.info().parallelism);
  return plan.blocks == 0 ? 0 : decode_workspace_bytes(p, plan.params.splits);
}

void decode(Device& device, Stream& stream, const Problem& p, void* workspace) {
  append(stream, p);
  DecodePlan plan = plan_decode(p, device.info().parallelism);
  if (plan.blocks == 0) return;
  const DecodeSize& size = plan.instantiation->size;
  const ki::cuda::Kernel kernel{plan.instantiation->module, "attention_decode", static_cast<unsigned>(size.threads()),
                                static_cast<unsigned>(size.shared_bytes())};
  const auto launch = [&] {
    ki::cuda::launch(stream, kernel, {static_cast<unsigned>(plan.blocks)}, &plan.params, sizeof(plan.params));
  };
  if (plan.params.splits == 1) return launch();

  const CombineProblem parts = use_workspace(plan, p, workspace);
  launch();
  const std::int32_t* offsets = plan.params.cache.sequences.cu_seqlens_q;
  launch_combine(stream, parts, offsets == nullptr ? nullptr : offsets + p.batch);
}

}  // namespace ki::attention::cuda
