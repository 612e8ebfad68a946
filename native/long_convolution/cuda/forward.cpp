#include "long_convolution/cuda/forward.h"

#include "cuda/launch.h"
#include "long_convolution/cuda/cuda_plan.h"
#include "long_convolution/cuda/forward_plan.h"

namespace ki::long_convolution::cuda {

void check_forward(const Device&, const Plan& plan, const Problem& p) {
  if (p.input.dtype == KI_DTYPE_FLOAT32) not_supported("input", "float32 is not supported on CUDA yet");
  if (p.state.rank > 0) not_supported("state", "is not supported on CUDA yet");
  cut_windows(plan.options(), plan.fft_size(), p);
}

std::uint64_t forward_workspace(Device&, const Plan&, const Problem&) { return 0; }

void forward(Device&, Stream& stream, const Plan& plan, const Problem& problem, void*) {
  const CudaPlan& on = cuda_plan(plan);
  FusedPlan fused = plan_fused(plan.options(), plan.fft_size(), problem);
  if (fused.blocks == 0) return;
  fused.params.spectrum = on.spectrum();
  fused.params.scale = on.scale();
  fused.params.matrices = on.matrices(problem.input.dtype);
  fused.params.twiddles = on.twiddles();
  const FusedInstantiation& kernel = *fused.instantiation;
  ki::cuda::launch(
      stream, {kernel.module, "long_convolution_fused", kFusedThreads, static_cast<unsigned>(kernel.shared_bytes())},
      {static_cast<unsigned>(fused.blocks)}, &fused.params, sizeof fused.params);
}

}  // namespace ki::long_convolution::cuda
