// Which compiled backward kernels a problem gets: every instantiation stands here, and modules.cmake compiles the same.
#pragma once

#include <array>

#include "attention/cuda/backward_tile.h"
#include "kernels_interop.h"

namespace ki::attention::cuda {

constexpr int element_bytes_of(ki_dtype dtype) { return dtype == KI_DTYPE_FLOAT32 ? 4 : 2; }

struct BackwardInstantiation {
  const char* keys;     // module of the gradients of keys and values
  const char* queries;  // module of the gradient of the queries
  const char* sums;     // module of all three, that of the queries summed by atomics; null if there is none
  ki_dtype dtype;
  bool whole_rows;  // heads have exactly this size, in rows aligned to 16 bytes; otherwise any heads up to it
  bool general;     // scores may be changed by all that a problem can ask for
  int head_dim;

  constexpr KeyGradientTile key_tile(bool sums_queries = false) const {
    return dtype == KI_DTYPE_FLOAT32 ? float32_key_gradient_tile(head_dim)
           : general                 ? general_key_gradient_tile(head_dim)
                                     : whole_key_gradient_tile(head_dim, sums_queries);
  }
  constexpr QueryGradientTile query_tile() const { return query_gradient_tile(head_dim, element_bytes_of(dtype)); }
};

#define KI_BACKWARD(dtype, name, sums, whole_rows, general, head_dim)                                               \
  BackwardInstantiation {                                                                                           \
    "attention_backward_keys_" name, "attention_backward_queries_" name, sums, dtype, whole_rows, general, head_dim \
  }

inline constexpr std::array kBackwardInstantiations{
    KI_BACKWARD(KI_DTYPE_FLOAT16, "f16_d64", "attention_backward_sums_f16_d64", true, false, 64),
    KI_BACKWARD(KI_DTYPE_FLOAT16, "f16_d128", "attention_backward_sums_f16_d128", true, false, 128),
    KI_BACKWARD(KI_DTYPE_FLOAT16, "f16_d64_general", nullptr, true, true, 64),
    KI_BACKWARD(KI_DTYPE_FLOAT16, "f16_d128_general", nullptr, true, true, 128),
    KI_BACKWARD(KI_DTYPE_FLOAT16, "f16_any64", nullptr, false, true, 64),
    KI_BACKWARD(KI_DTYPE_FLOAT16, "f16_any128", nullptr, false, true, 128),
    KI_BACKWARD(KI_DTYPE_FLOAT16, "f16_any256", nullptr, false, true, 256),
    KI_BACKWARD(KI_DTYPE_BFLOAT16, "bf16_d64", "attention_backward_sums_bf16_d64", true, false, 64),
    KI_BACKWARD(KI_DTYPE_BFLOAT16, "bf16_d128", "attention_backward_sums_bf16_d128", true, false, 128),
    KI_BACKWARD(KI_DTYPE_BFLOAT16, "bf16_d64_general", nullptr, true, true, 64),
    KI_BACKWARD(KI_DTYPE_BFLOAT16, "bf16_d128_general", nullptr, true, true, 128),
    KI_BACKWARD(KI_DTYPE_BFLOAT16, "bf16_any64", nullptr, false, true, 64),
    KI_BACKWARD(KI_DTYPE_BFLOAT16, "bf16_any128", nullptr, false, true, 128),
    KI_BACKWARD(KI_DTYPE_BFLOAT16, "bf16_any256", nullptr, false, true, 256),
    KI_BACKWARD(KI_DTYPE_FLOAT32, "f32_any64", nullptr, false, true, 64),
    KI_BACKWARD(KI_DTYPE_FLOAT32, "f32_any128", nullptr, false, true, 128),
    KI_BACKWARD(KI_DTYPE_FLOAT32, "f32_any256", nullptr, false, true, 256),
};

#undef KI_BACKWARD

// The gradient of the bias, for any heads up to this size.
struct BiasGradientInstantiation {
  const char* module;
  ki_dtype dtype;
  int head_dim;

  constexpr BiasGradientTile tile() const { return bias_gradient_tile(head_dim, element_bytes_of(dtype)); }
};

inline constexpr std::array kBiasGradientInstantiations{
    BiasGradientInstantiation{"attention_backward_bias_f16_any64", KI_DTYPE_FLOAT16, 64},
    BiasGradientInstantiation{"attention_backward_bias_f16_any128", KI_DTYPE_FLOAT16, 128},
    BiasGradientInstantiation{"attention_backward_bias_f16_any256", KI_DTYPE_FLOAT16, 256},
    BiasGradientInstantiation{"attention_backward_bias_bf16_any64", KI_DTYPE_BFLOAT16, 64},
    BiasGradientInstantiation{"attention_backward_bias_bf16_any128", KI_DTYPE_BFLOAT16, 128},
    BiasGradientInstantiation{"attention_backward_bias_bf16_any256", KI_DTYPE_BFLOAT16, 256},
    BiasGradientInstantiation{"attention_backward_bias_f32_any64", KI_DTYPE_FLOAT32, 64},
    BiasGradientInstantiation{"attention_backward_bias_f32_any128", KI_DTYPE_FLOAT32, 128},
    BiasGradientInstantiation{"attention_backward_bias_f32_any256", KI_DTYPE_FLOAT32, 256},
};

constexpr const char* row_sums_module(ki_dtype dtype) {
  return dtype == KI_DTYPE_FLOAT16    ? "attention_backward_rows_f16"
         : dtype == KI_DTYPE_BFLOAT16 ? "attention_backward_rows_bf16"
                                      : "attention_backward_rows_f32";
}

constexpr const char* finish_module(ki_dtype dtype) {
  return dtype == KI_DTYPE_FLOAT16 ? "attention_backward_finish_f16" : "attention_backward_finish_bf16";
}

// The first that fits; the list goes from the fastest to the most general. `alignment` divides the addresses of all
// rows.
constexpr const BackwardInstantiation* find_backward_instantiation(ki_dtype dtype, int head_dim, int head_dim_v,
                                                                   int alignment, bool general) {
  const int widest = head_dim > head_dim_v ? head_dim : head_dim_v;
  for (const BackwardInstantiation& candidate : kBackwardInstantiations) {
    const int columns = candidate.head_dim;
    const bool fits =
        candidate.whole_rows ? head_dim == columns && head_dim_v == columns && alignment == 16 : widest <= columns;
    if (candidate.dtype == dtype && fits && (candidate.general || !general)) return &candidate;
  }
  return nullptr;
}

constexpr const BiasGradientInstantiation* find_bias_gradient_instantiation(ki_dtype dtype, int head_dim,
                                                                            int head_dim_v) {
  const int widest = head_dim > head_dim_v ? head_dim : head_dim_v;
  for (const BiasGradientInstantiation& candidate : kBiasGradientInstantiations) {
    if (candidate.dtype == dtype && widest <= candidate.head_dim) return &candidate;
  }
  return nullptr;
}

}  // namespace ki::attention::cuda
