// Which compiled decode kernel a problem gets: every instantiation stands here, and modules.cmake compiles the same.
#pragma once

#include <array>

#include "attention/cuda/decode_size.h"
#include "kernels_interop.h"

namespace ki::attention::cuda {

struct DecodeInstantiation {
  const char* module;
  ki_dtype dtype;  // of queries
  bool int8_keys;  // otherwise of the queries' type; of float32 queries, any
  DecodeSize size;
};

inline constexpr std::array kDecodeInstantiations{
    DecodeInstantiation{"attention_decode_f16_any64", KI_DTYPE_FLOAT16, false, decode_size(64)},
    DecodeInstantiation{"attention_decode_f16_any128", KI_DTYPE_FLOAT16, false, decode_size(128)},
    DecodeInstantiation{"attention_decode_f16_any256", KI_DTYPE_FLOAT16, false, decode_size(256)},
    DecodeInstantiation{"attention_decode_f16_int8_any64", KI_DTYPE_FLOAT16, true, decode_size(64)},
    DecodeInstantiation{"attention_decode_f16_int8_any128", KI_DTYPE_FLOAT16, true, decode_size(128)},
    DecodeInstantiation{"attention_decode_f16_int8_any256", KI_DTYPE_FLOAT16, true, decode_size(256)},
    DecodeInstantiation{"attention_decode_bf16_any64", KI_DTYPE_BFLOAT16, false, decode_size(64)},
    DecodeInstantiation{"attention_decode_bf16_any128", KI_DTYPE_BFLOAT16, false, decode_size(128)},
    DecodeInstantiation{"attention_decode_bf16_any256", KI_DTYPE_BFLOAT16, false, decode_size(256)},
    DecodeInstantiation{"attention_decode_bf16_int8_any64", KI_DTYPE_BFLOAT16, true, decode_size(64)},
    DecodeInstantiation{"attention_decode_bf16_int8_any128", KI_DTYPE_BFLOAT16, true, decode_size(128)},
    DecodeInstantiation{"attention_decode_bf16_int8_any256", KI_DTYPE_BFLOAT16, true, decode_size(256)},
    DecodeInstantiation{"attention_decode_f32_any64", KI_DTYPE_FLOAT32, false, decode_float32_size(64)},
    DecodeInstantiation{"attention_decode_f32_any128", KI_DTYPE_FLOAT32, false, decode_float32_size(128)},
    DecodeInstantiation{"attention_decode_f32_any256", KI_DTYPE_FLOAT32, false, decode_float32_size(256)},
};

// The narrowest that fits. Every valid problem has one.
constexpr const DecodeInstantiation* find_decode_instantiation(ki_dtype dtype, ki_dtype key_dtype, int head_dim,
                                                               int head_dim_v) {
  const int widest = head_dim > head_dim_v ? head_dim : head_dim_v;
  const bool int8_keys = dtype != KI_DTYPE_FLOAT32 && key_dtype == KI_DTYPE_INT8;
  for (const DecodeInstantiation& candidate : kDecodeInstantiations) {
    if (candidate.dtype == dtype && candidate.int8_keys == int8_keys && widest <= candidate.size.head_dim) {
      return &candidate;
    }
  }
  return nullptr;
}

}  // namespace ki::attention::cuda
