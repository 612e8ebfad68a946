// The backward pass of a long convolution.
#pragma once

#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

void check_backward(const Device& device, const Plan& plan, const BackwardProblem& problem);
std::uint64_t backward_workspace(Device& device, const Plan& plan, const BackwardProblem& problem);
void backward(Device& device, Stream& stream, const Plan& plan, const BackwardProblem& problem, void* workspace);

}  // namespace ki::long_convolution::cuda
