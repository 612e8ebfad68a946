#include <utility>

#include "long_convolution/tables/table.h"

namespace ki::test {
namespace {

constexpr std::array kDtypes{KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};

void add_block_masks(LongConvolutionTable& table) {
  for (const MaskedBlocks masked : {MaskedBlocks::none, MaskedBlocks::all, MaskedBlocks::first, MaskedBlocks::last,
                                    MaskedBlocks::odd, MaskedBlocks::scattered}) {
    for (const std::int64_t block : {1, 3, 16, 128, 1000}) {
      LongConvolutionCase c = shaped(KI_DTYPE_FLOAT32, {3, 2}, {150, 100});
      c.fft_size = 256;
      c.mask = {block, masked};
      table.push_back(c);
    }
    for (const ki_dtype dtype : kDtypes) {
      LongConvolutionCase c = shaped(dtype, {2, 2}, {700, 300});
      c.fft_size = 1024;
      c.mask = {50, masked};
      c.input_gate = c.output_gate = true;
      table.push_back(c);
    }
  }
  for (const std::int64_t filter_length : {200, 600}) {  // the second folds
    LongConvolutionCase c = shaped(KI_DTYPE_FLOAT32, {3, 2}, {512, filter_length});
    c.fft_size = 512;
    c.circular = true;
    c.mask = {32, MaskedBlocks::scattered};
    c.squash = 0.02F;
    table.push_back(c);
  }
  LongConvolutionCase c =
      shaped(KI_DTYPE_FLOAT32, {3, 1}, {90, 60});  // a call shorter than the plan: what is masked is the same
  c.plan_length = 197;
  c.fft_size = 256;
  c.mask = {8, MaskedBlocks::odd};
  table.push_back(c);
}

LongConvolutionCase with_band(LongConvolutionCase c, std::int64_t fft_size, std::int64_t blocks,
                              std::array<std::int64_t, 2> band) {
  c.fft_size = fft_size;
  c.mask = {fft_size / 2 / blocks, MaskedBlocks::outside, band};
  return c;
}

}  // namespace

void add_mask_cases(LongConvolutionTable& table) {
  add_block_masks(table);
  for (const LongConvolutionCase& c : band_cases()) table.push_back(c);
  for (const ki_dtype dtype : kDtypes) {
    LongConvolutionCase c = with_band(shaped(dtype, {3, 2}, {1000, 700}), 2048, 64, {0, 3});
    c.input_gate = c.output_gate = true;
    c.skip = Skip::float32;
    c.squash = 0.02F;
    table.push_back(c);
    c.placement = ConvolutionPlacement::padded_rows;
    table.push_back(c);
    c.plan_length = 1000;  // a call that is shorter, though no shorter than the filter, of which the mask has all
    c.length = 77;
    c.filter_length = 70;
    table.push_back(c);
  }
  for (const auto contents : {ConvolutionContents::nan_row, ConvolutionContents::infinite_row}) {
    for (const bool circular : {false, true}) {
      LongConvolutionCase c = with_band(shaped(KI_DTYPE_FLOAT32, {4, 2}, {1024, 300}), 1024, 16, {0, 1});
      c.length = circular ? 1024 : 700;
      c.circular = circular;
      c.contents = contents;
      table.push_back(c);
    }
  }
}

LongConvolutionTable band_cases() {
  LongConvolutionTable table;
  constexpr std::pair<std::int64_t, std::array<std::int64_t, 2>> kBands[] = {
      {2, {0, 1}},    {4, {0, 1}},   {5, {0, 1}},  {8, {0, 1}},   {16, {0, 1}},  {32, {0, 1}},
      {64, {0, 1}},   {128, {0, 1}}, {16, {1, 2}}, {16, {2, 5}},  {32, {3, 4}},  {16, {7, 8}},
      {16, {15, 16}}, {2, {1, 2}},   {64, {5, 6}}, {64, {1, 64}}, {64, {31, 33}}};
  for (const std::int64_t fft_size : {256, 512, 1024, 4096}) {
    for (const auto& [blocks, band] : kBands) {
      const bool circular = table.size() % 2 == 1;
      const std::int64_t length =
          circular ? fft_size : fft_size / 2 - 3 * (static_cast<std::int64_t>(table.size()) % 5);
      LongConvolutionCase c =
          shaped(KI_DTYPE_FLOAT32, {1 + static_cast<std::int64_t>(table.size()) % 3, 1}, {length, fft_size / 2});
      c.circular = circular;
      table.push_back(with_band(c, fft_size, blocks, band));
    }
  }
  return table;
}

}  // namespace ki::test
