// The host side of the forward pass without a cache.
#pragma once

#include "attention/problem.h"

namespace ki::attention::cuda {

// Refuses what does not fit in 32 bits or in a grid.
void check_forward_size(const Device& device, const Problem& problem);

std::uint64_t forward_workspace(Device& device, const Problem& problem);
void forward(Device& device, Stream& stream, const Problem& problem, void* workspace);

}  // namespace ki::attention::cuda
