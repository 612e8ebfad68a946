// One instantiation of the forward kernel for float32; modules.cmake lists them all.
//   KI_HEAD_DIM  columns of the tiles
//   KI_VARIANT   PlainVariant or GeneralVariant<float>
#include "attention/cuda/forward_float32.cuh"
#include "attention/cuda/general_variant.cuh"

namespace ki::attention::cuda {

using Config = Float32Config<KI_VARIANT, KI_HEAD_DIM>;
static_assert(sizeof(Float32SharedMemory<Config>) == Config::kTile.shared_bytes());

extern "C" __global__ void __launch_bounds__(Config::kTile.threads(), Config::kTile.blocks)
    attention_forward(const __grid_constant__ Config::Params params) {
  extern __shared__ __align__(128) char shared_memory[];
  attention_forward<Config>(params, *reinterpret_cast<Float32SharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
