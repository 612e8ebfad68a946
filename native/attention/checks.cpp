#include "attention/checks.h"

#include <algorithm>

#include "attention/reader.h"
#include "core/abi.h"

namespace ki::attention {

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

}  // namespace ki::attention
