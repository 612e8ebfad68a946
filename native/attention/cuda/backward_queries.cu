// One instantiation of the kernel for the gradient of the queries; modules.cmake lists them all.
//   KI_ELEMENT   ptx::f16, ptx::bf16 or float
//   KI_HEAD_DIM  columns of the tiles
//   KI_ROWS      WholeRows or AnyRows
//   KI_VARIANT   PlainVariant or GeneralVariant<KI_ELEMENT>
#include "attention/cuda/backward_queries.cuh"
#include "attention/cuda/general_variant.cuh"

namespace ki::attention::cuda {

using Config = QueryGradientConfig<KI_ELEMENT, KI_ROWS, KI_VARIANT, KI_HEAD_DIM>;
static_assert(sizeof(QueryGradientSharedMemory<Config>) == Config::kTile.shared_bytes());

extern "C" __global__ void __launch_bounds__(Config::kTile.threads(), Config::kTile.blocks)
    attention_backward_queries(const __grid_constant__ BackwardParams params) {
  extern __shared__ __align__(128) char shared_memory[];
  backward_queries<Config>(params, *reinterpret_cast<QueryGradientSharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
