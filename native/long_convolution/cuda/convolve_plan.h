// What a convolution becomes on the device: which kernel, how many blocks, and what it is given. Nothing here needs a device.
#pragma once

#include "long_convolution/cuda/fused_instantiations.h"
#include "long_convolution/cuda/fused_params.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

// With the filter, or with the filter turned round: what takes gradients of outputs to gradients of inputs.
enum class Side { filter, adjoint };

Rows rows_of(const Tensor& tensor);

// Throws not-supported if there are more windows than a grid has room for.
Windows cut_windows(const PlanOptions& options, std::int64_t fft_size, const Problem& problem, Side side);

// Everything but what lies in the plan's memory.
FusedParams convolution_params(const PlanOptions& options, std::int64_t fft_size, const Problem& problem, Side side);

struct FusedPlan {
  const FusedInstantiation* instantiation;
  std::int64_t blocks;  // of a one-dimensional grid
};
FusedPlan plan_fused(std::int64_t fft_size, ki_dtype dtype, const Windows& windows);

}  // namespace ki::long_convolution::cuda
