#pragma once

#include <cstdint>
#include <initializer_list>

#include "kernels_interop.h"

namespace ki::test {

/// A dense view of CPU memory.
inline ki_tensor dense_view(ki_dtype dtype, void* data, std::initializer_list<std::int64_t> shape) {
  ki_tensor tensor{};
  tensor.struct_size = sizeof(tensor);
  tensor.dtype = dtype;
  tensor.rank = static_cast<std::int32_t>(shape.size());
  tensor.device_kind = KI_DEVICE_KIND_CPU;
  tensor.data = data;
  std::int32_t d = 0;
  for (const std::int64_t length : shape) tensor.shape[d++] = length;
  for (std::int64_t stride = 1; d-- > 0; stride *= tensor.shape[d]) tensor.strides[d] = stride;
  return tensor;
}

}  // namespace ki::test
