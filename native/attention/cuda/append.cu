// One instantiation of the append kernel; modules.cmake lists them all.
//   KI_ELEMENT  elements of the new keys and values: float, f16 or bf16
#include "attention/cuda/append.cuh"

namespace ki::attention::cuda {

using ptx::bf16;
using ptx::f16;

extern "C" __global__ void __launch_bounds__(kAppendThreads)
    attention_append(const __grid_constant__ AppendParams params) {
  attention_append<KI_ELEMENT>(params);
}

}  // namespace ki::attention::cuda
