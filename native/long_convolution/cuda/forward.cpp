#include "long_convolution/cuda/forward.h"

#include <limits>

#include "cuda/launch.h"
#include "long_convolution/cuda/convolve.h"
#include "long_convolution/cuda/rows_params.h"

namespace ki::long_convolution::cuda {
namespace {

const char* state_kernel(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT16: return "long_convolution_state_f16";
    case KI_DTYPE_BFLOAT16: return "long_convolution_state_bf16";
    default: return "long_convolution_state_f32";
  }
}

void update_state(Stream& stream, const Problem& p) {
  StateParams params{};
  params.input = rows_of(p.input);
  params.gate = rows_of(p.input_gate);
  params.state = rows_of(p.state);
  params.length = p.length;
  params.state_length = p.state.shape[2];
  params.channels = p.channels;
  const std::int64_t rows = p.batch * p.channels;
  if (rows == 0 || params.length == 0 || params.state_length == 0) return;
  ki::cuda::launch(stream, {"long_convolution_rows", state_kernel(p.input.dtype), kTransformThreads, 0},
                   {static_cast<unsigned>(rows)}, &params, sizeof params);
}

}  // namespace

void check_forward(const Device&, const Plan& plan, const Problem& p) {
  constexpr std::int64_t kMaxBlocks = std::numeric_limits<std::int32_t>::max();
  cut_windows(plan.options(), plan.fft_size(), p, Side::filter);
  if (p.state.rank > 0 && p.channels > 0 && p.batch > kMaxBlocks / p.channels) {
    not_supported("state", "shape ", shape_text(p.state), " needs more than ", kMaxBlocks, " thread blocks");
  }
}

std::uint64_t forward_workspace(Device&, const Plan& plan, const Problem& problem) {
  return convolve_workspace(cuda_plan(plan), problem, Side::filter);
}

void forward(Device&, Stream& stream, const Plan& plan, const Problem& problem, void* workspace) {
  convolve(stream, cuda_plan(plan), problem, Side::filter, workspace);
  if (problem.state.rank > 0) update_state(stream, problem);
}

}  // namespace ki::long_convolution::cuda
