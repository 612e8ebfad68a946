// One instantiation of the forward kernel; modules.cmake lists them all.
//   KI_ELEMENT   f16 or bf16
//   KI_HEAD_DIM  columns of the tiles
//   KI_ROWS      WholeRows or AnyRows
//   KI_VARIANT   PlainVariant or GeneralVariant<ptx::...>
#include "attention/cuda/forward.cuh"
#include "attention/cuda/general_variant.cuh"

namespace ki::attention::cuda {

using Config = ForwardConfig<ptx::KI_ELEMENT, KI_ROWS, KI_VARIANT, KI_HEAD_DIM>;
static_assert(sizeof(ForwardSharedMemory<Config>) == Config::kTile.shared_bytes());

extern "C" __global__ void __launch_bounds__(Config::kTile.threads(), Config::kTile.blocks)
    attention_forward(const __grid_constant__ Config::Params params) {
  extern __shared__ __align__(128) char shared_memory[];
  attention_forward<Config>(params, *reinterpret_cast<ForwardSharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
