// What the CPU backend offers for attention.
#include "attention/cpu/backward.h"
#include "attention/cpu/combine.h"
#include "attention/cpu/forward.h"
#include "attention/problem.h"

namespace ki::attention::cpu {
namespace {

// A feature that a problem asks for, and the argument that asks.
struct Feature {
  bool wanted;
  const char* argument;
};

void check_forward(const Device&, const Problem& p) {
  const Feature missing[] = {
      {p.split_count > 1, "problem.split_count"},
      {p.key.dtype == KI_DTYPE_INT8, "key"},
      {p.cache.block_table.rank > 0, "block_table"},
      {p.cache.cache_slots.rank > 0, "cache_slots"},
      {p.cache.new_key.rank > 0, "new_key"},
      {p.cache.rotary_dim > 0, "rotary_cos"},
  };
  for (const Feature& feature : missing) {
    if (feature.wanted) not_supported(feature.argument, "is not supported by this device yet");
  }
}

void check_backward(const Device&, const BackwardProblem&) {}
void check_combine(const Device&, const CombineProblem&) {}

constexpr Operations kOperations{check_forward,      forward_workspace, forward,       check_backward,
                                 backward_workspace, backward,          check_combine, combine};
const OperationsEntry registration(KI_DEVICE_KIND_CPU, kOperator, &kOperations);

}  // namespace
}  // namespace ki::attention::cpu
