// The host side of a short convolution's gradients: cuts the work, lays out the workspace, and adds up the slices'
// sums.
#include <algorithm>

#include "core/error.h"
#include "cpu/cpu_device.h"
#include "long_convolution/cpu/short_taps.h"
#include "long_convolution/cpu/short_work.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;

GradientsFunction kernel_for(const CpuDevice& device, ki_dtype dtype) {
  const ShortGradientKernels& compiled = short_gradient_kernels(device.target());
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return compiled.float32;
    case KI_DTYPE_FLOAT16: return compiled.float16;
    default: return compiled.bfloat16;
  }
}

bool wants_sums(const ShortBackwardProblem& b) { return b.grad_filter.rank > 0 || b.grad_bias.rank > 0; }

// A slice has the rows of one tile, of several batch entries if these are shorter.
Gradients gradients_of(const ShortBackwardProblem& b) {
  const ShortProblem& p = b.forward;
  Gradients g{};
  g.shape = shape_of(p);
  g.grad_input.from = {b.grad_output, {}, p.places(b.grad_output), {}, p.length};
  g.grad_input.to = b.grad_input;
  if (b.grad_input.rank > 0) g.grad_input.to_places = p.places(b.grad_input);
  g.grad_input.ahead = p.width - 1;
  g.input = {p.input, {}, p.places(p.input), {}, p.length};
  g.tiles_per_row = (p.length + kTile - 1) / kTile;
  g.tiles_per_slice = std::max<std::int64_t>(kTile / std::max<std::int64_t>(p.length, 1), 1);
  return g;
}

std::int64_t slices_of(const Gradients& g) {
  return (g.shape.batch * g.tiles_per_row + g.tiles_per_slice - 1) / g.tiles_per_slice;
}

// Floats of each part of the workspace.
struct Parts {
  std::int64_t taps, scratch, sums;

  Parts(const ShortBackwardProblem& b, const Gradients& g, int workers)
      : taps(floats_of(g.shape, g.shape.width)), scratch(workers * kScratch) {
    using Size = unsigned __int128;
    const Size slices = static_cast<Size>(slices_of(g)), each = static_cast<Size>(g.slice_floats());
    if (slices * each > (Size{1} << 60)) not_supported("input", "needs a workspace of more than 2^62 bytes");
    sums = wants_sums(b) ? static_cast<std::int64_t>(slices * each) : 0;
  }

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(taps + scratch + sums) * sizeof(float); }
};

// Channels of a task.
std::int64_t task_channels(const Shape& shape, std::int64_t element_size) {
  if (shape.channels_last)
    return std::min(channels_together(shape, element_size) / 2 / kBlock * kBlock, shape.channels);
  return std::min<std::int64_t>(std::max<std::int64_t>(kTaskElements / kTile, 1), shape.channels);
}

// Double, because slices may be many; always in their order.
void add_slices(const ShortBackwardProblem& b, const Gradients& g, std::int64_t channel) {
  const std::int64_t rows = g.shape.width + 1, slices = slices_of(g);
  for (std::int64_t j = 0; j < rows; ++j) {
    const Tensor& to = j < g.shape.width ? b.grad_filter : b.grad_bias;
    if (to.rank == 0) continue;
    const float* sums = g.sums + place_of(g.shape, rows, channel, j);
    double total = 0;
    for (std::int64_t slice = 0; slice < slices; ++slice) total += sums[slice * g.slice_floats()];
    const std::int64_t at = channel * to.strides[0] + (j < g.shape.width ? j : 0);
    reinterpret_cast<float*>(to.data)[at] = static_cast<float>(total);
  }
}

}  // namespace

std::uint64_t short_backward_workspace(Device& device, const ShortBackwardProblem& b) {
  const Gradients g = gradients_of(b);
  const int threads = static_cast<CpuDevice&>(device).pool().thread_count();
  return Parts(b, g, workers_for(g.shape, threads)).bytes();
}

void short_backward(Device& device, Stream&, const ShortBackwardProblem& b, void* workspace) {
  const ShortProblem& p = b.forward;
  auto& pool = static_cast<CpuDevice&>(device).pool();
  Gradients g = gradients_of(b);
  const int workers = workers_for(g.shape, pool.thread_count());
  const Parts parts(b, g, workers);
  auto* memory = static_cast<float*>(workspace);
  float* scratch = memory + parts.taps;
  g.grad_input.taps = memory;
  g.sums = wants_sums(b) ? scratch + parts.scratch : nullptr;
  pack_taps(p, TapOrder::reversed, memory);

  const std::int64_t channels = task_channels(g.shape, size_of(p.input.dtype));
  const std::int64_t channel_tasks = channels == 0 ? 0 : (p.channels + channels - 1) / channels;
  const GradientsFunction kernel = kernel_for(static_cast<CpuDevice&>(device), p.input.dtype);
  pool.parallel_for(slices_of(g) * channel_tasks, workers, [&](std::int64_t task, int worker) {
    const std::int64_t channel = task % channel_tasks * channels;
    kernel(g, {task / channel_tasks, channel, std::min(channel + channels, p.channels)}, scratch + worker * kScratch);
  });
  if (g.sums != nullptr) {
    pool.parallel_for(p.channels, workers, [&](std::int64_t channel, int) { add_slices(b, g, channel); });
  }
}

}  // namespace ki::long_convolution::cpu
