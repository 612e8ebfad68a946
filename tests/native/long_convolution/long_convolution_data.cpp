#include "long_convolution/long_convolution_data.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "support/random.h"

namespace ki::test {
namespace {

using Contents = ConvolutionContents;
using Placement = ConvolutionPlacement;

Layout layout_of(Placement placement, bool is_written) {
  switch (placement) {
    case Placement::dense: return {};
    case Placement::aligned: return {.misalign = 0};
    case Placement::channels_first: return {.order = {1, 0, 2}};
    case Placement::padded_rows: return {.row_gap = 5};
    case Placement::broadcast_batch: return is_written ? Layout{} : Layout{.broadcast = {0}};
    case Placement::broadcast_channels: return is_written ? Layout{} : Layout{.broadcast = {1}};
  }
  return {};
}

/// Whether a block of the spectrum is masked.
bool is_masked(const FrequencyMaskCase& mask, std::int64_t i, std::int64_t blocks) {
  switch (mask.masked) {
    case MaskedBlocks::none: return false;
    case MaskedBlocks::all: return true;
    case MaskedBlocks::first: return i == 0;
    case MaskedBlocks::last: return i == blocks - 1;
    case MaskedBlocks::odd: return i % 2 == 1;
    case MaskedBlocks::outside: return i < mask.band[0] || i >= mask.band[1];
    case MaskedBlocks::scattered: return Random(static_cast<std::uint64_t>(i)).uniform() < 0.6;
  }
  return false;
}

TensorData mask_of(const LongConvolutionCase& c) {
  const std::int64_t blocks = (c.fft_size / 2 + c.mask->block - 1) / c.mask->block;
  TensorData mask(KI_DTYPE_BOOL, {blocks});
  Array kept({blocks});
  for (std::int64_t i = 0; i < blocks; ++i) kept({i}) = is_masked(*c.mask, i, blocks) ? 0 : 1;
  mask.write(kept);
  return mask;
}

void fill(TensorData& tensor, Random& random) {
  Array values(tensor.shape());
  for (double& x : values.values) x = random.normal();
  tensor.write(values);
}

void fill_input(const LongConvolutionCase& c, TensorData& tensor, Random& random) {
  Array values(tensor.shape());
  for (double& x : values.values) x = c.contents == Contents::ones ? 1 : random.normal();
  if (c.contents == Contents::nan_row || c.contents == Contents::infinite_row) {
    // A row that has a neighbour on either side, where there are so many.
    const std::int64_t row = c.batch * c.channels / 2;
    values({row / c.channels, row % c.channels, c.whole_length() / 3}) = c.contents == Contents::nan_row
                                                                             ? std::numeric_limits<double>::quiet_NaN()
                                                                             : std::numeric_limits<double>::infinity();
  }
  tensor.write(values);
}

/// Of norm about 1, so that outputs are of the size of inputs and nothing overflows a float16.
void fill_filter(const LongConvolutionCase& c, TensorData& tensor, Random& random) {
  Array values(tensor.shape());
  const double size = 1 / std::sqrt(static_cast<double>(c.filter_length));
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    const auto tap = static_cast<double>(static_cast<std::int64_t>(i) % c.filter_length);
    const double fading = c.contents == Contents::decaying ? std::exp(-8 * tap * size * size) : 1;
    values.values[i] = c.contents == Contents::ones ? size : random.normal() * size * fading;
  }
  if (c.contents == Contents::nan_in_filter) {
    values({c.channels / 2, c.filter_length / 2}) = std::numeric_limits<double>::quiet_NaN();
  }
  tensor.write(values);
}

}  // namespace

TensorData placed_rows(const LongConvolutionCase& c, bool is_written) {
  return {c.dtype, {c.batch, c.channels, c.whole_length()}, layout_of(c.placement, is_written)};
}

LongConvolutionData::LongConvolutionData(const LongConvolutionCase& c)
    : convolution_case(c),
      input(placed_rows(c, false)),
      output(placed_rows(c, true)),
      filter(c.filter_dtype.value_or(KI_DTYPE_FLOAT32), {c.channels, c.filter_length}) {
  Random random(seed_of(c.name()));
  fill_input(c, input, random);
  fill_filter(c, filter, random);
  if (c.input_gate) fill(input_gate.emplace(placed_rows(c, false)), random);
  if (c.output_gate) fill(output_gate.emplace(placed_rows(c, false)), random);
  if (c.skip != Skip::none) {
    fill(skip.emplace(c.skip == Skip::float32 ? KI_DTYPE_FLOAT32 : c.dtype, Shape{c.channels}), random);
  }
  if (c.streams()) fill(state.emplace(KI_DTYPE_FLOAT32, Shape{c.batch, c.channels, c.filter_length - 1}), random);
  if (c.mask) frequency_mask.emplace(mask_of(c));
}

std::vector<TensorData*> LongConvolutionData::tensors() {
  std::vector<TensorData*> all{&input, &output, &filter};
  for (std::optional<TensorData>* tensor : {&input_gate, &output_gate, &skip, &state, &frequency_mask}) {
    if (*tensor) all.push_back(&**tensor);
  }
  return all;
}

LongConvolutionData LongConvolutionData::copy() const {
  LongConvolutionData result = *this;
  separate(result.tensors());
  return result;
}

LongConvolutionArguments LongConvolutionData::arguments() const {
  const auto read = [](const std::optional<TensorData>& tensor) {
    return tensor ? std::optional(tensor->read()) : std::nullopt;
  };
  LongConvolutionArguments a{input.read(), filter.read()};
  a.input_gate = read(input_gate);
  a.output_gate = read(output_gate);
  a.skip = read(skip);
  a.state = read(state);
  a.circular = convolution_case.circular;
  a.squash = convolution_case.squash;
  if (frequency_mask) {
    a.mask = {convolution_case.fft_size, convolution_case.mask->block, {}};
    for (const double kept : frequency_mask->read().values) a.mask->kept.push_back(kept != 0);
  }
  return a;
}

}  // namespace ki::test
