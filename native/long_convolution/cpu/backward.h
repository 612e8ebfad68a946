// The backward pass of a long convolution on the CPU.
#pragma once

#include <cstdint>

#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {

std::uint64_t backward_workspace(Device& device, const Plan& plan, const BackwardProblem& p);
void backward(Device& device, Stream& stream, const Plan& plan, const BackwardProblem& p, void* workspace);

}  // namespace ki::long_convolution::cpu
