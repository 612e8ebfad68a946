#include "core/checks.h"

#include "core/error.h"
#include "core/overlap.h"

namespace ki {

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

}  // namespace ki
