// One instantiation of the kernel for the gradients of keys and values; modules.cmake lists them all.
//   KI_ELEMENT   ptx::f16, ptx::bf16 or float
//   KI_HEAD_DIM  columns of the tiles
//   KI_ROWS      WholeRows or AnyRows
//   KI_VARIANT   PlainVariant or GeneralVariant<KI_ELEMENT>
//   KI_SUMS_QUERIES  whether the gradient of the queries is summed as well, by atomics
#include "attention/cuda/backward_keys.cuh"
#include "attention/cuda/general_variant.cuh"

namespace ki::attention::cuda {

using Config = KeyGradientConfig<KI_ELEMENT, KI_ROWS, KI_VARIANT, KI_HEAD_DIM, KI_SUMS_QUERIES>;
static_assert(sizeof(KeyGradientSharedMemory<Config>) == Config::kTile.shared_bytes());

extern "C" __global__ void __launch_bounds__(Config::kTile.threads(), Config::kTile.blocks)
    attention_backward_keys(const __grid_constant__ BackwardParams params) {
  extern __shared__ __align__(128) char shared_memory[];
  backward_keys<Config>(params, *reinterpret_cast<KeyGradientSharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
