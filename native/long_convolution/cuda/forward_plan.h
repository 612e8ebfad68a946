// What a problem becomes on the device: which kernel, how many blocks, and what it is given. Nothing here needs a device.
#pragma once

#include "long_convolution/cuda/fused_instantiations.h"
#include "long_convolution/cuda/fused_params.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

struct FusedPlan {
  const FusedInstantiation* instantiation;
  FusedParams params;   // short of what lies in the plan's memory
  std::int64_t blocks;  // of a one-dimensional grid
};

// Throws not-supported if there are more windows than a grid has room for.
Windows cut_windows(const PlanOptions& options, std::int64_t fft_size, const Problem& problem);

FusedPlan plan_fused(const PlanOptions& options, std::int64_t fft_size, const Problem& problem);

}  // namespace ki::long_convolution::cuda
