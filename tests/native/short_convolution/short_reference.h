#pragma once

#include "short_convolution/short_case.h"
#include "support/tolerance.h"

namespace ki::test {

/// The output in double precision, straight from the formula; what lies before the first input and the state is 0.
Expected short_convolution(const ShortData& data);

struct ShortGradients {
  Expected input, filter, bias;
};

/// The gradients of sum(output * grad_output).
ShortGradients short_gradients(const ShortData& data);

}  // namespace ki::test
