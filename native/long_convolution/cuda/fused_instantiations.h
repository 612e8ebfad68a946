// Which compiled kernel a fused transform gets: every instantiation stands here, and modules.cmake compiles the same.
#pragma once

#include <array>

#include "kernels_interop.h"
#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {

struct FusedInstantiation {
  const char* module;
  const char* prepare;  // the module that computes its matrices
  ki_dtype dtype;
  int folds;

  constexpr int shared_bytes() const { return fused_shared_bytes(folds); }
};

inline constexpr std::array kFusedInstantiations{
    FusedInstantiation{"long_convolution_fused_f16_folds1", "long_convolution_prepare_f16", KI_DTYPE_FLOAT16, 1},
    FusedInstantiation{"long_convolution_fused_f16_folds2", "long_convolution_prepare_f16", KI_DTYPE_FLOAT16, 2},
    FusedInstantiation{"long_convolution_fused_f16_folds4", "long_convolution_prepare_f16", KI_DTYPE_FLOAT16, 4},
    FusedInstantiation{"long_convolution_fused_bf16_folds1", "long_convolution_prepare_bf16", KI_DTYPE_BFLOAT16, 1},
    FusedInstantiation{"long_convolution_fused_bf16_folds2", "long_convolution_prepare_bf16", KI_DTYPE_BFLOAT16, 2},
    FusedInstantiation{"long_convolution_fused_bf16_folds4", "long_convolution_prepare_bf16", KI_DTYPE_BFLOAT16, 4},
};

constexpr const FusedInstantiation* find_fused(ki_dtype dtype, int folds) {
  for (const FusedInstantiation& candidate : kFusedInstantiations) {
    if (candidate.dtype == dtype && candidate.folds == folds) return &candidate;
  }
  return nullptr;
}

}  // namespace ki::long_convolution::cuda
