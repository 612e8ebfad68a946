// A short convolution, checked. Every backend's kernels start from this and assume that it is valid.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "core/tensor.h"

namespace ki::long_convolution {

inline constexpr OperatorId kShortOperator{"short convolution"};
inline constexpr std::int64_t kMaxWidth = 128;

// Where an element (batch, channel, time) of a tensor lies: strides in elements, one of the last two is 1.
struct Places {
  std::int64_t batch, channel, time;
};

// Tensors that are absent have rank 0.
struct ShortProblem {
  Tensor input, output;  // [batch, channels, length] or [batch, length, channels]
  Tensor filter;         // [channels, width], float32 or the input's dtype
  Tensor bias;           // [channels], float32 or the input's dtype
  Tensor state;          // [batch, channels, width - 1] or [batch, width - 1, channels]
  bool channels_last;
  std::int64_t batch, channels, length, width;

  Places places(const Tensor& tensor) const {
    return channels_last ? Places{tensor.strides[0], tensor.strides[2], tensor.strides[1]}
                         : Places{tensor.strides[0], tensor.strides[1], tensor.strides[2]};
  }
};

ShortProblem read_short_problem(const ki_short_convolution_problem* problem, const ki_device_info& device);

// The gradients of a problem, which has no output and no state. Tensors that are absent have rank 0.
struct ShortBackwardProblem {
  ShortProblem forward;
  Tensor grad_output, grad_input;  // shaped as the input
  Tensor grad_filter;              // [channels, width] float32
  Tensor grad_bias;                // [channels] float32
};

ShortBackwardProblem read_short_backward_problem(const ki_short_convolution_problem* problem,
                                                 const ki_short_convolution_gradients* gradients,
                                                 const ki_device_info& device,
                                                 Addresses addresses = Addresses::required);

// What a backend offers for short convolutions. The checks throw not-supported if this device cannot do it.
struct ShortOperations {
  void (*check_forward)(const Device& device, const ShortProblem& problem);
  void (*forward)(Device& device, Stream& stream, const ShortProblem& problem);

  void (*check_backward)(const Device& device, const ShortBackwardProblem& problem);
  std::uint64_t (*backward_workspace)(Device& device, const ShortBackwardProblem& problem);
  void (*backward)(Device& device, Stream& stream, const ShortBackwardProblem& problem, void* workspace);
};

}  // namespace ki::long_convolution
