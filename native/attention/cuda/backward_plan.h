// What a backward problem becomes on the device: which kernels, how many blocks of each, and what they are given.
// Nothing here needs a device.
#pragma once

#include <cstdint>

#include "attention/cuda/backward_instantiations.h"
#include "attention/cuda/backward_params.h"
#include "attention/problem.h"

namespace ki::attention::cuda {

// A grid has one dimension: the others stop at 65,535.
struct Grid {
  std::int64_t blocks;
  std::int64_t tiles;  // for one head; of packed rows for the whole batch
};

struct BackwardPlan {
  const BackwardInstantiation* instantiation;
  const BiasGradientInstantiation* bias;  // null if no gradient of the bias is wanted
  bool sums_queries;                      // whether the gradient of the queries is summed by atomics
  BackwardParams params;                  // without `row_sums`, `query_sums` and `tiles`
  Grid rows, keys, queries;
  std::int64_t bias_blocks;
  std::uint64_t query_sums_at;  // bytes from the begin of the workspace
  std::uint64_t workspace_bytes;
};

BackwardPlan plan_backward(const BackwardProblem& problem);

}  // namespace ki::attention::cuda
