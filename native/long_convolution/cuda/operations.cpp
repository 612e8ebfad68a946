// What the CUDA backend offers for long convolutions.
#include "long_convolution/cuda/cuda_plan.h"
#include "long_convolution/cuda/filter.h"
#include "long_convolution/cuda/forward.h"

namespace ki::long_convolution::cuda {
namespace {

void check_backward(const Device&, const Plan&, const BackwardProblem&) {
  not_supported("gradients", "are not supported on CUDA yet");
}
std::uint64_t backward_workspace(Device&, const Plan&, const BackwardProblem&) { return 0; }
void backward(Device&, Stream&, const Plan&, const BackwardProblem&, void*) {}

constexpr Operations kOperations{create_plan,       set_filter, set_spectrum,   get_spectrum,       check_forward,
                                 forward_workspace, forward,    check_backward, backward_workspace, backward};
const OperationsEntry registration(KI_DEVICE_KIND_CUDA, kOperator, &kOperations);

}  // namespace
}  // namespace ki::long_convolution::cuda
