// The host side of the forward pass without a cache.
#pragma once

#include "attention/problem.h"

namespace ki::attention::cuda {

// Refuses what does not fit in 32 bits.
void check_lengths(const Problem& problem);

// Refuses what does not fit in a grid. Lengths are checked before.
void check_forward_size(const Device& device, const Problem& problem);

std::uint64_t forward_workspace(Device& device, const Problem& problem);
void forward(Device& device, Stream& stream, const Problem& problem, void* workspace);

}  // namespace ki::attention::cuda
