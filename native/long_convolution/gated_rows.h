// What the convolutions of rows share: tensors shaped as the input, the skip, and the gradients of both.
#pragma once

#include "core/tensor.h"

namespace ki::long_convolution {

inline constexpr const char* kRowDimensions[] = {"batch", "channels", "length"};
inline constexpr const char* kChannelDimensions[] = {"channels"};

// A tensor of the input's shape and dtype.
Tensor read_rows(const ki_tensor* given, const char* name, const Tensor& input, Addresses addresses);

// The same, or rank 0.
Tensor read_rows_or_none(const ki_tensor* given, const char* name, const Tensor& input, Addresses addresses);

// [channels], float32 or the input's dtype, or rank 0.
Tensor read_skip_or_none(const ki_tensor* given, const Tensor& input, Addresses addresses);

// The gradient of a gate, which must be there, or rank 0.
Tensor read_gate_gradient(const ki_tensor* given, const char* name, const Tensor& gate, const Tensor& input,
                          Addresses addresses);

// [channels] float32, the gradient of a skip, which must be there, or rank 0.
Tensor read_skip_gradient(const ki_tensor* given, const Tensor& skip, Addresses addresses);

}  // namespace ki::long_convolution
