// The host side of a short convolution's forward pass: cuts the work, and carries the state on.
#include <algorithm>
#include <cstring>

#include "cpu/cpu_device.h"
#include "long_convolution/cpu/short_taps.h"
#include "long_convolution/cpu/short_work.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;

PassFunction kernel_for(const CpuDevice& device, ki_dtype dtype) {
  const ShortKernels& compiled = short_kernels(device.target());
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return compiled.pass_float32;
    case KI_DTYPE_FLOAT16: return compiled.pass_float16;
    default: return compiled.pass_bfloat16;
  }
}

// Copies the last width - 1 of the state and the inputs, of a task's channels, over the state. Nothing else reads this
// part of the state: it belongs to the task of the first rows, which is done with it.
void carry_state(const ShortProblem& p, const Tile& tile) {
  const std::int64_t size = size_of(p.input.dtype), rows = p.width - 1;
  const Places inputs = p.places(p.input), states = p.places(p.state);
  const auto at = [&](const Tensor& tensor, const Places& places, std::int64_t channel, std::int64_t time) {
    return tensor.data + (tile.batch * places.batch + channel * places.channel + time * places.time) * size;
  };
  // Older rows move to the front; there are some where the call is shorter than the state.
  const std::int64_t kept = std::max<std::int64_t>(rows - p.length, 0);
  if (p.channels_last) {
    const auto bytes = static_cast<std::size_t>((tile.end_channel - tile.channel) * size);
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::byte* from = i < kept ? at(p.state, states, tile.channel, i + p.length)
                                       : at(p.input, inputs, tile.channel, p.length - rows + i);
      std::memmove(at(p.state, states, tile.channel, i), from, bytes);
    }
    return;
  }
  for (std::int64_t channel = tile.channel; channel < tile.end_channel; ++channel) {
    std::memmove(at(p.state, states, channel, 0), at(p.state, states, channel, p.length),
                 static_cast<std::size_t>(kept * size));
    std::memcpy(at(p.state, states, channel, kept), at(p.input, inputs, channel, p.length - (rows - kept)),
                static_cast<std::size_t>((rows - kept) * size));
  }
}

Pass pass_of(const ShortProblem& p, const float* taps, const float* bias) {
  Pass pass{};
  pass.from = {p.input, p.state, p.places(p.input), {}, p.length};
  if (p.state.rank > 0) pass.from.state_places = p.places(p.state);
  pass.to = p.output;
  pass.to_places = p.places(p.output);
  pass.taps = taps;
  pass.bias = bias;
  return pass;
}

}  // namespace

void short_forward(Device& device, Stream& stream, const ShortProblem& p) {
  if (p.input.elements == 0) return;  // then the state stays what it is, too
  auto& cpu = static_cast<CpuDevice&>(device);
  const Shape shape = shape_of(p);
  const Cut cut = cut_pass(shape, size_of(p.input.dtype));
  const int workers = workers_for(shape, cpu.pool().thread_count());
  const std::int64_t taps = floats_of(shape, p.width), biases = floats_of(shape, 1);
  auto* memory = static_cast<float*>(
      stream.workspace(static_cast<std::uint64_t>(taps + biases + workers * kScratch) * sizeof(float)));
  float* scratch = memory + taps + biases;
  pack_taps(p, TapOrder::forward, memory);
  pack_bias(p, memory + taps);

  const Pass pass = pass_of(p, memory, memory + taps);
  const PassFunction kernel = kernel_for(cpu, p.input.dtype);
  cpu.pool().parallel_for(p.batch * cut.row_tasks * cut.channel_tasks, workers, [&](std::int64_t task, int worker) {
    const std::int64_t rows = task / cut.channel_tasks % cut.row_tasks;
    const std::int64_t channel = task % cut.channel_tasks * cut.channels;
    const Tile tile{task / cut.channel_tasks / cut.row_tasks, channel, std::min(channel + cut.channels, p.channels),
                    rows * cut.rows, std::min((rows + 1) * cut.rows, p.length)};
    kernel(shape, pass, tile, scratch + worker * kScratch);
    if (rows == 0 && p.state.rank > 0 && p.width > 1) carry_state(p, tile);
  });
}

}  // namespace ki::long_convolution::cpu
