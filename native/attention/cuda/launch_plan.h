// What a forward problem becomes on the device: which kernel, how many blocks, and what it is given. Nothing here needs a
// device.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/instantiations.h"
#include "attention/problem.h"

namespace ki::attention::cuda {

struct LaunchPlan {
  const Instantiation* instantiation;
  ForwardParams params;
  std::int64_t blocks;  // of a one-dimensional grid: the other dimensions stop at 65,535
};

LaunchPlan plan_forward(const Problem& problem);

}  // namespace ki::attention::cuda
