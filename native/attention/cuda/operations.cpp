// What the CUDA backend offers for attention.
#include "attention/cuda/backward.h"
#include "attention/cuda/combine.h"
#include "attention/cuda/decode.h"
#include "attention/cuda/decode_plan.h"
#include "attention/cuda/forward.h"
#include "attention/problem.h"

namespace ki::attention::cuda {
namespace {

void check_forward(const Device& device, const Problem& p) {
  check_lengths(p);
  takes_decode(p) ? check_decode_size(device, p) : check_forward_size(device, p);
}

std::uint64_t workspace_of_forward(Device& device, const Problem& p) {
  return takes_decode(p) ? decode_workspace(device, p) : forward_workspace(device, p);
}

void run_forward(Device& device, Stream& stream, const Problem& p, void* workspace) {
  takes_decode(p) ? decode(device, stream, p, workspace) : forward(device, stream, p, workspace);
}

constexpr Operations kOperations{check_forward,      workspace_of_forward, run_forward,   check_backward_size,
                                 backward_workspace, backward,             check_combine, combine};
const OperationsEntry registration(KI_DEVICE_KIND_CUDA, kOperator, &kOperations);

}  // namespace
}  // namespace ki::attention::cuda
