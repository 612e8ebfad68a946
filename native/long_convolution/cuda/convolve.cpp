#include "long_convolution/cuda/convolve.h"

#include <algorithm>

#include "cuda/launch.h"
#include "long_convolution/cuda/global_rows.h"

namespace ki::long_convolution::cuda {
namespace {

FusedParams params_of(const CudaPlan& plan, const Problem& problem, Side side) {
  FusedParams params = convolution_params(plan.options(), plan.fft_size(), problem, side);
  params.spectrum = plan.spectrum();
  params.scale = plan.scale();
  params.order = plan.columns().order;
  params.columns = static_cast<std::int8_t>(plan.columns().count);
  return params;
}

void convolve_fused(Stream& stream, const CudaPlan& plan, ki_dtype dtype, const FusedPlan& fused, FusedParams params) {
  params.matrices = plan.matrices(dtype);
  params.twiddles = plan.twiddles();
  const FusedInstantiation& kernel = *fused.instantiation;
  ki::cuda::launch(stream,
                   {kernel.module, "long_convolution_fused", static_cast<unsigned>(fused_threads(kernel.folds)),
                    static_cast<unsigned>(kernel.shared_bytes())},
                   {static_cast<unsigned>(fused.blocks)}, &params, sizeof params);
}

// Transforms over global memory, as many pairs at a time as the workspace has room for.
void convolve_in_passes(Stream& stream, const CudaPlan& plan, ki_dtype dtype, const FusedParams& params,
                        void* workspace) {
  const std::int64_t pairs = std::int64_t{params.at.pairs} * params.at.channels;
  GlobalRows rows(plan.fft_size(), pairs, 1, workspace);
  for (std::int64_t first = 0; first < pairs; first += rows.together()) {
    const std::int64_t count = std::min(rows.together(), pairs - first);
    rows.load(stream, 0, dtype, params, {first, count}, PointsOf::inputs, GlobalRows::Scale::scaled);
    rows.transform(stream, 0, count);
    rows.multiply(stream, 0, params, {first, count});
    rows.transform(stream, 0, count);
    rows.store(stream, 0, dtype, params, {first, count});
  }
}

}  // namespace

std::uint64_t convolve_workspace(const CudaPlan& plan, const Problem& problem, Side side) {
  const Windows at = cut_windows(plan.options(), plan.fft_size(), problem, side);
  if (plan_fused(plan.fft_size(), problem.input.dtype, at).instantiation != nullptr) return 0;
  return GlobalRows(plan.fft_size(), std::int64_t{at.pairs} * at.channels, 1, nullptr).bytes();
}

void convolve(Stream& stream, const CudaPlan& plan, const Problem& problem, Side side, void* workspace) {
  const FusedParams params = params_of(plan, problem, side);
  if (params.at.pairs == 0) return;
  const ki_dtype dtype = problem.input.dtype;
  const FusedPlan fused = plan_fused(plan.fft_size(), dtype, params.at);
  if (fused.instantiation != nullptr) {
    convolve_fused(stream, plan, dtype, fused, params);
  } else {
    convolve_in_passes(stream, plan, dtype, params, workspace);
  }
}

}  // namespace ki::long_convolution::cuda
