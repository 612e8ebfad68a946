// What the CPU's kernels for short convolutions are given, and the kernels themselves.
#pragma once

#include <cstdint>

#include "cpu/simd_target.h"
#include "long_convolution/short_problem.h"

namespace ki::long_convolution::cpu {

// Filters, biases and sums lie by channels: [channels][rows] if time is contiguous in the tensors, else in blocks of
// channels that a vector takes up whole, [channels / kBlock][rows][kBlock].
inline constexpr std::int64_t kBlock = 16;

// Rows of a tile where time is contiguous: with its results it takes up half of the first-level cache.
inline constexpr std::int64_t kTile = 2048;

// Floats of a window: a tile's inputs, those before it, and the rest of a vector; or the like where channels are
// contiguous.
inline constexpr std::int64_t kWindow = 4096;

// A worker's scratch memory: two windows, and a vector of sums for each tap and for the bias.
inline constexpr std::int64_t kScratch = 2 * kWindow + (kMaxWidth + 1) * kBlock;

// Rows of the inputs, with what is read before the first and behind the last.
struct Source {
  Tensor tensor, state;  // state has rank 0 if there are zeros instead
  Places places, state_places;
  std::int64_t length;
};

// A sum over the taps for each element: to[t] = bias + sum over j of taps[j] * from[t + ahead - j]. A forward pass is
// ahead by 0. The gradient of the input is a sum over the outputs that come later: its taps are reversed and it is
// width - 1 ahead.
struct Pass {
  Source from;
  Tensor to;  // rank 0 if it is not wanted
  Places to_places;
  const float* taps;  // width rows
  const float* bias;  // [channels]
  std::int64_t ahead;
};

struct Shape {
  bool channels_last;
  std::int64_t batch, channels, length, width;
};

// Where row `row` of a channel lies among `rows` rows, in floats, and how many floats the rows of all channels take up.
inline std::int64_t place_of(const Shape& shape, std::int64_t rows, std::int64_t channel, std::int64_t row) {
  if (!shape.channels_last) return channel * rows + row;
  return (channel / kBlock * rows + row) * kBlock + channel % kBlock;
}
inline std::int64_t floats_of(const Shape& shape, std::int64_t rows) {
  const std::int64_t channels = shape.channels_last ? (shape.channels + kBlock - 1) / kBlock * kBlock : shape.channels;
  return channels * rows;
}

struct Tile {
  std::int64_t batch;
  std::int64_t channel, end_channel;  // where channels are contiguous, a multiple of kBlock first
  std::int64_t first, end;            // rows
};

// The gradients of a problem. The sums of grad_filter and grad_bias are formed slice by slice: a slice is a few tiles
// of kTile rows, in the order batch, row, whoever computes it.
struct Gradients {
  Shape shape;
  Pass grad_input;  // from grad_output
  Source input;
  float* sums;  // [slices] of width + 1 rows, the last for the bias; null if not wanted
  std::int64_t tiles_per_row, tiles_per_slice;

  std::int64_t slice_floats() const { return floats_of(shape, shape.width + 1); }
};

struct SliceTask {
  std::int64_t slice, channel, end_channel;
};

using PassFunction = void (*)(const Shape& shape, const Pass& pass, const Tile& tile, float* scratch);
using GradientsFunction = void (*)(const Gradients& gradients, const SliceTask& task, float* scratch);

// One instruction set's kernels, named by the dtype of the tensors.
struct ShortKernels {
  PassFunction pass_float32, pass_float16, pass_bfloat16;
};
struct ShortGradientKernels {
  GradientsFunction float32, float16, bfloat16;
};

const ShortKernels& short_kernels(ki::cpu::SimdTarget target);
const ShortGradientKernels& short_gradient_kernels(ki::cpu::SimdTarget target);

void short_forward(Device& device, Stream& stream, const ShortProblem& problem);
std::uint64_t short_backward_workspace(Device& device, const ShortBackwardProblem& problem);
void short_backward(Device& device, Stream& stream, const ShortBackwardProblem& problem, void* workspace);

}  // namespace ki::long_convolution::cpu
