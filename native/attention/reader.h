// How the tensors of a caller's struct are read, and the readers that a problem is made of.
#pragma once

#include <cstdint>
#include <span>

#include "attention/checks.h"
#include "attention/problem.h"

namespace ki::attention {

inline constexpr const char* kOffsetDimensions[] = {"batch + 1"};
inline constexpr const char* kBatchDimensions[] = {"batch"};

// Reads one caller's struct of tensors.
class Reader {
 public:
  explicit Reader(Addresses addresses) : addresses_(addresses) {}

  Tensor required(const ki_tensor* given, const char* name, std::span<const char* const> dimensions) const {
    return read_tensor(given, name, dimensions, addresses_);
  }
  Tensor optional(const ki_tensor* given, const char* name, std::span<const char* const> dimensions) const {
    return given == nullptr ? Tensor{} : required(given, name, dimensions);
  }
  Tensor packed(const ki_tensor* given, const char* name, std::span<const char* const> dimensions) const {
    return with_batch(required(given, name, dimensions));
  }
  Tensor indices(const ki_tensor* given, const char* name, std::span<const char* const> dimensions) const {
    const Tensor tensor = optional(given, name, dimensions);
    if (tensor.rank > 0) require_dtype(tensor, name, KI_DTYPE_INT32);
    return tensor;
  }

 private:
  Addresses addresses_;
};

// A tensor's first dimension must be the batch, with `extra` elements more.
void check_batch(const Problem& p, const Tensor& tensor, const char* name, std::int64_t extra = 0);

// The cache alone, before key and value are known.
Cache read_cache(const ki_attention_cache& given, const Reader& read, ki_attention_flags flags);

// The cache against key and value; sets what follows from both: page_size, rotary_dim, and the longest sequence.
void check_cache(Problem& p);

}  // namespace ki::attention
