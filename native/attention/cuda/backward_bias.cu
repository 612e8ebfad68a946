// One instantiation of the kernel for the gradient of the bias; modules.cmake lists them all.
//   KI_ELEMENT   ptx::f16, ptx::bf16 or float
//   KI_HEAD_DIM  columns of the tiles
//   KI_ROWS      WholeRows or AnyRows
//   KI_VARIANT   PlainVariant or GeneralVariant<KI_ELEMENT>
#include "attention/cuda/backward_bias.cuh"
#include "attention/cuda/general_variant.cuh"

namespace ki::attention::cuda {

using Config = BiasGradientConfig<KI_ELEMENT, KI_ROWS, KI_VARIANT, KI_HEAD_DIM>;
static_assert(sizeof(BiasGradientSharedMemory<Config>) == Config::kTile.shared_bytes());

extern "C" __global__ void __launch_bounds__(Config::kTile.threads())
    attention_backward_bias(const __grid_constant__ BackwardParams params) {
  extern __shared__ __align__(128) char shared_memory[];
  backward_bias<Config>(params, *reinterpret_cast<BiasGradientSharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
