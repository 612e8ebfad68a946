// Tensors as the kernels see them: checked once, at the operator's front.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "kernels_interop.h"

namespace ki {

struct Tensor {
  ki_dtype dtype;
  int rank;
  ki_device_kind device_kind;
  int device_ordinal;
  std::byte* data;
  std::array<std::int64_t, KI_MAX_RANK> shape;
  std::array<std::int64_t, KI_MAX_RANK> strides;  // elements; 0 for dimensions of length 0 or 1
  std::int64_t elements;
  std::int64_t span_bytes;  // from the first byte to the one after the last; 0 if there are no elements
};

std::int64_t size_of(ki_dtype dtype);
const char* name_of(ki_dtype dtype);

// `[2, 128, 8, 64]`
std::string shape_text(const Tensor& tensor);

// Whether a tensor that has elements must have an address: to be computed with, yes; to size a workspace, no.
enum class Addresses { required, optional };

// Reads and checks everything that can be checked of one tensor alone; `name` is its name in error messages.
// `dimensions` names the expected ones, such as {"batch", "seq_q", "heads_q", "head_dim"}.
Tensor read_tensor(const ki_tensor* source, const char* name, std::span<const char* const> dimensions,
                   Addresses addresses = Addresses::required);

// Refuses a tensor that is not on the device.
void require_on_device(const Tensor& tensor, const char* name, const ki_device_info& device);

}  // namespace ki
