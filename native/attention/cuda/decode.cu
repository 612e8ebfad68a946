// One instantiation of the decode kernel; modules.cmake lists them all.
//   KI_ELEMENT   f16 or bf16
//   KI_ROWS      SameRows or Int8Rows
//   KI_HEAD_DIM  columns of the tiles
#include "attention/cuda/decode.cuh"

namespace ki::attention::cuda {

using Config = DecodeConfig<ptx::KI_ELEMENT, KI_ROWS, KI_HEAD_DIM>;
static_assert(sizeof(DecodeSharedMemory<Config>) == Config::kSize.shared_bytes());

extern "C" __global__ void __launch_bounds__(Config::kSize.threads(), Config::kSize.blocks)
    attention_decode(const __grid_constant__ DecodeParams params) {
  extern __shared__ __align__(128) char shared_memory[];
  attention_decode<Config>(params, *reinterpret_cast<DecodeSharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
