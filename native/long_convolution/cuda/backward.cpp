#include "long_convolution/cuda/backward.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "cuda/launch.h"
#include "long_convolution/cuda/backward_params.h"
#include "long_convolution/cuda/convolve.h"
#include "long_convolution/cuda/filter_gradient.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr std::int64_t kMaxBlocks = std::numeric_limits<std::int32_t>::max();

// The gradients that are convolutions themselves: what is convolved, by what, and what becomes of it.
struct GradientProblem {
  Problem problem;
  Side side;
};

std::vector<GradientProblem> gradient_problems(const BackwardProblem& b) {
  std::vector<GradientProblem> problems;
  Problem adjoint = b.forward;  // of the gradient of the output, as it comes before the output gate
  adjoint.input = b.grad_output;
  adjoint.input_gate = b.forward.output_gate;
  if (b.grad_input.rank > 0) {
    Problem p = adjoint;
    p.output = b.grad_input;
    p.output_gate = b.forward.input_gate;
    problems.push_back({p, Side::adjoint});
  }
  adjoint.skip = Tensor{};
  if (b.grad_input_gate.rank > 0) {
    Problem p = adjoint;
    p.output = b.grad_input_gate;
    p.output_gate = b.forward.input;
    problems.push_back({p, Side::adjoint});
  }
  if (b.grad_output_gate.rank > 0) {
    Problem p = b.forward;
    p.output = b.grad_output_gate;
    p.output_gate = b.grad_output;
    p.skip = Tensor{};
    problems.push_back({p, Side::filter});
  }
  return problems;
}

const char* skip_kernel(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT16: return "long_convolution_skip_gradient_f16";
    case KI_DTYPE_BFLOAT16: return "long_convolution_skip_gradient_bf16";
    default: return "long_convolution_skip_gradient_f32";
  }
}

void skip_gradient(Stream& stream, const BackwardProblem& b) {
  const Problem& p = b.forward;
  const SkipGradientParams params{rows_of(p.input),
                                  rows_of(b.grad_output),
                                  reinterpret_cast<float*>(b.grad_skip.data),
                                  b.grad_skip.strides[0],
                                  p.batch,
                                  p.length};
  ki::cuda::launch(stream, {"long_convolution_gradients", skip_kernel(p.input.dtype), kTransformThreads, 0},
                   {static_cast<unsigned>(p.channels)}, &params, sizeof params);
}

}  // namespace

void check_backward(const Device&, const Plan& plan, const BackwardProblem& b) {
  cut_windows(plan.options(), plan.fft_size(), b.forward, Side::filter);
  if (b.forward.channels > kMaxBlocks) {
    not_supported("input", "has ", b.forward.channels, " channels; up to ", kMaxBlocks, " are supported on CUDA");
  }
}

std::uint64_t backward_workspace(Device&, const Plan& plan, const BackwardProblem& b) {
  std::uint64_t bytes = b.grad_filter.rank > 0 ? filter_gradient_workspace(cuda_plan(plan), b) : 0;
  for (const GradientProblem& gradient : gradient_problems(b)) {
    bytes = std::max(bytes, convolve_workspace(cuda_plan(plan), gradient.problem, gradient.side));
  }
  return bytes;
}

void backward(Device&, Stream& stream, const Plan& plan, const BackwardProblem& b, void* workspace) {
  for (const GradientProblem& gradient : gradient_problems(b)) {
    convolve(stream, cuda_plan(plan), gradient.problem, gradient.side, workspace);
  }
  if (b.grad_filter.rank > 0) filter_gradient(stream, cuda_plan(plan), b, workspace);
  if (b.grad_skip.rank > 0) skip_gradient(stream, b);
}

}  // namespace ki::long_convolution::cuda
