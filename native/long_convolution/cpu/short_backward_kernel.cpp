// The kernel of a short convolution's gradients, compiled for every instruction set. A tile of the outputs' gradients
// serves the gradient of the input and the sums while it is in the cache.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "long_convolution/cpu/short_backward_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "long_convolution/cpu/short_pass-inl.h"
#include "long_convolution/cpu/short_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

// Calls body(batch, first, end) for the tiles of a slice.
template <class Body>
HWY_INLINE void for_tiles(const Gradients& g, std::int64_t slice, const Body& body) {
  const std::int64_t first = slice * g.tiles_per_slice;
  const std::int64_t end = std::min(first + g.tiles_per_slice, g.shape.batch * g.tiles_per_row);
  for (std::int64_t tile = first; tile < end; ++tile) {
    const std::int64_t t = tile % g.tiles_per_row * kTile;
    body(tile / g.tiles_per_row, t, std::min(t + kTile, g.shape.length));
  }
}

template <class T>
void gradients_of_rows(const Gradients& g, const SliceTask& task, float* scratch) {
  const FloatTag d;
  const Pass& p = g.grad_input;
  const std::int64_t width = g.shape.width, rows = width + 1;
  float* sums = scratch + 2 * kWindow;
  for (std::int64_t channel = task.channel; channel < task.end_channel; ++channel) {
    std::fill_n(sums, rows * kLanes, 0.0f);
    for_tiles(g, task.slice, [&](std::int64_t batch, std::int64_t first, std::int64_t tile_end) HWY_ATTR {
      for (std::int64_t t = first, end = t; t < tile_end; t = end) {
        end = end_of_piece<T>(g.input, width - 1, width - 1, t, tile_end);
        const float* gradients = window_of_times<T>(p.from, width, p.ahead, batch, channel, t, end, scratch);
        if (p.to.rank > 0) {
          pass_times(gradients, p.taps + channel * width, width, 0, end - t,
                     element_of_output<T>(p.to, p.to_places, batch, channel, t));
        }
        if (g.sums == nullptr) continue;
        const float* x = window_of_times<T>(g.input, width, 0, batch, channel, t, end, scratch + kWindow);
        add_sums_of_times(gradients - p.ahead, x, width, end - t, sums);
      }
    });
    if (g.sums == nullptr) continue;
    float* to = g.sums + task.slice * g.slice_floats() + place_of(g.shape, rows, channel, 0);
    for (std::int64_t j = 0; j < rows; ++j) to[j] = hn::ReduceSum(d, hn::LoadU(d, sums + j * kLanes));
  }
}

// A few rows of one vector of channels.
struct Columns {
  std::int64_t batch, channel;
  std::size_t count;
  std::int64_t first, end;
};

template <class X, class T>
HWY_INLINE void gradients_of_columns(const Gradients& g, const Columns& c, const X* gradients, std::ptrdiff_t g_step,
                                     const X* x, std::ptrdiff_t x_step, float* sums) {
  const Pass& p = g.grad_input;
  const std::int64_t width = g.shape.width, rows = c.end - c.first;
  if (p.to.rank > 0) {
    pass_channels(gradients, g_step, p.taps + place_of(g.shape, width, c.channel, 0), width, hn::Zero(FloatTag()), rows,
                  element_of_output<T>(p.to, p.to_places, c.batch, c.channel, c.first), p.to_places.time, c.count);
  }
  if (sums == nullptr) return;
  add_sums_of_channels(gradients - p.ahead * g_step, g_step, x, x_step, width, rows,
                       sums + place_of(g.shape, width + 1, c.channel, 0));
}

// Reads both windows where they are, or neither.
template <class T>
HWY_INLINE void gradients_of_columns(const Gradients& g, const Columns& c, float* scratch, float* sums) {
  const Source &outputs = g.grad_input.from, &inputs = g.input;
  const std::int64_t width = g.shape.width, before = width - 1;
  const bool inside =
      c.first >= before && c.end + before <= g.shape.length && c.count == static_cast<std::size_t>(kLanes);
  if (inside && width <= kWidthToCopy) {
    return gradients_of_columns<T, T>(
        g, c, element<T>(outputs.tensor, outputs.places, c.batch, c.channel, c.first + before), outputs.places.time,
        element<T>(inputs.tensor, inputs.places, c.batch, c.channel, c.first), inputs.places.time, sums);
  }
  float *gradients = scratch, *x = scratch + kWindow;
  stage_channels<T>(outputs, width, c.batch, c.channel, c.count, c.first, c.end + before, gradients);
  if (sums != nullptr) stage_channels<T>(inputs, width, c.batch, c.channel, c.count, c.first - before, c.end, x);
  gradients_of_columns<float, T>(g, c, gradients + before * kLanes, kLanes, x + before * kLanes, kLanes, sums);
}

template <class T>
void gradients_of_columns(const Gradients& g, const SliceTask& task, float* scratch) {
  const std::int64_t rows = g.shape.width + 1, together = rows_together(g.shape.width);
  float* sums = nullptr;
  if (g.sums != nullptr) {
    sums = g.sums + task.slice * g.slice_floats();
    const std::int64_t blocks = (task.end_channel - task.channel + kBlock - 1) / kBlock;
    std::fill_n(sums + place_of(g.shape, rows, task.channel, 0), blocks * rows * kBlock, 0.0f);
  }
  for_tiles(g, task.slice, [&](std::int64_t batch, std::int64_t first, std::int64_t end) HWY_ATTR {
    for (std::int64_t t = first; t < end; t += together) {
      for (std::int64_t channel = task.channel; channel < task.end_channel; channel += kLanes) {
        const auto count = static_cast<std::size_t>(std::min<std::int64_t>(task.end_channel - channel, kLanes));
        gradients_of_columns<T>(g, {batch, channel, count, t, std::min(t + together, end)}, scratch, sums);
      }
    }
  });
}

template <class T>
void gradients(const Gradients& g, const SliceTask& task, float* scratch) {
  g.shape.channels_last ? gradients_of_columns<T>(g, task, scratch) : gradients_of_rows<T>(g, task, scratch);
}

constexpr ShortGradientKernels kShortGradientKernels{gradients<float>, gradients<ki::cpu::Float16>,
                                                     gradients<ki::cpu::BFloat16>};

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::long_convolution::cpu {

const ShortGradientKernels& short_gradient_kernels(ki::cpu::SimdTarget target) {
  return KI_FOR_TARGET(target, kShortGradientKernels);
}

}  // namespace ki::long_convolution::cpu
#endif
