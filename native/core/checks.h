// What the readers of problems share: checks of one tensor against another, and of where tensors lie.
#pragma once

#include <cstdint>
#include <span>

#include "core/tensor.h"

namespace ki {

// A tensor's dimension must have the length that another tensor has set.
struct Expected {
  const char* dimension;
  std::int64_t length;
  const char* set_by;
  const Tensor& setter;
};

void require_length(const Tensor& tensor, const char* name, int dimension, const Expected& expected);

// The same, or 1.
void require_length_or_one(const Tensor& tensor, const char* name, int dimension, const Expected& expected);

// `shape` and `like`'s shape must be the same; `dimensions` names them.
void require_shape_of(const Tensor& tensor, const char* name, std::span<const char* const> dimensions,
                      const Tensor& like, const char* like_name);

void require_dtype(const Tensor& tensor, const char* name, ki_dtype expected, const char* why = "");

// Refuses what is not float32, float16 or bfloat16.
void require_float(const Tensor& tensor, const char* name);

// A tensor of a problem, for the checks that concern all.
struct NamedTensor {
  const Tensor* tensor;  // rank 0 if absent
  const char* name;
  bool written;
};

// Every tensor is on the device, and what is written overlaps nothing.
void check_placement(std::span<const NamedTensor> tensors, const ki_device_info& device);

}  // namespace ki
