// The host side of combining parts of attention.
#pragma once

#include "attention/cuda/combine_params.h"
#include "attention/problem.h"

namespace ki::attention::cuda {

// Refuses what does not fit in a grid.
void check_combine(const Device& device, const CombineProblem& problem);

void combine(Device& device, Stream& stream, const CombineProblem& problem);

// `positions`: of packed sequences, how many exist, on the device; null: all.
void launch_combine(Stream& stream, const CombineProblem& problem, const std::int32_t* positions);

CombineParams plan_combine(const CombineProblem& problem);

}  // namespace ki::attention::cuda
