// A plan on a CUDA device: the filters' spectra and the tables of the transform, in the device's memory.
#pragma once

#include <cstdint>
#include <memory>

#include "core/backend.h"
#include "long_convolution/cuda/kept_columns.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

class CudaPlan final : public Plan {
 public:
  CudaPlan(Device& device, const PlanOptions& options, std::int64_t fft_size);

  std::int64_t fft_size() const override { return fft_size_; }
  std::uint64_t memory_bytes() const override { return memory_bytes_; }

  int points() const { return static_cast<int>(fft_size_); }
  float* spectrum() const { return static_cast<float*>(spectrum_->data()); }  // [channels, points, 2]
  float* scale() const { return static_cast<float*>(scale_->data()); }        // [channels]
  const std::uint8_t* mask() const { return mask_ == nullptr ? nullptr : static_cast<std::uint8_t*>(mask_->data()); }
  // Of a fused transform.
  const KeptColumns& columns() const { return columns_; }
  const void* matrices(ki_dtype dtype) const { return (dtype == KI_DTYPE_FLOAT16 ? f16_ : bf16_)->data(); }
  const float* twiddles() const { return static_cast<float*>(twiddles_->data()); }

 private:
  std::unique_ptr<Buffer> create(Device& device, std::uint64_t bytes);
  void prepare(Device& device, Stream& stream);

  std::int64_t fft_size_;
  KeptColumns columns_;
  std::uint64_t memory_bytes_ = 0;
  std::unique_ptr<Buffer> spectrum_, scale_, mask_, f16_, bf16_, twiddles_;
};

inline const CudaPlan& cuda_plan(const Plan& plan) { return static_cast<const CudaPlan&>(plan); }

std::unique_ptr<Plan> create_plan(Device& device, const PlanOptions& options);

}  // namespace ki::long_convolution::cuda
