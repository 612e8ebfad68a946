#include "long_convolution/cuda/cuda_plan.h"

#include <bit>

#include "cuda/launch.h"
#include "long_convolution/cuda/fft_size.h"
#include "long_convolution/cuda/fused_instantiations.h"
#include "long_convolution/cuda/fused_params.h"

namespace ki::long_convolution::cuda {

CudaPlan::CudaPlan(Device& device, const PlanOptions& options, std::int64_t fft_size)
    : Plan(options), fft_size_(fft_size), columns_(kept_columns(options, fft_size)) {
  spectrum_ = create(device, static_cast<std::uint64_t>(options.channels * fft_size) * 2 * sizeof(float));
  scale_ = create(device, static_cast<std::uint64_t>(options.channels) * sizeof(float));
  const auto stream = device.create_stream();
  if (!options.frequency_mask.empty()) {
    mask_ = create(device, options.frequency_mask.size());
    stream->copy(mask_->data(), options.frequency_mask.data(), options.frequency_mask.size());
  }
  if (fft_size <= kMaxFusedPoints) prepare(device, *stream);
  stream->synchronize();
}

std::unique_ptr<Buffer> CudaPlan::create(Device& device, std::uint64_t bytes) {
  memory_bytes_ += bytes;
  return device.create_buffer(KI_MEMORY_KIND_DEVICE, bytes);
}

void CudaPlan::prepare(Device& device, Stream& stream) {
  const int folds = FusedShape{points()}.folds(), matrices = matrix_count(folds);
  twiddles_ = create(device, kTwiddleBytes);
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    auto& buffer = dtype == KI_DTYPE_FLOAT16 ? f16_ : bf16_;
    buffer = create(device, static_cast<std::uint64_t>(matrices) * kMatrixBytes);
    const PrepareParams params{buffer->data(), static_cast<float*>(twiddles_->data()), columns_.order, points()};
    const ki::cuda::Kernel kernel{find_fused(dtype, folds)->prepare, "long_convolution_prepare", ki::cuda::kWarpSize,
                                  0};
    ki::cuda::launch(stream, kernel, {static_cast<unsigned>(matrices)}, &params, sizeof params);
  }
}

std::unique_ptr<Plan> create_plan(Device& device, const PlanOptions& options) {
  const std::int64_t size = choose_fft_size(options);
  if (size == 0) {
    not_supported("options.filter_length", "a filter of ", options.taps(), " taps needs a transform of more than ",
                  kMaxFftSize, " points");
  }
  if (!std::has_single_bit(static_cast<std::uint64_t>(size))) {
    not_supported("options.fft_size", "is ", size, "; transforms on CUDA have powers of two");
  }
  // In this order no product overflows.
  constexpr std::int64_t kMaxBytes = std::int64_t{1} << 46;
  if (options.channels > kMaxBytes / (size * 8)) {
    not_supported("options.channels", options.channels, " spectra of ", size, " points are too large");
  }
  return std::make_unique<CudaPlan>(device, options, size);
}

}  // namespace ki::long_convolution::cuda
