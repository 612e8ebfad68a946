// Single elements of tensors as floats.
#pragma once

#include <bit>
#include <cstdint>

#include "core/tensor.h"

namespace ki::long_convolution::cpu {

// Exact, subnormal numbers, infinities and NaN included.
inline float float16_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, rest = bits & 0x7FFFu;
  if (rest >= 0x7C00u) return std::bit_cast<float>(sign | 0x7F800000u | (rest & 0x3FFu) << 13);
  // The exponent's bias is 112 more in float32; scaling by 2^112 makes up for it and normalises what is subnormal.
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(std::bit_cast<float>(rest << 13) * 0x1p112f));
}

// What lies `offset` elements behind the tensor's first.
inline float element(const Tensor& tensor, std::int64_t offset) {
  if (tensor.dtype == KI_DTYPE_FLOAT32) return reinterpret_cast<const float*>(tensor.data)[offset];
  const std::uint16_t bits = reinterpret_cast<const std::uint16_t*>(tensor.data)[offset];
  if (tensor.dtype == KI_DTYPE_FLOAT16) return float16_to_float(bits);
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

// Element i of a tensor of rank 1.
inline float scalar(const Tensor& tensor, std::int64_t i) { return element(tensor, i * tensor.strides[0]); }

}  // namespace ki::long_convolution::cpu
