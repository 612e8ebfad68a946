#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels_interop.h"
#include "support/half_types.h"

namespace ki::test {

inline const char* dtype_name(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return "f32";
    case KI_DTYPE_FLOAT16: return "f16";
    case KI_DTYPE_BFLOAT16: return "bf16";
    case KI_DTYPE_BOOL: return "bool";
    case KI_DTYPE_INT8: return "i8";
    case KI_DTYPE_INT32: return "i32";
  }
  return "unknown";
}

inline std::int64_t element_size(ki_dtype dtype) { return dtype == KI_DTYPE_FLOAT32 ? 4 : 2; }

/// Nearest value of the type, as a float.
inline float round_to(ki_dtype dtype, float x) {
  switch (dtype) {
    case KI_DTYPE_FLOAT16: return round_to_float16(x);
    case KI_DTYPE_BFLOAT16: return round_to_bfloat16(x);
    default: return x;
  }
}

/// Half the distance between neighbours of the type around x: the error of the best rounding.
inline double half_ulp(ki_dtype dtype, double x) {
  switch (dtype) {
    case KI_DTYPE_FLOAT16: return std::max(0x1p-11 * std::fabs(x), 0x1p-25);
    case KI_DTYPE_BFLOAT16: return std::max(0x1p-8 * std::fabs(x), 0x1p-134);
    default: return std::max(0x1p-24 * std::fabs(x), 0x1p-150);
  }
}

inline double load(ki_dtype dtype, const void* address) {
  if (dtype == KI_DTYPE_FLOAT32) {
    float x;
    std::memcpy(&x, address, sizeof(x));
    return x;
  }
  std::uint16_t bits;
  std::memcpy(&bits, address, sizeof(bits));
  return dtype == KI_DTYPE_FLOAT16 ? float16_to_float(bits) : bfloat16_to_float(bits);
}

inline void store(ki_dtype dtype, void* address, double value) {
  const auto x = static_cast<float>(value);
  if (dtype == KI_DTYPE_FLOAT32) {
    std::memcpy(address, &x, sizeof(x));
    return;
  }
  const std::uint16_t bits = dtype == KI_DTYPE_FLOAT16 ? float_to_float16(x) : float_to_bfloat16(x);
  std::memcpy(address, &bits, sizeof(bits));
}

}  // namespace ki::test
