// One instantiation of the fused convolution; modules.cmake lists them all.
//   KI_ELEMENT  f16 or bf16
//   KI_FOLDS    lines of a block over 16: 1, 2 or 4
#include "long_convolution/cuda/fused.cuh"

namespace ki::long_convolution::cuda {

using Config = FusedConfig<ptx::KI_ELEMENT, KI_FOLDS>;
static_assert(sizeof(FusedSharedMemory<Config>) == fused_shared_bytes(KI_FOLDS));

extern "C" __global__ void __launch_bounds__(fused_threads(KI_FOLDS), fused_blocks(KI_FOLDS))
    long_convolution_fused(const __grid_constant__ FusedParams params) {
  extern __shared__ __align__(128) char shared_memory[];
  fused_convolution<Config>(params, *reinterpret_cast<FusedSharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::long_convolution::cuda
