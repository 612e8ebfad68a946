// What all attention kernels are told of a problem, from the problem. Nothing here needs a device.
#pragma once

#include "attention/cuda/general_params.h"
#include "attention/cuda/sequences.h"
#include "attention/cuda/visible_keys.h"
#include "attention/problem.h"

namespace ki::attention::cuda {

// Lengths must not exceed kMaxLength.
Sequences sequences_of(const Problem& problem);
Window window_of(const VisibilityRule& rule);
GeneralParams general_params(const Problem& problem);

// The scale is split in two. Its sign, -1, 0 or 1, multiplies the queries, so that the largest score is the largest one whatever
// the sign. Its magnitude is in the factor below, or in the general variant's `input_scale`.
float query_sign(const Problem& problem);

// What makes exponents of 2 of scores. 1 rather than 0 where the scale is 0, so that -infinity stays what it is.
float softmax_factor(const Problem& problem);

}  // namespace ki::attention::cuda
