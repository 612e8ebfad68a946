// What the CUDA backend offers for short convolutions.
#include <string>

#include "cuda/launch.h"
#include "long_convolution/cuda/short_plan.h"

namespace ki::long_convolution::cuda {

namespace {

std::string module_for(const char* beginning, ki_dtype dtype) {
  const char* element = dtype == KI_DTYPE_FLOAT32 ? "f32" : dtype == KI_DTYPE_FLOAT16 ? "f16" : "bf16";
  return std::string(beginning) + element;
}

template <class Params>
void launch(Stream& stream, const std::string& module, const char* entry, std::int64_t blocks, unsigned shared_bytes,
            const Params& params) {
  const ki::cuda::Kernel kernel{module.c_str(), entry, kShortThreads, shared_bytes};
  ki::cuda::launch(stream, kernel, {static_cast<unsigned>(blocks)}, &params, sizeof(params));
}

std::int64_t blocks_of_threads(std::int64_t threads) { return (threads + kShortThreads - 1) / kShortThreads; }

const char* pass_entry(const ShortProblem& p, bool reversed) {
  return p.channels_last ? "short_columns" : reversed ? "short_rows_reversed" : "short_rows";
}

}  // namespace

void short_forward(Device&, Stream& stream, const ShortProblem& p) {
  if (p.input.elements == 0) return;  // then the state stays what it is, too
  const PassLaunch pass = plan_forward(p);
  launch(stream, module_for("short_convolution_", p.input.dtype), pass_entry(p, false), pass.blocks, pass.shared_bytes,
         pass.params);
  if (p.state.rank == 0 || p.width == 1) return;
  const ShortPassParams& params = pass.params;
  const ShortStateParams state{params.from,   params.state, params.batch,   params.channels,
                               params.length, params.width, p.channels_last};
  launch(stream, "short_convolution_state", size_of(p.input.dtype) == 4 ? "short_state_32" : "short_state_16",
         blocks_of_threads(p.batch * p.channels), 0, state);
}

std::uint64_t short_backward_workspace(Device&, const ShortBackwardProblem& b) {
  if (b.grad_filter.rank == 0 && b.grad_bias.rank == 0) return 0;
  return static_cast<std::uint64_t>(plan_sums(b).floats()) * sizeof(float);
}

void short_backward(Device&, Stream& stream, const ShortBackwardProblem& b, void* workspace) {
  const ShortProblem& p = b.forward;
  if (b.grad_input.rank > 0 && p.input.elements > 0) {
    const PassLaunch pass = plan_grad_input(b);
    launch(stream, module_for("short_convolution_", p.input.dtype), pass_entry(p, true), pass.blocks, pass.shared_bytes,
           pass.params);
  }
  if ((b.grad_filter.rank == 0 && b.grad_bias.rank == 0) || p.channels == 0) return;
  SumsLaunch sums = plan_sums(b);
  sums.params.sums = static_cast<float*>(workspace);
  if (sums.blocks > 0) {
    launch(stream, module_for("short_convolution_sums_", p.input.dtype),
           p.channels_last ? "short_column_sums" : "short_row_sums", sums.blocks, 0, sums.params);
  }
  ShortFinishParams finish{};
  finish.sums = sums.params.sums;
  if (b.grad_filter.rank > 0) finish.grad_filter = reinterpret_cast<float*>(b.grad_filter.data);
  if (b.grad_bias.rank > 0) finish.grad_bias = reinterpret_cast<float*>(b.grad_bias.data);
  finish.grad_filter_stride = b.grad_filter.rank > 0 ? b.grad_filter.strides[0] : 0;
  finish.slice_step = p.channels * (p.width + 1);
  finish.channel_step = p.channels_last ? 1 : p.width + 1;
  finish.tap_step = p.channels_last ? p.channels : 1;
  finish.slices = static_cast<std::int32_t>(sums.slices);
  finish.channels = sums.params.channels;
  finish.width = sums.params.width;
  launch(stream, "short_convolution_finish", "short_finish", blocks_of_threads(p.channels * (p.width + 1)), 0, finish);
}

namespace {

constexpr ShortOperations kOperations{check_short_size, short_forward, check_short_backward_size,
                                      short_backward_workspace, short_backward};
const OperationsEntry registration(KI_DEVICE_KIND_CUDA, kShortOperator, &kOperations);

}  // namespace
}  // namespace ki::long_convolution::cuda
