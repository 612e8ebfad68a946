// Where an element of a tensor is.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace ki::attention::cpu {

// The element at the first indices; those left out are 0.
template <class T, class... Index>
T* at(const Tensor& tensor, Index... indices) {
  std::int64_t offset = 0;
  int dimension = 0;
  ((offset += std::int64_t{indices} * tensor.strides[dimension++]), ...);
  return reinterpret_cast<T*>(tensor.data) + offset;
}

}  // namespace ki::attention::cpu
