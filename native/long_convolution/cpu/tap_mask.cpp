#include "long_convolution/cpu/tap_mask.h"

#include <algorithm>

namespace ki::long_convolution::cpu {
namespace {

std::uint64_t mask_bytes(const Transform& transform) {
  return static_cast<std::uint64_t>(2 * transform.points()) * sizeof(float);
}

}  // namespace

ki::cpu::AlignedMemory make_mask(const Transform& transform, const PlanOptions& options,
                                 const std::function<double(std::int64_t frequency)>& gain) {
  ki::cpu::AlignedMemory memory = ki::cpu::allocate(mask_bytes(transform));
  auto* factors = reinterpret_cast<float*>(memory.get());
  for (std::int64_t place = 0; place < transform.points(); ++place) {
    const std::int64_t above = transform.frequency(place), frequency = std::min(above, transform.points() - above);
    const std::int64_t re = transform.float_index(place);
    factors[re] = factors[re + transform.lanes()] =
        options.keeps(frequency) ? static_cast<float>(gain(frequency)) : 0.0f;
  }
  return memory;
}

bool can_mask_taps(const PlanOptions& o, ki::cpu::SimdTarget target) {
  return !o.circular && o.fft_size / 2 >= o.length && is_supported(o.fft_size / 2, target);
}

TapMask::TapMask(const PlanOptions& o, ki::cpu::SimdTarget target)
    : transform_(o.fft_size, Transform::Kind::cyclic, target),
      kernels_(transform_kernels(target)),
      factors_(make_mask(transform_, o, [&](std::int64_t) { return 1 / static_cast<double>(o.fft_size); })) {}

std::uint64_t TapMask::memory_bytes() const { return transform_.memory_bytes() + mask_bytes(transform_); }

void TapMask::apply(float* taps, float* z) const {
  mask(taps, z);
  change_signs(taps);
}

void TapMask::apply_to_gradient(float* gradient, float* z) const {
  change_signs(gradient);
  mask(gradient, z);
}

void TapMask::mask(float* taps, float* z) const {
  kernels_.forward(transform_, {taps, nullptr}, z);
  kernels_.multiply_real(z, reinterpret_cast<const float*>(factors_.get()), transform_.points());
  kernels_.inverse(transform_, z, {taps, nullptr});
}

void TapMask::change_signs(float* taps) const {
  for (std::int64_t i = transform_.points() / 2; i < transform_.points(); ++i) taps[i] = -taps[i];
}

}  // namespace ki::long_convolution::cpu
