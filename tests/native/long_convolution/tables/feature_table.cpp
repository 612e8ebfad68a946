#include "long_convolution/tables/table.h"

namespace ki::test {
namespace {

constexpr std::array kDtypes{KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};

using Contents = ConvolutionContents;
using Placement = ConvolutionPlacement;

/// Every combination of gates and skip, and the filter's types.
void add_gates(LongConvolutionTable& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const bool input_gate : {false, true}) {
      for (const bool output_gate : {false, true}) {
        for (const Skip skip : {Skip::none, Skip::float32, Skip::same}) {
          if (!input_gate && !output_gate && skip == Skip::none) continue;
          if (dtype == KI_DTYPE_FLOAT32 && skip == Skip::same) continue;
          LongConvolutionCase c = shaped(dtype, {3, 2}, {300, 123});
          c.input_gate = input_gate;
          c.output_gate = output_gate;
          c.skip = skip;
          table.push_back(c);
        }
      }
    }
    LongConvolutionCase c = shaped(dtype, {3, 2}, {300, 123});
    if (dtype != KI_DTYPE_FLOAT32) {
      c.filter_dtype = dtype;
      table.push_back(c);
    }
    // Blocks that overlap, with everything.
    c = shaped(dtype, {3, 3}, {1500, 200});
    c.input_gate = c.output_gate = true;
    c.skip = Skip::float32;
    c.fft_size = 512;
    table.push_back(c);
  }
}

void add_circular(LongConvolutionTable& table) {
  for (const auto& lengths : {std::array<std::int64_t, 2>{1, 1},
                              {1, 4},
                              {2, 3},
                              {3, 3},
                              {17, 5},
                              {63, 200},
                              {255, 255},
                              {256, 256},
                              {256, 300},
                              {257, 30},
                              {513, 2},
                              {1000, 1000},
                              {1024, 1},
                              {1001, 2500}}) {
    for (const ki_dtype dtype : kDtypes) {
      if (dtype != KI_DTYPE_FLOAT32 && lengths[0] % 2 == 0) continue;
      LongConvolutionCase c = shaped(dtype, {3, 2}, lengths);
      c.circular = true;
      table.push_back(c);
    }
  }
  LongConvolutionCase c = shaped(KI_DTYPE_FLOAT32, {2, 2}, {777, 1500});
  c.circular = c.input_gate = c.output_gate = true;
  c.skip = Skip::float32;
  c.squash = 0.01F;
  table.push_back(c);
  c = shaped(KI_DTYPE_FLOAT32, {3, 1}, {1000, 100});
  c.circular = true;
  for (const std::int64_t fft_size : {256, 1024, 4096}) {
    c.fft_size = fft_size;
    table.push_back(c);
  }
}

void add_squash(LongConvolutionTable& table) {
  for (const float squash : {0.02F, 0.1F, 9.0F}) {
    for (const ki_dtype dtype : kDtypes) {
      LongConvolutionCase c = shaped(dtype, {2, 2}, {200, 100});
      c.filter_dtype = dtype;
      c.squash = squash;
      table.push_back(c);
    }
  }
}

/// Pieces shorter and longer than the filter, than each other, and empty.
void add_streams(LongConvolutionTable& table) {
  const std::vector<std::int64_t> pieces[] = {{100},       {64, 64, 64},   {1, 1, 1, 1, 1}, {500, 20, 1, 0, 300},
                                              {7, 250, 8}, {256, 255, 257}};
  for (const auto& lengths : pieces) {
    for (const std::int64_t filter_length : {1, 2, 5, 64, 300}) {
      LongConvolutionCase c = shaped(kDtypes[table.size() % 3], {3, 2}, {0, filter_length});
      c.pieces = lengths;
      table.push_back(c);
      c.input_gate = c.output_gate = true;
      c.skip = Skip::float32;
      c.dtype = KI_DTYPE_FLOAT32;
      table.push_back(c);
    }
  }
  LongConvolutionCase c = shaped(KI_DTYPE_FLOAT32, {3, 2}, {0, 200});
  c.pieces = {1000, 3, 1000};
  c.fft_size = 512;
  table.push_back(c);
  c.plan_length = 3000;
  table.push_back(c);
  c = shaped(KI_DTYPE_FLOAT32, {3, 2}, {0, 1500});  // a state that a block takes in several goes
  c.pieces = {40, 700};
  table.push_back(c);
}

void add_placements(LongConvolutionTable& table) {
  for (const Placement placement : {Placement::aligned, Placement::channels_first, Placement::padded_rows,
                                    Placement::broadcast_batch, Placement::broadcast_channels}) {
    for (const ki_dtype dtype : kDtypes) {
      LongConvolutionCase c = shaped(dtype, {3, 2}, {256, 100});
      c.placement = placement;
      c.input_gate = c.output_gate = true;
      table.push_back(c);
      c.length = 301;
      c.skip = Skip::float32;
      table.push_back(c);
    }
  }
  // Rows that can be copied as they are: whole, with a ragged end, in windows that overlap.
  for (const ki_dtype dtype : kDtypes) {
    for (const std::int64_t length : {512, 600, 1500}) {
      LongConvolutionCase c = shaped(dtype, {3, 2}, {length, 200});
      c.placement = Placement::aligned;
      if (length == 1500) c.fft_size = 512;
      table.push_back(c);
    }
  }
}

/// What one row holds must not change another, though two may ride as one complex row.
void add_contents(LongConvolutionTable& table) {
  for (const Contents contents :
       {Contents::decaying, Contents::ones, Contents::nan_row, Contents::infinite_row, Contents::nan_in_filter}) {
    for (const ki_dtype dtype : kDtypes) {
      for (const auto& rows : {std::array<std::int64_t, 2>{1, 1}, {2, 1}, {4, 3}, {5, 1}}) {
        LongConvolutionCase c = shaped(dtype, rows, {400, 300});
        c.contents = contents;
        table.push_back(c);
        if (rows[0] == 4) table.insert(table.end(), {in_pairs(c)[0], in_pairs(c)[1]});
        if (rows[0] != 5) continue;
        c.fft_size = 512;  // blocks that overlap
        table.push_back(c);
      }
    }
  }
  LongConvolutionCase c = shaped(KI_DTYPE_FLOAT32, {4, 2}, {400, 300});
  c.contents = Contents::nan_row;
  c.circular = true;
  table.push_back(c);
  c.circular = false;
  c.input_gate = c.output_gate = true;
  table.push_back(c);
}

}  // namespace

void add_feature_cases(LongConvolutionTable& table) {
  add_gates(table);
  add_circular(table);
  add_squash(table);
  add_streams(table);
  add_placements(table);
  add_contents(table);
}

}  // namespace ki::test
