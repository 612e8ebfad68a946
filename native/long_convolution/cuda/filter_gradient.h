// The gradient of a long convolution's filters.
#pragma once

#include "long_convolution/cuda/cuda_plan.h"

namespace ki::long_convolution::cuda {

std::uint64_t filter_gradient_workspace(const CudaPlan& plan, const BackwardProblem& problem);
void filter_gradient(Stream& stream, const CudaPlan& plan, const BackwardProblem& problem, void* workspace);

}  // namespace ki::long_convolution::cuda
