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

inline std::int64_t element_size(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT32:
    case KI_DTYPE_INT32: return 4;
    case KI_DTYPE_BOOL:
    case KI_DTYPE_INT8: return 1;
    default: return 2;
  }
}

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

template <class T>
T load_as(const void* address) {
  T x;
  std::memcpy(&x, address, sizeof(x));
  return x;
}

template <class T>
void store_as(void* address, T x) {
  std::memcpy(address, &x, sizeof(x));
}

inline double load(ki_dtype dtype, const void* address) {
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return load_as<float>(address);
    case KI_DTYPE_FLOAT16: return float16_to_float(load_as<std::uint16_t>(address));
    case KI_DTYPE_BFLOAT16: return bfloat16_to_float(load_as<std::uint16_t>(address));
    case KI_DTYPE_INT32: return load_as<std::int32_t>(address);
    case KI_DTYPE_INT8: return load_as<std::int8_t>(address);
    case KI_DTYPE_BOOL: return load_as<std::uint8_t>(address);
  }
  return 0;
}

/// Integers are stored as they are; a NaN that has no place in them becomes their largest value.
inline void store(ki_dtype dtype, void* address, double value) {
  const bool is_nan = std::isnan(value);
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return store_as(address, static_cast<float>(value));
    case KI_DTYPE_FLOAT16: return store_as(address, float_to_float16(static_cast<float>(value)));
    case KI_DTYPE_BFLOAT16: return store_as(address, float_to_bfloat16(static_cast<float>(value)));
    case KI_DTYPE_INT32: return store_as(address, is_nan ? INT32_MAX : static_cast<std::int32_t>(value));
    case KI_DTYPE_INT8: return store_as(address, is_nan ? std::int8_t{127} : static_cast<std::int8_t>(value));
    case KI_DTYPE_BOOL: return store_as(address, is_nan ? std::uint8_t{255} : static_cast<std::uint8_t>(value));
  }
}

}  // namespace ki::test
