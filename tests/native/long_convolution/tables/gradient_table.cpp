#include <set>
#include <stdexcept>

#include "long_convolution/convolution_gradient_run.h"
#include "long_convolution/tables/table.h"

namespace ki::test {
namespace {

using GradientTable = std::vector<ConvolutionGradientCase>;

constexpr std::array kDtypes{KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};

LongConvolutionCase with_everything(LongConvolutionCase c) {
  c.input_gate = c.output_gate = true;
  c.skip = Skip::float32;
  return c;
}

void add_lengths(GradientTable& table) {
  constexpr std::array<std::int64_t, 2> lengths[] = {{1, 1},    {1, 5},       {2, 2},     {3, 7},       {64, 33},
                                                     {129, 1},  {128, 128},   {255, 700}, {256, 256},   {257, 257},
                                                     {500, 13}, {1000, 1000}, {1025, 64}, {4096, 4096}, {5000, 300}};
  std::size_t i = 0;
  for (const auto& length : lengths) {
    table.push_back({shaped(KI_DTYPE_FLOAT32, {1, 1}, length)});
    if (length[0] <= 1025) table.push_back({with_everything(shaped(kDtypes[i % 3], {3, 2}, length))});
    ++i;
  }
  for (const ki_dtype dtype : kDtypes) {
    for (const auto& rows : {std::array<std::int64_t, 2>{0, 2}, {1, 3}, {2, 1}, {5, 1}}) {
      table.push_back({with_everything(shaped(dtype, rows, {150, 40}))});
    }
    table.push_back({with_everything(shaped(dtype, {3, 2}, {0, 40}))});
  }
  for (const std::int64_t fft_size : {256, 512, 4096}) {  // blocks that overlap, and room to spare
    LongConvolutionCase c = with_everything(shaped(KI_DTYPE_FLOAT32, {3, 2}, {900, 200}));
    c.fft_size = fft_size;
    table.push_back({c});
    c.dtype = KI_DTYPE_FLOAT16;
    table.push_back({c});
  }
  LongConvolutionCase c = with_everything(shaped(KI_DTYPE_FLOAT32, {3, 1}, {300, 400}));
  c.plan_length = 1000;
  table.push_back({c});
}

void add_wanted(GradientTable& table) {
  for (const WantedGradients wanted :
       {WantedGradients::input, WantedGradients::filter, WantedGradients::gates_and_skip}) {
    for (const ki_dtype dtype : kDtypes) table.push_back({with_everything(shaped(dtype, {3, 2}, {200, 70})), wanted});
    table.push_back({shaped(KI_DTYPE_FLOAT32, {3, 2}, {200, 70}), wanted});
  }
  LongConvolutionCase c = shaped(KI_DTYPE_FLOAT32, {2, 2}, {200, 70});
  c.input_gate = true;
  table.push_back({c});
  c.input_gate = false;
  c.output_gate = true;
  table.push_back({c});
  c.output_gate = false;
  c.dtype = KI_DTYPE_FLOAT16;
  c.skip = Skip::same;
  table.push_back({c});
}

void add_features(GradientTable& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const auto& lengths : {std::array<std::int64_t, 2>{3, 2}, {17, 40}, {256, 256}, {257, 30}, {1000, 2100}}) {
      LongConvolutionCase c = shaped(dtype, {3, 2}, lengths);
      c.circular = true;
      table.push_back({c});
    }
    LongConvolutionCase c = with_everything(shaped(dtype, {3, 2}, {200, 120}));
    c.squash = 0.05F;
    table.push_back({c});
    c.filter_dtype = dtype;
    c.circular = true;
    table.push_back({c});
  }
  for (const MaskedBlocks masked :
       {MaskedBlocks::none, MaskedBlocks::all, MaskedBlocks::first, MaskedBlocks::last, MaskedBlocks::scattered}) {
    LongConvolutionCase c = with_everything(shaped(KI_DTYPE_FLOAT32, {3, 2}, {150, 100}));
    c.fft_size = 256;
    c.mask = {16, masked};
    table.push_back({c});
    c.length = 256;
    c.filter_length = 300;
    c.circular = true;
    c.squash = 0.03F;
    c.mask->block = 5;
    table.push_back({c});
  }
}

/// Without gates and with them; what two rows hold together is in add_features().
void add_bands(GradientTable& table) {
  for (const LongConvolutionCase& c : band_cases()) {
    if (c.fft_size == 1024) table.push_back({table.size() % 2 == 0 ? c : with_everything(c)});
  }
  for (const WantedGradients wanted :
       {WantedGradients::input, WantedGradients::filter, WantedGradients::gates_and_skip}) {
    for (const ki_dtype dtype : kDtypes) {
      LongConvolutionCase c = with_everything(shaped(dtype, {3, 2}, {500, 400}));
      c.fft_size = 1024;
      c.mask = {32, MaskedBlocks::outside, {0, 1}};
      table.push_back({c, wanted});
    }
  }
}

void add_places_and_contents(GradientTable& table) {
  for (const auto placement :
       {ConvolutionPlacement::aligned, ConvolutionPlacement::channels_first, ConvolutionPlacement::padded_rows,
        ConvolutionPlacement::broadcast_batch, ConvolutionPlacement::broadcast_channels}) {
    for (const ki_dtype dtype : kDtypes) {
      LongConvolutionCase c = with_everything(shaped(dtype, {3, 2}, {203, 100}));
      c.placement = placement;
      table.push_back({c});
    }
  }
  for (const auto contents : {ConvolutionContents::decaying, ConvolutionContents::ones, ConvolutionContents::nan_row,
                              ConvolutionContents::infinite_row, ConvolutionContents::nan_in_filter}) {
    for (const ki_dtype dtype : kDtypes) {
      LongConvolutionCase c = shaped(dtype, {4, 3}, {300, 200});
      c.contents = contents;
      table.push_back({c});
      table.push_back({with_everything(c)});
      for (const LongConvolutionCase& paired : in_pairs(with_everything(c))) table.push_back({paired});
    }
  }
}

GradientTable build_table() {
  GradientTable table;
  for (const auto add : {add_lengths, add_wanted, add_features, add_bands, add_places_and_contents}) add(table);
  std::set<std::string> names;
  for (const ConvolutionGradientCase& c : table) {
    if (!names.insert(c.name()).second) throw std::logic_error("the case " + c.name() + " stands twice in the table");
  }
  return table;
}

}  // namespace

const std::vector<ConvolutionGradientCase>& convolution_gradient_cases() {
  static const GradientTable table = build_table();
  return table;
}

}  // namespace ki::test
