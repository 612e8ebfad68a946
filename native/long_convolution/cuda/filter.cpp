#include "long_convolution/cuda/filter.h"

#include <algorithm>

#include "cuda/launch.h"
#include "long_convolution/cuda/cuda_plan.h"
#include "long_convolution/cuda/transform.h"
#include "long_convolution/cuda/transform_params.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr const char* kModule = "long_convolution_spectrum";
// Filters are transformed so many bytes at a time, unless one alone is larger.
constexpr std::int64_t kWorkspaceBytes = std::int64_t{64} << 20;

const char* taps_kernel(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT16: return "long_convolution_taps_f16";
    case KI_DTYPE_BFLOAT16: return "long_convolution_taps_bf16";
    default: return "long_convolution_taps_f32";
  }
}

// Puts spectra [count, points / 2 + 1, 2] into the plan, from channel `first` on.
void order_spectra(Stream& stream, const CudaPlan& plan, OrderParams params, std::int64_t first, std::int64_t count) {
  const PlanOptions& options = plan.options();
  params.spectrum = plan.spectrum() + first * plan.points() * 2;
  params.scale = plan.scale() + first;
  params.mask = plan.mask();
  params.frequency_block = options.frequency_block;
  params.columns = plan.columns().order;
  params.mask_blocks = static_cast<std::int32_t>(options.frequency_mask.size());
  params.points = plan.points();
  ki::cuda::launch(stream, {kModule, "long_convolution_order_spectrum", kTransformThreads, 0},
                   {static_cast<unsigned>(count)}, &params, sizeof params);
}

}  // namespace

void set_filter(Device&, Stream& stream, Plan& plan, const Tensor& filter) {
  const CudaPlan& on = cuda_plan(plan);
  const PlanOptions& options = on.options();
  const std::int64_t points = on.fft_size(), bytes_of_one = points * 2 * std::int64_t{sizeof(float)};
  const std::int64_t together =
      std::clamp<std::int64_t>(kWorkspaceBytes / (2 * bytes_of_one), 1, std::min(options.channels, kMaxGridRows));
  auto* workspace = static_cast<float*>(stream.workspace(static_cast<std::uint64_t>(2 * together * bytes_of_one)));
  for (std::int64_t first = 0; first < options.channels; first += together) {
    const std::int64_t count = std::min(together, options.channels - first);
    PassBuffers buffers{workspace, workspace + together * points * 2};
    TapsParams taps{};
    taps.filter = filter.data + first * filter.strides[0] * size_of(filter.dtype);
    taps.to = buffers.data;
    taps.channel_stride = filter.strides[0];
    taps.filter_length = options.filter_length;
    taps.period = options.taps();
    taps.points = on.points();
    taps.squash = options.squash;
    taps.circular = options.circular;
    ki::cuda::launch(
        stream, {kModule, taps_kernel(filter.dtype), kTransformThreads, 0},
        {static_cast<unsigned>((points + kTransformThreads - 1) / kTransformThreads), static_cast<unsigned>(count)},
        &taps, sizeof taps);
    transform_rows(stream, buffers, points, count);
    OrderParams order{};
    order.from = buffers.data;
    order.channel_stride = points * 2;
    order.frequency_stride = 2;
    order_spectra(stream, on, order, first, count);
  }
}

void set_spectrum(Device&, Stream& stream, Plan& plan, const Tensor& spectrum) {
  OrderParams order{};
  order.from = reinterpret_cast<const float*>(spectrum.data);
  order.channel_stride = spectrum.strides[0];
  order.frequency_stride = spectrum.strides[1];
  order_spectra(stream, cuda_plan(plan), order, 0, plan.options().channels);
}

void get_spectrum(Device&, Stream& stream, const Plan& plan, const Tensor& spectrum) {
  const CudaPlan& on = cuda_plan(plan);
  const ReadSpectrumParams params{on.spectrum(),       on.scale(),          reinterpret_cast<float*>(spectrum.data),
                                  spectrum.strides[0], spectrum.strides[1], on.columns().order,
                                  on.points()};
  ki::cuda::launch(stream, {kModule, "long_convolution_read_spectrum", kTransformThreads, 0},
                   {static_cast<unsigned>(on.options().channels)}, &params, sizeof params);
}

}  // namespace ki::long_convolution::cuda
