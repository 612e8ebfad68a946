// How many points a transform has, and how rows are cut into windows for it. Nothing here needs a device.
#pragma once

#include "long_convolution/cuda/fused_params.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

// Whether one transform holds a whole row of `length`.
bool holds_row(const PlanOptions& options, std::int64_t fft_size, std::int64_t length);

// Points [lead, lead + hop) of a window are right: the first ones miss inputs before the window.
struct WindowStep {
  std::int64_t lead, hop;
};
WindowStep window_step(const PlanOptions& options, std::int64_t fft_size, std::int64_t length);

// The same for the adjoint, which takes gradients of outputs to those of inputs: there the last ones are wrong.
WindowStep adjoint_window_step(const PlanOptions& options, std::int64_t fft_size, std::int64_t length);

// The cheapest size for calls of the plan's length. The caller's, if it has chosen.
std::int64_t choose_fft_size(const PlanOptions& options);

}  // namespace ki::long_convolution::cuda
