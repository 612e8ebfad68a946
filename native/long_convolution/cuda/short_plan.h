// The host side of short convolutions on CUDA.
#pragma once

#include <cstdint>

#include "long_convolution/cuda/short_params.h"
#include "long_convolution/short_problem.h"

namespace ki::long_convolution::cuda {

// A launch's blocks and, for the passes, the shared memory of one.
struct PassLaunch {
  ShortPassParams params;
  std::int64_t blocks;
  unsigned shared_bytes;
};

PassLaunch plan_forward(const ShortProblem& problem);
PassLaunch plan_grad_input(const ShortBackwardProblem& problem);

struct SumsLaunch {
  ShortSumsParams params;
  std::int64_t slices, blocks;

  std::int64_t floats() const { return slices * params.channels * (params.width + 1); }
};

SumsLaunch plan_sums(const ShortBackwardProblem& problem);

// Refuses what does not fit in a grid.
void check_short_size(const Device& device, const ShortProblem& problem);
void check_short_backward_size(const Device& device, const ShortBackwardProblem& problem);

void short_forward(Device& device, Stream& stream, const ShortProblem& problem);
std::uint64_t short_backward_workspace(Device& device, const ShortBackwardProblem& problem);
void short_backward(Device& device, Stream& stream, const ShortBackwardProblem& problem, void* workspace);

}  // namespace ki::long_convolution::cuda
