// One instantiation of the combine kernel; modules.cmake lists them all.
//   KI_PART  elements of the parts: float, or what the output has
//   KI_OUT   elements of the output: float, f16 or bf16
#include "attention/cuda/combine.cuh"

namespace ki::attention::cuda {

using ptx::bf16;
using ptx::f16;

extern "C" __global__ void __launch_bounds__(kCombineThreads)
    attention_combine(const __grid_constant__ CombineParams params) {
  attention_combine<KI_PART, KI_OUT>(params);
}

}  // namespace ki::attention::cuda
