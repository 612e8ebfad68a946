#include "long_convolution/cuda/convolve_plan.h"

#include <bit>
#include <limits>

#include "long_convolution/cuda/fft_size.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr std::int64_t kMaxPairs = std::numeric_limits<std::int32_t>::max();

bool is_aligned(const Rows& rows) {
  const auto bits =
      reinterpret_cast<std::uintptr_t>(rows.data) | static_cast<std::uintptr_t>(rows.batch | rows.channel);
  return bits % 16 == 0;
}

}  // namespace

Rows rows_of(const Tensor& tensor) {
  if (tensor.rank == 0) return {};
  const std::int64_t size = size_of(tensor.dtype);
  return {reinterpret_cast<char*>(tensor.data), tensor.strides[0] * size, tensor.strides[1] * size};
}

Windows cut_windows(const PlanOptions& options, std::int64_t fft_size, const Problem& p, Side side) {
  const WindowStep step = side == Side::filter ? window_step(options, fft_size, p.length)
                                               : adjoint_window_step(options, fft_size, p.length);
  const std::int64_t of_row = (p.length + step.hop - 1) / step.hop;
  // In this order no product overflows.
  if (p.length > 0 && p.batch > 0 &&
      (p.batch > kMaxPairs / of_row || p.channels > kMaxPairs / ((p.batch * of_row + 1) / 2))) {
    not_supported("input", "shape ", shape_text(p.input), " needs more than ", kMaxPairs, " transforms of ", fft_size,
                  " points");
  }
  Windows at{};
  at.length = p.length;
  at.windows_per_row = static_cast<std::uint32_t>(of_row);
  at.windows = static_cast<std::uint32_t>(p.batch * of_row);
  at.pairs = (at.windows + 1) / 2;
  at.channels = static_cast<std::uint32_t>(p.channels);
  at.hop = static_cast<std::int32_t>(step.hop);
  at.lead = static_cast<std::int32_t>(step.lead);
  return at;
}

FusedParams convolution_params(const PlanOptions& options, std::int64_t fft_size, const Problem& p, Side side) {
  FusedParams params{};
  params.input = rows_of(p.input);
  params.input_gate = rows_of(p.input_gate);
  params.output_gate = rows_of(p.output_gate);
  params.output = rows_of(p.output);
  if (p.state.rank > 0 && p.state.data != nullptr) {
    params.state_length = p.state.shape[2];
    params.state = rows_of(p.state);
    params.state.data += params.state_length * std::int64_t{sizeof(float)};
  }
  if (p.skip.rank > 0) {
    params.skip = p.skip.data;
    params.skip_is_float32 = p.skip.dtype == KI_DTYPE_FLOAT32;
  }
  params.at = cut_windows(options, fft_size, p, side);
  params.conjugate = side == Side::adjoint;
  params.circular = options.circular;
  params.vectors = params.at.hop % 8 == 0 && params.at.lead % 8 == 0;
  for (const Rows* rows : {&params.input, &params.input_gate, &params.output_gate, &params.output}) {
    params.vectors = params.vectors && is_aligned(*rows);
  }
  params.copies = params.vectors && p.input_gate.rank == 0 && params.state.data == nullptr &&
                  (!options.circular || holds_row(options, fft_size, p.length));
  if (fft_size <= kMaxFusedPoints) {
    const FusedShape shape{static_cast<int>(fft_size)};
    params.lines_log2 = static_cast<std::int8_t>(std::countr_zero(static_cast<unsigned>(shape.lines())));
  }
  return params;
}

FusedPlan plan_fused(std::int64_t fft_size, ki_dtype dtype, const Windows& windows) {
  if (fft_size > kMaxFusedPoints) return {};
  const FusedShape shape{static_cast<int>(fft_size)};
  const std::int64_t pairs = std::int64_t{windows.pairs} * windows.channels;
  return {find_fused(dtype, shape.folds()), (pairs + shape.transforms() - 1) / shape.transforms()};
}

}  // namespace ki::long_convolution::cuda
