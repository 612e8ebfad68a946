// The forward pass of a long convolution.
#pragma once

#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

void check_forward(const Device& device, const Plan& plan, const Problem& problem);
std::uint64_t forward_workspace(Device& device, const Plan& plan, const Problem& problem);
void forward(Device& device, Stream& stream, const Plan& plan, const Problem& problem, void* workspace);

}  // namespace ki::long_convolution::cuda
