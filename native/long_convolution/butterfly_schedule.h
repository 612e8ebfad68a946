// In which order the steps of a butterfly convolution are taken, and what memory they need: the same for all backends.
#pragma once

#include <cstdint>

#include "long_convolution/butterfly_steps.h"

namespace ki::long_convolution {

// How many rows are computed together. It depends on the problem alone, so that sums over rows are formed in one order
// whoever computes them.
struct ButterflyPlan {
  std::int64_t padding;               // channels of a group are padded to a multiple of this
  std::int64_t channels, batch;       // of a group, at the most
  std::int64_t fields, filter_field;  // floats of scratch memory for the groups, and for filters

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(fields + filter_field) * sizeof(float); }
};

// `budget`: bytes of scratch memory to aim at. What a single group of `padding` channels needs may be more.
ButterflyPlan plan_butterfly_forward(const ButterflyProblem& problem, std::int64_t padding, std::int64_t budget);
ButterflyPlan plan_butterfly_backward(const ButterflyProblem& problem, std::int64_t padding, std::int64_t budget);

void run_butterfly_forward(ButterflySteps& steps, const ButterflyProblem& problem, const ButterflyPlan& plan,
                           float* memory);

// All gradients but the skip's.
void run_butterfly_backward(ButterflySteps& steps, const ButterflyBackwardProblem& problem, const ButterflyPlan& plan,
                            float* memory);

}  // namespace ki::long_convolution
