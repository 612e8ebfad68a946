// What the kernels of the backward pass are given: plain structs that host and device share.
#pragma once

#include <cstdint>

#include "long_convolution/cuda/rows_params.h"

namespace ki::long_convolution::cuda {

// Products of the spectra of inputs and of gradients of outputs, summed over the pairs of a channel.
struct ProductParams {
  const float *inputs, *gradients;  // [channels of this launch, pairs, points, 2]
  float* sums;                      // [channels of this launch, points, 2]
  std::int64_t pairs;
  std::int32_t points;
  bool accumulate;  // add to what the sums hold
};

// Makes ready for the inverse transform what the sums are then: masks them and exchanges their parts.
struct MaskParams {
  float* sums;  // [channels of this launch, points, 2]
  const std::uint8_t* mask;
  std::int64_t frequency_block;
  std::int32_t mask_blocks;
  std::int32_t points;
};

// The gradients of taps from their transform.
struct FilterGradientParams {
  const float* sums;                            // [channels of this launch, points, 2]
  float* gradient;                              // [channels of this launch, filter_length]
  const void* filter;                           // null: the plan does not squash
  std::int64_t gradient_stride, filter_stride;  // of a channel, elements
  std::int64_t filter_length;
  std::int64_t period;  // taps that were transformed; a circular filter's others fold there, another's get 0
  std::int32_t points;
  float squash;
  bool circular;
};

struct SkipGradientParams {
  Rows input, grad_output;
  float* gradient;  // [channels]
  std::int64_t gradient_stride;
  std::int64_t batch, length;
};

}  // namespace ki::long_convolution::cuda
