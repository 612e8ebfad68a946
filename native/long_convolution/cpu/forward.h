// The forward pass of a long convolution on the CPU.
#pragma once

#include <cstdint>

#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {

std::uint64_t forward_workspace(Device& device, const Plan& plan, const Problem& p);
void forward(Device& device, Stream& stream, const Plan& plan, const Problem& p, void* workspace);

}  // namespace ki::long_convolution::cpu
