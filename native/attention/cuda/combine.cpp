#include "attention/cuda/combine.h"

#include <limits>

#include "attention/cuda/tensor_layout.h"
#include "cuda/launch.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kMaxRows = std::numeric_limits<std::int32_t>::max();

const char* module_of(const CombineProblem& p) {
  const bool float32_parts = p.partial_outputs.dtype == KI_DTYPE_FLOAT32;
  switch (p.output.dtype) {
    case KI_DTYPE_FLOAT16: return float32_parts ? "attention_combine_f32_f16" : "attention_combine_f16_f16";
    case KI_DTYPE_BFLOAT16: return float32_parts ? "attention_combine_f32_bf16" : "attention_combine_bf16_bf16";
    default: return "attention_combine_f32_f32";
  }
}

}  // namespace

void check_combine(const Device&, const CombineProblem& p) {
  const Tensor& o = p.output;
  if (p.partial_outputs.shape[0] > kMaxRows) {
    not_supported("partial_outputs", "has ", p.partial_outputs.shape[0], " parts; up to ", kMaxRows,
                  " are supported on CUDA");
  }
  if (o.shape[0] == 0 || o.shape[1] == 0 || o.shape[2] == 0) return;
  // In this order no product overflows.
  if (o.shape[0] > kMaxRows || o.shape[1] > kMaxRows / o.shape[0] ||
      o.shape[2] > kMaxRows / (o.shape[0] * o.shape[1])) {
    not_supported("output", "batch * seq_q * heads_q of shape ", shape_text(o), " is more than ", kMaxRows,
                  ", which is not supported on CUDA");
  }
}

CombineParams plan_combine(const CombineProblem& p) {
  const Tensor& o = p.output;
  CombineParams params{};
  params.partial_outputs = p.partial_outputs.data;
  params.partial_logsumexps = p.partial_logsumexps.data;
  params.output = o.data;
  params.part_stride = p.partial_outputs.strides[0] * size_of(p.partial_outputs.dtype);
  params.part_logsumexp_stride = p.partial_logsumexps.strides[0] * size_of(KI_DTYPE_FLOAT32);
  params.partial_strides = byte_strides(p.partial_outputs, 1, 2, 3);
  params.partial_logsumexp_strides = byte_strides(p.partial_logsumexps, 1, 3, 2);
  params.output_strides = byte_strides(o, 0, 1, 2);
  if (p.logsumexp.rank > 0) {
    params.logsumexp = p.logsumexp.data;
    params.logsumexp_strides = byte_strides(p.logsumexp, 0, 2, 1);
  }
  params.parts = static_cast<std::int32_t>(p.partial_outputs.shape[0]);
  params.rows = static_cast<std::uint32_t>(o.shape[0] * o.shape[1] * o.shape[2]);
  params.seq_q = static_cast<std::int32_t>(o.shape[1]);
  params.heads_q = static_cast<std::int32_t>(o.shape[2]);
  params.head_dim_v = static_cast<std::int32_t>(o.shape[3]);
  params.lanes_per_row = lanes_per_row(params.head_dim_v, kCombineColumns);
  params.accumulate = p.accumulate;
  // As many columns at a time as have 16 bytes in a part.
  const std::int64_t columns = 16 / size_of(p.partial_outputs.dtype);
  params.aligned = row_alignment(p.partial_outputs) == 16 && row_alignment(o) >= columns * size_of(o.dtype);
  return params;
}

void launch_combine(Stream& stream, const CombineProblem& p, const std::int32_t* positions) {
  CombineParams params = plan_combine(p);
  if (params.rows == 0) return;
  params.positions = positions;
  const unsigned rows_per_block = kCombineThreads / static_cast<unsigned>(params.lanes_per_row);
  const ki::cuda::Kernel kernel{module_of(p), "attention_combine", kCombineThreads, 0};
  ki::cuda::launch(stream, kernel, {(params.rows - 1) / rows_per_block + 1}, &params, sizeof(params));
}

void combine(Device&, Stream& stream, const CombineProblem& p) { launch_combine(stream, p, nullptr); }

}  // namespace ki::attention::cuda
