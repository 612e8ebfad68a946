#include "long_convolution/tables/table.h"

namespace ki::test {
namespace {

constexpr std::array kDtypes{KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};

/// Lengths around powers of two and between them; filters of one tap, short, one off the length, and longer.
void add_lengths(LongConvolutionTable& table) {
  constexpr std::array<std::int64_t, 2> lengths[] = {
      {1, 1},      {1, 5},       {2, 1},     {2, 2},       {3, 2},       {3, 7},       {7, 7},
      {16, 17},    {64, 33},     {100, 100}, {127, 129},   {128, 128},   {129, 1},     {200, 57},
      {255, 255},  {256, 256},   {257, 257}, {256, 1},     {257, 3},     {255, 700},   {500, 13},
      {512, 512},  {1000, 1000}, {1000, 24}, {1023, 2},    {1024, 1024}, {1025, 1025}, {1025, 1024},
      {2000, 300}, {4096, 4096}, {4097, 65}, {5000, 5000}, {5000, 1}};
  std::size_t i = 0;
  for (const auto& length : lengths) {
    table.push_back(shaped(KI_DTYPE_FLOAT32, {1, 1}, length));
    if (length[0] <= 1025) table.push_back(shaped(kDtypes[1 + i % 2], {2, 1}, length));
    ++i;
  }
}

/// Rows ride in pairs: none, one, odd and even numbers of them, in one channel and in several.
void add_rows(LongConvolutionTable& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const auto& rows :
         {std::array<std::int64_t, 2>{0, 2}, {1, 3}, {2, 1}, {2, 3}, {3, 1}, {3, 3}, {5, 2}, {8, 1}}) {
      table.push_back(shaped(dtype, rows, {150, 40}));
    }
    table.push_back(shaped(dtype, {3, 2}, {0, 40}));
    table.push_back(shaped(dtype, {3, 2}, {700, 700}));
  }
  table.push_back(shaped(KI_DTYPE_FLOAT32, {1, 37}, {70, 70}));
  table.push_back(shaped(KI_DTYPE_FLOAT32, {37, 1}, {70, 70}));
}

/// Given transforms: with room to spare, just enough, and too short, so that blocks overlap.
void add_transforms(LongConvolutionTable& table) {
  struct Given {
    std::array<std::int64_t, 2> lengths;
    std::int64_t fft_size;
  };
  constexpr Given given[] = {{{100, 100}, 256},  {{100, 100}, 4096}, {{128, 129}, 256},   {{1000, 25}, 1024},
                             {{1000, 26}, 1024}, {{1000, 24}, 256},  {{1000, 256}, 256},  {{1000, 255}, 256},
                             {{1000, 129}, 256}, {{257, 256}, 256},  {{3000, 500}, 1024}, {{530, 512}, 512},
                             {{5000, 1}, 256},   {{513, 200}, 512},  {{900, 3}, 2048},    {{4000, 1000}, 8192}};
  std::size_t i = 0;
  for (const Given& g : given) {
    LongConvolutionCase c = shaped(kDtypes[i++ % 3], {3, 1}, g.lengths);
    c.fft_size = g.fft_size;
    table.push_back(c);
    if (c.dtype == KI_DTYPE_FLOAT32) continue;
    c.dtype = KI_DTYPE_FLOAT32;
    table.push_back(c);
  }
}

/// Calls that are shorter than the plan.
void add_shorter_calls(LongConvolutionTable& table) {
  for (const std::int64_t length : {0, 1, 99, 255, 256, 777, 1000}) {
    LongConvolutionCase c = shaped(KI_DTYPE_FLOAT32, {3, 2}, {length, 400});
    c.plan_length = 1000;
    table.push_back(c);
    c.fft_size = 512;
    table.push_back(c);
  }
}

}  // namespace

void add_length_cases(LongConvolutionTable& table) {
  add_lengths(table);
  add_rows(table);
  add_transforms(table);
  add_shorter_calls(table);
}

}  // namespace ki::test
