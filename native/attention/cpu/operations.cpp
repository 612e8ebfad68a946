// What the CPU backend offers for attention.
#include <algorithm>

#include "attention/cpu/append.h"
#include "attention/cpu/backward.h"
#include "attention/cpu/combine.h"
#include "attention/cpu/decode.h"
#include "attention/cpu/forward.h"
#include "attention/problem.h"

namespace ki::attention::cpu {
namespace {

void check_forward(const Device&, const Problem&) {}

// The two paths follow one another, and share the memory.
std::uint64_t workspace(Device& device, const Problem& p) {
  return std::max(decode_workspace(device, p), forward_workspace(device, p));
}

void attend(Device& device, Stream& stream, const Problem& p, void* memory) {
  if (p.appends()) append(device, p);
  decode(device, p, memory);
  forward(device, stream, p, memory);
}

void check_backward(const Device&, const BackwardProblem&) {}
void check_combine(const Device&, const CombineProblem&) {}

constexpr Operations kOperations{check_forward,      workspace, attend,        check_backward,
                                 backward_workspace, backward,  check_combine, combine};
const OperationsEntry registration(KI_DEVICE_KIND_CPU, kOperator, &kOperations);

}  // namespace
}  // namespace ki::attention::cpu
