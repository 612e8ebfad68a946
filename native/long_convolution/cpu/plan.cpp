#include "long_convolution/cpu/plan.h"

#include <algorithm>
#include <cmath>

#include "long_convolution/cpu/spectrum_fft.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;

// count * size_bytes, or what no allocation can give.
std::uint64_t array_bytes(std::int64_t count, std::uint64_t size_bytes) {
  const auto number = static_cast<std::uint64_t>(count);
  return number > UINT64_MAX / size_bytes ? UINT64_MAX : number * size_bytes;
}

std::int64_t choose_fft_size(const PlanOptions& options, const Layout& layout) {
  if (options.fft_size == 0) return std::clamp(layout.row_points(), kMinFftSize, kMaxFftSize);
  if (!SpectrumFft::is_supported(options.fft_size)) {
    not_supported("options.fft_size", "is ", options.fft_size, "; sizes that only 2, 3 and 5 divide are supported");
  }
  return options.fft_size;
}

}  // namespace

CpuPlan::CpuPlan(const PlanOptions& options, ki::cpu::SimdTarget target)
    : Plan(options),
      layout_(choose_layout(options, target)),
      decimation_(options, target),
      transform_(layout_.points, layout_.kind, target),
      fft_size_(choose_fft_size(options, layout_)) {
  const std::uint64_t spectrum_bytes = static_cast<std::uint64_t>(2 * layout_.points) * sizeof(float);
  const std::uint64_t spectra_bytes = array_bytes(options.channels, spectrum_bytes);
  spectra_ = ki::cpu::allocate(spectra_bytes);
  memory_bytes_ = spectra_bytes + transform_.memory_bytes();
  if (options.frequency_mask.empty()) return;
  if (layout_.pairs_rows()) {
    const auto factor = static_cast<double>(decimation_.factor());
    mask_ =
        make_mask(transform_, options, [&](std::int64_t f) { return spectrum_gain(f) * factor / decimation_.gain(f); });
    memory_bytes_ += spectrum_bytes;
  } else {
    tap_mask_ = std::make_unique<const TapMask>(options, target);
    memory_bytes_ += tap_mask_->memory_bytes();
  }
}

double CpuPlan::spectrum_gain(std::int64_t frequency) const {
  return static_cast<double>(decimation_.factor()) /
         (static_cast<double>(layout_.points) * std::pow(decimation_.gain(frequency), 2));
}

std::unique_ptr<Plan> create_plan(Device& device, const PlanOptions& options) {
  return std::make_unique<CpuPlan>(options, static_cast<CpuDevice&>(device).target());
}

}  // namespace ki::long_convolution::cpu
