// Whether tensors may share memory with what a kernel writes.
#pragma once

#include "core/tensor.h"

namespace ki {

// True if no two elements of the tensor share a byte, as far as that can be proved by nesting its strides.
bool is_self_disjoint(const Tensor& tensor);

// True if the tensors share no byte, as far as that can be proved: one has no address yet, their address ranges are apart, or
// they are interleaved windows of one repeating pattern (q, k and v side by side in the rows of one matrix).
bool are_disjoint(const Tensor& a, const Tensor& b);

// Refuses an output that overlaps itself or the other tensor.
void require_self_disjoint(const Tensor& output, const char* name);
void require_disjoint(const Tensor& output, const char* output_name, const Tensor& other, const char* other_name);

}  // namespace ki
