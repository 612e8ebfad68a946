// How the host describes a tensor's rows to kernels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "attention/cuda/forward_params.h"
#include "core/tensor.h"

namespace ki::attention::cuda {

// Of the dimensions that these are.
inline Strides byte_strides(const Tensor& tensor, int batch, int position, int head) {
  const std::int64_t size = size_of(tensor.dtype);
  return {tensor.strides[batch] * size, tensor.strides[position] * size, tensor.strides[head] * size};
}

// The largest power of two, up to 16, that divides the addresses of all rows. Elements are aligned to their own size.
inline std::int32_t row_alignment(const Tensor& tensor) {
  auto bits = reinterpret_cast<std::uintptr_t>(tensor.data) | 16;
  for (int i = 0; i + 1 < tensor.rank; ++i) {
    bits |= static_cast<std::uintptr_t>(tensor.strides[i] * size_of(tensor.dtype));
  }
  return static_cast<std::int32_t>(bits & -bits);
}

// The largest of 16, 4 and 2 that divides the addresses of all rows of some tensors of 2 or 4 bytes an element.
inline std::int32_t row_alignment(std::initializer_list<const Tensor*> tensors) {
  std::int32_t alignment = 16;
  for (const Tensor* tensor : tensors) alignment = std::min(alignment, row_alignment(*tensor));
  return alignment == 8 ? 4 : alignment;
}

// Lanes that share a row, of which each has so many columns: a power of two.
constexpr std::int32_t lanes_per_row(std::int64_t row_columns, int lane_columns) {
  std::int32_t lanes = 1;
  while (lanes * lane_columns < row_columns) lanes *= 2;
  return lanes;
}

}  // namespace ki::attention::cuda
