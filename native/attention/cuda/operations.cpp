// What the CUDA backend offers for attention.
#include "attention/cuda/combine.h"
#include "attention/cuda/forward.h"
#include "attention/problem.h"

namespace ki::attention::cuda {
namespace {

// A feature that a problem asks for, and the argument that asks.
struct Feature {
  bool wanted;
  const char* argument;
};

void check_forward(const Device& device, const Problem& p) {
  const Feature missing[] = {
      {p.split_count > 1, "problem.split_count"},
      {p.key.dtype != p.query.dtype, "key"},
      {p.cache.block_table.rank > 0, "block_table"},
      {p.cache.cache_slots.rank > 0, "cache_slots"},
      {p.cache.new_key.rank > 0, "new_key"},
      {p.cache.rotary_dim > 0, "rotary_cos"},
  };
  for (const Feature& feature : missing) {
    if (feature.wanted) not_supported(feature.argument, "is not supported by this device yet");
  }
  check_forward_size(device, p);
}

void check_backward(const Device&, const BackwardProblem&) {
  not_supported("gradients", "are not supported by this device yet");
}
std::uint64_t backward_workspace(Device&, const BackwardProblem&) { return 0; }
void backward(Device&, Stream&, const BackwardProblem&, void*) {}

constexpr Operations kOperations{check_forward,      forward_workspace, forward,       check_backward,
                                 backward_workspace, backward,          check_combine, combine};
const OperationsEntry registration(KI_DEVICE_KIND_CUDA, kOperator, &kOperations);

}  // namespace
}  // namespace ki::attention::cuda
