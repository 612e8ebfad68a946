// The filters and biases of a short convolution as its kernels read them: float32, by channels.
#pragma once

#include "long_convolution/cpu/short.h"

namespace ki::long_convolution::cpu {

Shape shape_of(const ShortProblem& problem);

enum class TapOrder { forward, reversed };

// floats_of(shape, width) floats. A vector may read beyond the last channel, to the end of its block.
void pack_taps(const ShortProblem& problem, TapOrder order, float* to);

// floats_of(shape, 1) floats; zeros if there is no bias.
void pack_bias(const ShortProblem& problem, float* to);

}  // namespace ki::long_convolution::cpu
