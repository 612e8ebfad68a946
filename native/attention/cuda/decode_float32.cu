// One instantiation of the decode kernel for float32 queries; modules.cmake lists them all.
//   KI_HEAD_DIM  columns of the tiles
#include "attention/cuda/decode_float32.cuh"

namespace ki::attention::cuda {

using Config = DecodeFloat32Config<KI_HEAD_DIM>;
static_assert(sizeof(DecodeFloat32SharedMemory<Config>) == Config::kSize.shared_bytes());

extern "C" __global__ void __launch_bounds__(Config::kSize.threads(), Config::kSize.blocks)
    attention_decode(const __grid_constant__ DecodeParams params) {
  extern __shared__ __align__(128) char shared_memory[];
  attention_decode<Config>(params, *reinterpret_cast<DecodeFloat32SharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
