// What the CPU backend offers for short convolutions.
#include "long_convolution/cpu/short.h"

namespace ki::long_convolution::cpu {
namespace {

void check_forward(const Device&, const ShortProblem&) {}
void check_backward(const Device&, const ShortBackwardProblem&) {}

constexpr ShortOperations kOperations{check_forward, short_forward, check_backward, short_backward_workspace,
                                      short_backward};
const OperationsEntry registration(KI_DEVICE_KIND_CPU, kShortOperator, &kOperations);

}  // namespace
}  // namespace ki::long_convolution::cpu
