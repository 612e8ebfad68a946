// A long convolution with a plan's filters, or with the filters turned round, of a problem that is known to be valid.
#pragma once

#include "long_convolution/cuda/convolve_plan.h"
#include "long_convolution/cuda/cuda_plan.h"

namespace ki::long_convolution::cuda {

// The state is read, and not written.
std::uint64_t convolve_workspace(const CudaPlan& plan, const Problem& problem, Side side);
void convolve(Stream& stream, const CudaPlan& plan, const Problem& problem, Side side, void* workspace);

}  // namespace ki::long_convolution::cuda
