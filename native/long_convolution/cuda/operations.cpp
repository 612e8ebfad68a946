// What the CUDA backend offers for long convolutions.
#include "long_convolution/cuda/backward.h"
#include "long_convolution/cuda/cuda_plan.h"
#include "long_convolution/cuda/filter.h"
#include "long_convolution/cuda/forward.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr Operations kOperations{create_plan,       set_filter, set_spectrum,   get_spectrum,       check_forward,
                                 forward_workspace, forward,    check_backward, backward_workspace, backward};
const OperationsEntry registration(KI_DEVICE_KIND_CUDA, kOperator, &kOperations);

}  // namespace
}  // namespace ki::long_convolution::cuda
