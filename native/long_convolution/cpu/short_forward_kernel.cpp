// The kernel of a short convolution's forward pass, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "long_convolution/cpu/short_forward_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "long_convolution/cpu/short_pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

template <class T>
void pass_rows(const Shape& shape, const Pass& p, const Tile& tile, float* memory) {
  for (std::int64_t channel = tile.channel; channel < tile.end_channel; ++channel) {
    for (std::int64_t t = tile.first, end = t; t < tile.end; t = end) {
      end = end_of_piece<T>(p.from, shape.width - 1, 0, t, tile.end);
      const float* x = window_of_times<T>(p.from, shape.width, p.ahead, tile.batch, channel, t, end, memory);
      pass_times(x, p.taps + channel * shape.width, shape.width, p.bias[channel], end - t,
                 element_of_output<T>(p.to, p.to_places, tile.batch, channel, t));
    }
  }
}

template <class T>
void pass_columns(const Shape& shape, const Pass& p, const Tile& tile, float* memory) {
  const FloatTag d;
  const std::int64_t together = rows_together(shape.width);
  for (std::int64_t t = tile.first; t < tile.end; t += together) {
    const std::int64_t end = std::min(t + together, tile.end);
    for (std::int64_t channel = tile.channel; channel < tile.end_channel; channel += kLanes) {
      const auto count = static_cast<std::size_t>(std::min<std::int64_t>(tile.end_channel - channel, kLanes));
      const float* taps = p.taps + place_of(shape, shape.width, channel, 0);
      const auto bias = hn::LoadU(d, p.bias + channel);
      T* to = element_of_output<T>(p.to, p.to_places, tile.batch, channel, t);
      with_window_of_channels<T>(
          p.from, shape.width, p.ahead, tile.batch, channel, count, t, end, memory,
          [&](const auto* x, std::ptrdiff_t step)
              HWY_ATTR { pass_channels(x, step, taps, shape.width, bias, end - t, to, p.to_places.time, count); });
    }
  }
}

template <class T>
void pass(const Shape& shape, const Pass& p, const Tile& tile, float* scratch) {
  shape.channels_last ? pass_columns<T>(shape, p, tile, scratch) : pass_rows<T>(shape, p, tile, scratch);
}

constexpr ShortKernels kShortKernels{pass<float>, pass<ki::cpu::Float16>, pass<ki::cpu::BFloat16>};

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::long_convolution::cpu {

const ShortKernels& short_kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kShortKernels); }

}  // namespace ki::long_convolution::cpu
#endif
