// The host side of the backward pass.
#pragma once

#include "attention/problem.h"

namespace ki::attention::cuda {

// Refuses what does not fit in 32 bits or in a grid.
void check_backward_size(const Device& device, const BackwardProblem& problem);

std::uint64_t backward_workspace(Device& device, const BackwardProblem& problem);
void backward(Device& device, Stream& stream, const BackwardProblem& problem, void* workspace);

}  // namespace ki::attention::cuda
