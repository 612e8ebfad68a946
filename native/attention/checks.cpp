#include "attention/checks.h"

#include <algorithm>

#include "attention/reader.h"
#include "core/abi.h"
#include "core/overlap.h"

namespace ki::attention {

void require_length(const Tensor& tensor, const char* name, int dimension, const Expected& expected) {
  if (tensor.shape[dimension] == expected.length) return;
  refuse(name, expected.dimension, " is ", tensor.shape[dimension], " in shape ", shape_text(tensor), ", and ",
         expected.length, " in ", expected.set_by, " of shape ", shape_text(expected.setter));
}

void require_length_or_one(const Tensor& tensor, const char* name, int dimension, const Expected& expected) {
  if (tensor.shape[dimension] != 1) require_length(tensor, name, dimension, expected);
}

void require_shape_of(const Tensor& tensor, const char* name, std::span<const char* const> dimensions,
                      const Tensor& like, const char* like_name) {
  for (int i = 0; i < like.rank; ++i) require_length(tensor, name, i, {dimensions[i], like.shape[i], like_name, like});
}

void require_dtype(const Tensor& tensor, const char* name, ki_dtype expected, const char* why) {
  if (tensor.dtype == expected) return;
  refuse(name, "dtype is ", name_of(tensor.dtype), ", expected ", name_of(expected), why);
}

void require_float(const Tensor& tensor, const char* name) {
  if (tensor.dtype == KI_DTYPE_FLOAT32 || tensor.dtype == KI_DTYPE_FLOAT16 || tensor.dtype == KI_DTYPE_BFLOAT16) return;
  refuse(name, "dtype is ", name_of(tensor.dtype), ", expected float32, float16 or bfloat16");
}

void require_head_dim(const Tensor& tensor, const char* name, const char* dimension, std::int64_t length) {
  if (length < 1) refuse(name, dimension, " is ", length, " in shape ", shape_text(tensor), "; it must be at least 1");
  if (length > kMaxHeadDim) {
    not_supported(name, dimension, " is ", length, " in shape ", shape_text(tensor), "; up to ", kMaxHeadDim,
                  " is supported");
  }
}

void check_batch(const Problem& p, const Tensor& tensor, const char* name, std::int64_t extra) {
  if (tensor.rank == 0 || tensor.shape[0] == p.batch + extra) return;
  refuse(name, "has ", tensor.shape[0], " elements along its first dimension, and the batch of ", p.batch, " needs ",
         p.batch + extra);
}

int given_rank(const ki_tensor* tensor, const char* name) { return read_struct(tensor, name).rank; }

Tensor with_batch(Tensor tensor) {
  std::copy_backward(tensor.shape.begin(), tensor.shape.begin() + tensor.rank, tensor.shape.begin() + tensor.rank + 1);
  std::copy_backward(tensor.strides.begin(), tensor.strides.begin() + tensor.rank,
                     tensor.strides.begin() + tensor.rank + 1);
  tensor.shape[0] = 1;
  tensor.strides[0] = 0;
  ++tensor.rank;
  return tensor;
}

void check_placement(std::span<const NamedTensor> tensors, const ki_device_info& device) {
  for (const NamedTensor& each : tensors) {
    if (each.tensor->rank > 0) require_on_device(*each.tensor, each.name, device);
  }
  for (const NamedTensor& output : tensors) {
    if (!output.written || output.tensor->rank == 0) continue;
    require_self_disjoint(*output.tensor, output.name);
    for (const NamedTensor& other : tensors) {
      if (&other == &output || other.tensor->rank == 0) continue;
      if (other.written && &other > &output) continue;  // met when it is the other's turn
      require_disjoint(*output.tensor, output.name, *other.tensor, other.name);
    }
  }
}

}  // namespace ki::attention
