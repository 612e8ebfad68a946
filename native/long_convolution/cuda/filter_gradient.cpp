#include "long_convolution/cuda/filter_gradient.h"

#include <algorithm>

#include "cuda/launch.h"
#include "long_convolution/cuda/backward_params.h"
#include "long_convolution/cuda/convolve_plan.h"
#include "long_convolution/cuda/global_rows.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr const char* kModule = "long_convolution_gradients";
constexpr std::int64_t kPointBytes = 2 * sizeof(float);

const char* finish_kernel(ki_dtype filter) {
  switch (filter) {
    case KI_DTYPE_FLOAT16: return "long_convolution_filter_gradient_f16";
    case KI_DTYPE_BFLOAT16: return "long_convolution_filter_gradient_bf16";
    default: return "long_convolution_filter_gradient_f32";
  }
}

// The gradient as pairs of inputs and pairs of gradients of outputs, transformed alike. Channels go through it as many at a time
// as the workspace has room for the pairs of; a channel that has more is summed in pieces.
struct Steps {
  Windows at;
  GlobalRows rows;
  std::int64_t pairs, channels;  // at a time

  Steps(const CudaPlan& plan, const BackwardProblem& b, void* workspace)
      : at(cut_windows(plan.options(), plan.fft_size(), b.forward, Side::filter)),
        rows(plan.fft_size(), std::int64_t{at.pairs} * at.channels, 2, workspace) {
    pairs = std::min<std::int64_t>(std::max(at.pairs, 1U), rows.together());
    channels = std::clamp<std::int64_t>(rows.together() / pairs, 1, std::max(at.channels, 1U));
  }
};

// Inputs as the forward pass takes them, and gradients of outputs by which the same windows are cut.
struct Sides {
  FusedParams inputs, gradients;

  Sides(const CudaPlan& plan, const BackwardProblem& b) {
    Problem of_inputs = b.forward, of_gradients = b.forward;
    of_inputs.skip = of_gradients.skip = of_inputs.output_gate = of_gradients.output_gate = Tensor{};
    of_gradients.input = b.grad_output;
    of_gradients.input_gate = b.forward.output_gate;
    inputs = convolution_params(plan.options(), plan.fft_size(), of_inputs, Side::filter);
    gradients = convolution_params(plan.options(), plan.fft_size(), of_gradients, Side::filter);
  }
};

class FilterGradient {
 public:
  FilterGradient(Stream& stream, const CudaPlan& plan, const BackwardProblem& b, void* workspace)
      : stream_(stream), plan_(plan), b_(b), steps_(plan, b, workspace), sides_(plan, b) {
    sums_.data = reinterpret_cast<float*>(static_cast<std::byte*>(workspace) + steps_.rows.bytes());
    sums_.other = sums_.data + steps_.channels * plan.fft_size() * 2;
  }

  void run() {
    for (std::int64_t first = 0; first < plan_.options().channels; first += steps_.channels) {
      const std::int64_t count = std::min(steps_.channels, plan_.options().channels - first);
      sum_products(first, count);
      mask(count);
      transform_rows(stream_, sums_, plan_.fft_size(), count);
      finish(first, count);
    }
  }

 private:
  void sum_products(std::int64_t channel, std::int64_t channels) {
    const std::int64_t pairs = steps_.at.pairs, points = plan_.fft_size();
    const ki_dtype dtype = b_.forward.input.dtype;
    if (pairs == 0) {
      return stream_.fill(sums_.data, 0, static_cast<std::uint64_t>(channels * points * kPointBytes));
    }
    for (std::int64_t first = 0; first < pairs; first += steps_.pairs) {
      const std::int64_t count = std::min(steps_.pairs, pairs - first);
      const PairRange range{channel * pairs + first, channels * count};
      GlobalRows& rows = steps_.rows;
      rows.load(stream_, 0, dtype, sides_.inputs, range, PointsOf::inputs, GlobalRows::Scale::as_it_is);
      rows.load(stream_, 1, dtype, sides_.gradients, range, PointsOf::outputs, GlobalRows::Scale::as_it_is);
      rows.transform(stream_, 0, range.count);
      rows.transform(stream_, 1, range.count);
      const ProductParams params{rows.data(0), rows.data(1), sums_.data, count, plan_.points(), first > 0};
      launch("long_convolution_products", points, channels, params);
    }
  }

  void mask(std::int64_t channels) {
    const PlanOptions& options = plan_.options();
    const MaskParams params{sums_.data, plan_.mask(), options.frequency_block,
                            static_cast<std::int32_t>(options.frequency_mask.size()), plan_.points()};
    launch("long_convolution_mask_sums", plan_.fft_size(), channels, params);
  }

  void finish(std::int64_t channel, std::int64_t channels) {
    const PlanOptions& options = plan_.options();
    const Tensor &gradient = b_.grad_filter, &filter = b_.filter;
    FilterGradientParams params{};
    params.sums = sums_.data;
    params.gradient = reinterpret_cast<float*>(gradient.data) + channel * gradient.strides[0];
    params.gradient_stride = gradient.strides[0];
    if (filter.rank > 0) {
      params.filter = filter.data + channel * filter.strides[0] * size_of(filter.dtype);
      params.filter_stride = filter.strides[0];
    }
    params.filter_length = options.filter_length;
    params.period = options.taps();
    params.points = plan_.points();
    params.squash = options.squash;
    params.circular = options.circular;
    launch(finish_kernel(filter.rank > 0 ? filter.dtype : KI_DTYPE_FLOAT32), options.filter_length, channels, params);
  }

  template <class Params>
  void launch(const char* entry, std::int64_t items, std::int64_t channels, const Params& params) {
    ki::cuda::launch(
        stream_, {kModule, entry, kTransformThreads, 0},
        {static_cast<unsigned>((items + kTransformThreads - 1) / kTransformThreads), static_cast<unsigned>(channels)},
        &params, sizeof params);
  }

  Stream& stream_;
  const CudaPlan& plan_;
  const BackwardProblem& b_;
  Steps steps_;
  const Sides sides_;
  PassBuffers sums_;  // [channels at a time, points, 2]
};

}  // namespace

std::uint64_t filter_gradient_workspace(const CudaPlan& plan, const BackwardProblem& b) {
  const Steps steps(plan, b, nullptr);
  return steps.rows.bytes() + static_cast<std::uint64_t>(2 * steps.channels * plan.fft_size() * kPointBytes);
}

void filter_gradient(Stream& stream, const CudaPlan& plan, const BackwardProblem& b, void* workspace) {
  FilterGradient(stream, plan, b, workspace).run();
}

}  // namespace ki::long_convolution::cuda
