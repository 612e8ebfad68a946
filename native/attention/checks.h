// What the readers of attention's problems share.
#pragma once

#include <cstdint>

#include "core/checks.h"

namespace ki::attention {

// Between 1 and kMaxHeadDim.
void require_head_dim(const Tensor& tensor, const char* name, const char* dimension, std::int64_t length);

// The rank that a caller gave a tensor, for tensors that may have one of two.
int given_rank(const ki_tensor* tensor, const char* name);

// Adds a first dimension of length 1 and stride 0: a packed tensor, or one that all batch entries share.
Tensor with_batch(Tensor tensor);

}  // namespace ki::attention
