// A plan on the CPU: its transform, and the filters' spectra in the transform's own order.
#pragma once

#include <memory>

#include "cpu/aligned_memory.h"
#include "cpu/cpu_device.h"
#include "long_convolution/cpu/decimation.h"
#include "long_convolution/cpu/layout.h"
#include "long_convolution/cpu/tap_mask.h"
#include "long_convolution/cpu/transform.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {

class CpuPlan final : public Plan {
 public:
  CpuPlan(const PlanOptions& options, ki::cpu::SimdTarget target);

  // The size of the spectra that are read and written. Where the caller left the choice it is that of the blocks, as
  // far as the interface has sizes.
  std::int64_t fft_size() const override { return fft_size_; }
  std::uint64_t memory_bytes() const override { return memory_bytes_; }

  const Layout& layout() const { return layout_; }
  const Decimation& decimation() const { return decimation_; }
  const Transform& transform() const { return transform_; }

  // [2 * points], the filter's spectrum times spectrum_gain().
  const float* spectrum(std::int64_t channel) const { return spectra() + channel * 2 * layout_.points; }
  float* spectrum(std::int64_t channel) { return spectra() + channel * 2 * layout_.points; }

  // 1 / points, which makes a transform and its inverse the identity, and what makes up for the gains of an input's
  // decimation and an output's interpolation.
  double spectrum_gain(std::int64_t frequency) const;

  // [2 * points]: what makes the transform of a row of taps the plan's spectrum where a frequency is kept, 0 where it is
  // masked; null without a mask, and where the taps are masked.
  const float* mask() const { return reinterpret_cast<const float*>(mask_.get()); }
  const TapMask* tap_mask() const { return tap_mask_.get(); }

 private:
  float* spectra() const { return reinterpret_cast<float*>(spectra_.get()); }

  const Layout layout_;
  const Decimation decimation_;
  const Transform transform_;
  std::int64_t fft_size_;
  std::uint64_t memory_bytes_;
  ki::cpu::AlignedMemory spectra_, mask_;
  std::unique_ptr<const TapMask> tap_mask_;
};

std::unique_ptr<Plan> create_plan(Device& device, const PlanOptions& options);

}  // namespace ki::long_convolution::cpu
