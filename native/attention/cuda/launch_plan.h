// What a forward problem becomes on the device: which kernel, how many blocks, and what it is given. Nothing here needs a
// device.
#pragma once

#include <cstddef>

#include "attention/cuda/forward_params.h"
#include "attention/cuda/general_params.h"
#include "attention/cuda/instantiations.h"
#include "attention/problem.h"

namespace ki::attention::cuda {

struct LaunchPlan {
  const Instantiation* instantiation;
  KernelParams<GeneralParams> params;
  std::size_t params_bytes;  // that the kernel takes: a plain one only the first
  std::int64_t blocks;       // of a one-dimensional grid: the other dimensions stop at 65,535
};

// Its two halves, for a kernel with a variant that is in no list.
ForwardParams forward_params(const Problem& problem, const TileSize& tile);
std::int64_t forward_blocks(const Problem& problem, const ForwardParams& params);

LaunchPlan plan_forward(const Problem& problem);

}  // namespace ki::attention::cuda
