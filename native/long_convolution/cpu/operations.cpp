// What the CPU backend offers for long convolutions.
#include "long_convolution/cpu/backward.h"
#include "long_convolution/cpu/filters.h"
#include "long_convolution/cpu/forward.h"
#include "long_convolution/cpu/plan.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {
namespace {

void check_forward(const Device&, const Plan&, const Problem&) {}
void check_backward(const Device&, const Plan&, const BackwardProblem&) {}

constexpr Operations kOperations{create_plan,       set_filter, set_spectrum,   get_spectrum,       check_forward,
                                 forward_workspace, forward,    check_backward, backward_workspace, backward};
const OperationsEntry registration(KI_DEVICE_KIND_CPU, kOperator, &kOperations);

}  // namespace
}  // namespace ki::long_convolution::cpu
