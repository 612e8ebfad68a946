// The host side of attention over a cache, and of few queries.
#pragma once

#include "attention/problem.h"

namespace ki::attention::cuda {

// Refuses what does not fit in 32 bits or in a grid. Lengths are checked before.
void check_decode_size(const Device& device, const Problem& problem);

std::uint64_t decode_workspace(Device& device, const Problem& problem);

// Appends what is to be appended, and computes.
void decode(Device& device, Stream& stream, const Problem& problem, void* workspace);

}  // namespace ki::attention::cuda
