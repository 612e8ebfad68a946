#include "long_convolution/cuda/short_plan.h"

#include <algorithm>
#include <limits>

namespace ki::long_convolution::cuda {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max() / 2;

// Rows that a slice has where a batch entry is long enough: the sums of a slice are then a small part of what is read.
constexpr std::int64_t kSliceRows = 4096;

// What a block may have without asking: several share a multiprocessor.
constexpr std::int64_t kMostSharedBytesOfShortRows = 32 * 1024;

ShortTensor tensor_of(const Tensor& tensor, const Places& places) {
  const std::int64_t size = size_of(tensor.dtype);
  ShortTensor result{tensor.data, {places.batch * size, places.channel * size, places.time * size}, true};
  result.aligned = reinterpret_cast<std::uintptr_t>(tensor.data) % 16 == 0;
  for (int i = 0; i + 1 < tensor.rank; ++i) result.aligned &= tensor.strides[i] * size % 16 == 0;
  return result;
}

ShortFilter filter_of(const ShortProblem& p) {
  ShortFilter filter{};
  filter.taps = p.filter.data;
  filter.taps_stride = p.filter.strides[0] * size_of(p.filter.dtype);
  filter.float32_taps = p.filter.dtype == KI_DTYPE_FLOAT32;
  if (p.bias.rank > 0) {
    filter.bias = p.bias.data;
    filter.float32_bias = p.bias.dtype == KI_DTYPE_FLOAT32;
  }
  return filter;
}

std::int64_t blocks_for(std::int64_t count, std::int64_t of_block) { return (count + of_block - 1) / of_block; }

// Rows of float32 taps are whole vectors.
std::int64_t shared_bytes_of_row(const ShortProblem& p, std::int64_t lanes) {
  const auto size = static_cast<int>(size_of(p.input.dtype)), width = static_cast<int>(p.width);
  const std::int64_t vectors = lanes * kRowOutputs / vector_elements(size) + halo_vectors(width, size);
  return 16 * (vectors + divide_up(width, 4));
}

// As few threads for a row as have a result each, but so many that the block's rows have room.
std::int32_t lanes_of_row(const ShortProblem& p) {
  std::int32_t lanes = 1;
  const auto fits = [&] {
    return kShortThreads / lanes * shared_bytes_of_row(p, lanes) <= kMostSharedBytesOfShortRows;
  };
  while (lanes < kShortThreads && (lanes * kRowOutputs < p.length || !fits())) lanes *= 2;
  return lanes;
}

PassLaunch plan_pass(const ShortProblem& p) {
  PassLaunch launch{};
  ShortPassParams& params = launch.params;
  params.batch = static_cast<std::int32_t>(p.batch);
  params.channels = static_cast<std::int32_t>(p.channels);
  params.length = static_cast<std::int32_t>(p.length);
  params.width = static_cast<std::int32_t>(p.width);
  const std::int64_t size = size_of(p.input.dtype);
  if (p.channels_last) {
    const std::int64_t channels = kColumnVectors * 16 / size;
    params.tiles = static_cast<std::int32_t>(blocks_for(p.length, kColumnTile));
    launch.blocks = p.batch * params.tiles * blocks_for(p.channels, channels);
    launch.shared_bytes =
        static_cast<unsigned>(16 * kColumnVectors * (kColumnTile + p.width - 1) + 4 * channels * p.width);
  } else {
    params.lanes = lanes_of_row(p);
    const std::int64_t rows = kShortThreads / params.lanes;
    params.tiles = static_cast<std::int32_t>(blocks_for(p.length, kRowTile));
    launch.blocks = blocks_for(p.batch * p.channels, rows) * params.tiles;
    launch.shared_bytes = static_cast<unsigned>(rows * shared_bytes_of_row(p, params.lanes));
  }
  return launch;
}

}  // namespace

PassLaunch plan_forward(const ShortProblem& p) {
  PassLaunch launch = plan_pass(p);
  launch.params.from = tensor_of(p.input, p.places(p.input));
  launch.params.to = tensor_of(p.output, p.places(p.output));
  if (p.state.rank > 0) launch.params.state = tensor_of(p.state, p.places(p.state));
  launch.params.filter = filter_of(p);
  return launch;
}

PassLaunch plan_grad_input(const ShortBackwardProblem& b) {
  const ShortProblem& p = b.forward;
  PassLaunch launch = plan_pass(p);
  launch.params.from = tensor_of(b.grad_output, p.places(b.grad_output));
  launch.params.to = tensor_of(b.grad_input, p.places(b.grad_input));
  launch.params.filter = filter_of(p);
  launch.params.filter.bias = nullptr;
  launch.params.reversed = true;
  return launch;
}

SumsLaunch plan_sums(const ShortBackwardProblem& b) {
  const ShortProblem& p = b.forward;
  SumsLaunch launch{};
  ShortSumsParams& params = launch.params;
  params.input = tensor_of(p.input, p.places(p.input));
  params.grad_output = tensor_of(b.grad_output, p.places(b.grad_output));
  params.batch = static_cast<std::int32_t>(p.batch);
  params.channels = static_cast<std::int32_t>(p.channels);
  params.length = static_cast<std::int32_t>(p.length);
  params.width = static_cast<std::int32_t>(p.width);
  const std::int64_t tile = p.channels_last ? kColumnTile : kRowTile;
  const std::int64_t tile_rows = std::clamp<std::int64_t>(p.length, 1, tile);
  params.tiles = static_cast<std::int32_t>(blocks_for(p.length, tile));
  params.tiles_per_slice = static_cast<std::int32_t>(blocks_for(kSliceRows, tile_rows));
  launch.slices = blocks_for(p.batch * params.tiles, params.tiles_per_slice);
  const std::int64_t channels = kColumnVectors * 16 / size_of(p.input.dtype);
  launch.blocks =
      launch.slices *
      (p.channels_last ? blocks_for(p.channels, channels) * blocks_for(p.width, kColumnTapTile) : p.channels);
  return launch;
}

void check_short_size(const Device&, const ShortProblem& p) {
  if (p.length > kMost || p.channels > kMost || p.batch > kMost) {
    not_supported("input", "has a dimension of more than ", kMost, " in shape ", shape_text(p.input),
                  ", which is not supported on CUDA");
  }
  // Blocks of the narrowest tiles; in this order no product overflows.
  const std::int64_t tiles = blocks_for(p.length, kColumnTile) + 1;
  if (p.batch != 0 && p.channels != 0 && (p.channels > kMost / p.batch || tiles > kMost / (p.batch * p.channels))) {
    not_supported("input", "has too many rows in shape ", shape_text(p.input), " for a grid on CUDA");
  }
}

void check_short_backward_size(const Device& device, const ShortBackwardProblem& b) {
  check_short_size(device, b.forward);
}

}  // namespace ki::long_convolution::cuda
