// Which compiled kernel a problem gets: every instantiation stands here, and modules.cmake compiles the same.
#pragma once

#include <array>

#include "attention/cuda/tile_size.h"
#include "kernels_interop.h"

namespace ki::attention::cuda {

struct Instantiation {
  const char* module;
  ki_dtype dtype;
  bool general;     // for problems that change scores: GeneralVariant; otherwise PlainVariant
  bool whole_rows;  // heads have exactly this size, in rows aligned to 16 bytes; otherwise any heads up to it
  TileSize tile;
};

inline constexpr std::array kInstantiations{
    Instantiation{"attention_forward_f16_d64", KI_DTYPE_FLOAT16, false, true, whole_tile(64)},
    Instantiation{"attention_forward_f16_d128", KI_DTYPE_FLOAT16, false, true, whole_tile(128)},
    Instantiation{"attention_forward_f16_any32", KI_DTYPE_FLOAT16, false, false, padded_tile(32)},
    Instantiation{"attention_forward_f16_any64", KI_DTYPE_FLOAT16, false, false, padded_tile(64)},
    Instantiation{"attention_forward_f16_any96", KI_DTYPE_FLOAT16, false, false, padded_tile(96)},
    Instantiation{"attention_forward_f16_any128", KI_DTYPE_FLOAT16, false, false, padded_tile(128)},
    Instantiation{"attention_forward_f16_any192", KI_DTYPE_FLOAT16, false, false, padded_tile(192)},
    Instantiation{"attention_forward_f16_any256", KI_DTYPE_FLOAT16, false, false, padded_tile(256)},
    Instantiation{"attention_forward_bf16_d64", KI_DTYPE_BFLOAT16, false, true, whole_tile(64)},
    Instantiation{"attention_forward_bf16_d128", KI_DTYPE_BFLOAT16, false, true, whole_tile(128)},
    Instantiation{"attention_forward_bf16_any32", KI_DTYPE_BFLOAT16, false, false, padded_tile(32)},
    Instantiation{"attention_forward_bf16_any64", KI_DTYPE_BFLOAT16, false, false, padded_tile(64)},
    Instantiation{"attention_forward_bf16_any96", KI_DTYPE_BFLOAT16, false, false, padded_tile(96)},
    Instantiation{"attention_forward_bf16_any128", KI_DTYPE_BFLOAT16, false, false, padded_tile(128)},
    Instantiation{"attention_forward_bf16_any192", KI_DTYPE_BFLOAT16, false, false, padded_tile(192)},
    Instantiation{"attention_forward_bf16_any256", KI_DTYPE_BFLOAT16, false, false, padded_tile(256)},
    Instantiation{"attention_forward_f32_any64", KI_DTYPE_FLOAT32, false, false, float32_tile(64)},
    Instantiation{"attention_forward_f32_any128", KI_DTYPE_FLOAT32, false, false, float32_tile(128)},
    Instantiation{"attention_forward_f32_any256", KI_DTYPE_FLOAT32, false, false, float32_tile(256)},
    Instantiation{"attention_forward_f16_d64_general", KI_DTYPE_FLOAT16, true, true, variant_tile(64)},
    Instantiation{"attention_forward_f16_d128_general", KI_DTYPE_FLOAT16, true, true, variant_tile(128)},
    Instantiation{"attention_forward_f16_any64_general", KI_DTYPE_FLOAT16, true, false, padded_tile(64)},
    Instantiation{"attention_forward_f16_any128_general", KI_DTYPE_FLOAT16, true, false, padded_tile(128)},
    Instantiation{"attention_forward_f16_any256_general", KI_DTYPE_FLOAT16, true, false, padded_tile(256)},
    Instantiation{"attention_forward_bf16_d64_general", KI_DTYPE_BFLOAT16, true, true, variant_tile(64)},
    Instantiation{"attention_forward_bf16_d128_general", KI_DTYPE_BFLOAT16, true, true, variant_tile(128)},
    Instantiation{"attention_forward_bf16_any64_general", KI_DTYPE_BFLOAT16, true, false, padded_tile(64)},
    Instantiation{"attention_forward_bf16_any128_general", KI_DTYPE_BFLOAT16, true, false, padded_tile(128)},
    Instantiation{"attention_forward_bf16_any256_general", KI_DTYPE_BFLOAT16, true, false, padded_tile(256)},
    Instantiation{"attention_forward_f32_any64_general", KI_DTYPE_FLOAT32, true, false, float32_tile(64)},
    Instantiation{"attention_forward_f32_any128_general", KI_DTYPE_FLOAT32, true, false, float32_tile(128)},
    Instantiation{"attention_forward_f32_any256_general", KI_DTYPE_FLOAT32, true, false, float32_tile(256)},
};

// The first that fits; the list goes from the narrowest to the widest, the fastest first. `alignment` divides the addresses
// of all rows. Every valid problem has one.
constexpr const Instantiation* find_instantiation(ki_dtype dtype, bool general, int head_dim, int head_dim_v,
                                                  int alignment) {
  const int widest = head_dim > head_dim_v ? head_dim : head_dim_v;
  for (const Instantiation& candidate : kInstantiations) {
    const int columns = candidate.tile.head_dim;
    const bool fits =
        candidate.whole_rows ? head_dim == columns && head_dim_v == columns && alignment == 16 : widest <= columns;
    if (candidate.dtype == dtype && candidate.general == general && fits) return &candidate;
  }
  return nullptr;
}

}  // namespace ki::attention::cuda
