// The short convolution against the formula in double precision, on every device, instruction set and number of
// threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "short_convolution/short_reference.h"
#include "short_convolution/short_run.h"
#include "support/backends.h"
#include "support/dtype.h"
#include "support/not_supported.h"

namespace ki::test {
namespace {

class ShortConvolution : public testing::TestWithParam<ShortCase> {};

INSTANTIATE_TEST_SUITE_P(Table, ShortConvolution, testing::ValuesIn(short_cases()),
                         [](const auto& info) { return info.param.name(); });

/// The last width - 1 of the old state and the inputs behind it.
Array state_after(const ShortData& before) {
  const ShortCase& c = before.c;
  const Array old = before.state->read(), input = before.input.read();
  const std::int64_t rows = c.width - 1;
  Array state(c.state_shape());
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t h = 0; h < c.channels; ++h) {
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t t = c.length - rows + i;
        state.values[c.at(rows, b, h, i)] =
            t >= 0 ? input.values[c.at(c.length, b, h, t)] : old.values[c.at(rows, b, h, t + rows)];
      }
    }
  }
  return state;
}

TEST_P(ShortConvolution, IsWhatTheFormulaSays) {
  const ShortData original(GetParam());
  const Expected want = short_convolution(original);
  NotSupportedList not_supported;
  std::string target;
  std::vector<std::uint32_t> bits;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      ShortData data = original.copy();
      EXPECT_EQ(run_short_forward(data, backend.open()), std::nullopt);
      EXPECT_TRUE(matches(GetParam().dtype, data.output.read(), want));
      if (data.state) {
        EXPECT_EQ(data.state->read().values, state_after(original).values);
      }
      if (!target.empty() && backend.target == target) {
        EXPECT_EQ(data.output.read_bits(), bits) << "bits depend on the number of threads";
      }
      target = backend.target;
      bits = data.output.read_bits();
    });
  }
  not_supported.report();
}

/// A sequence in pieces, which the state joins.
class ShortConvolutionInPieces : public testing::TestWithParam<ShortCase> {};

INSTANTIATE_TEST_SUITE_P(
    , ShortConvolutionInPieces,
    testing::Values(ShortCase{.channels = 5, .length = 300, .width = 4, .state = true},
                    ShortCase{.dtype = KI_DTYPE_BFLOAT16, .batch = 2, .length = 300, .width = 31, .state = true},
                    ShortCase{.dtype = KI_DTYPE_FLOAT16, .channels = 2, .length = 400, .width = 128, .state = true},
                    ShortCase{
                        .batch = 2, .channels = 33, .length = 300, .width = 3, .channels_last = true, .state = true},
                    ShortCase{.dtype = KI_DTYPE_FLOAT16,
                              .channels = 16,
                              .length = 300,
                              .width = 63,
                              .channels_last = true,
                              .state = true},
                    ShortCase{.dtype = KI_DTYPE_BFLOAT16,
                              .channels = 8,
                              .length = 300,
                              .width = 8,
                              .channels_last = true,
                              .state = true}),
    [](const auto& info) { return info.param.name(); });

TEST_P(ShortConvolutionInPieces, HasTheBitsOfOneCall) {
  const ShortCase c = GetParam();
  const ShortData original(c);
  const Array input = original.input.read();
  for (const Backend& backend : backends()) {
    if (backend.thread_count == 3) continue;
    SCOPED_TRACE(backend.name());
    const Device device = backend.open();
    ShortData whole = original.copy();
    run_short_forward(whole, device);
    const Array want = whole.output.read();
    TensorData state = original.copy().state.value();
    std::int64_t begin = 0;
    for (std::int64_t piece : {1, 7, 40, 1, 0, 130, 1000}) {
      piece = std::min(piece, c.length - begin);
      ShortCase of_piece = c;
      of_piece.length = piece;
      ShortData data(of_piece);
      data.filter = original.copy().filter;
      data.bias = original.copy().bias;
      data.state = state;
      Array part(of_piece.shape()), part_of_want(of_piece.shape());
      for (std::int64_t b = 0; b < c.batch; ++b) {
        for (std::int64_t h = 0; h < c.channels; ++h) {
          for (std::int64_t t = 0; t < piece; ++t) {
            part.values[c.at(piece, b, h, t)] = input.values[c.at(c.length, b, h, begin + t)];
            part_of_want.values[c.at(piece, b, h, t)] = want.values[c.at(c.length, b, h, begin + t)];
          }
        }
      }
      data.input.write(part);
      EXPECT_EQ(run_short_forward(data, device), std::nullopt);
      EXPECT_EQ(data.output.read().values, part_of_want.values) << "from " << begin << " on";
      state = *data.state;
      begin += piece;
    }
    EXPECT_EQ(state.read_bits(), whole.state->read_bits());
  }
}

/// A state of zeros is no state.
TEST(ShortConvolutionState, OfZerosChangesNothing) {
  for (const bool last : {false, true}) {
    const ShortData original(
        {.batch = 2, .channels = 20, .length = 50, .width = 9, .channels_last = last, .state = true});
    for (const Backend& backend : backends()) {
      SCOPED_TRACE(backend.name());
      ShortData zeros = original.copy(), none = original.copy();
      zeros.state->write(Array(zeros.c.state_shape()));
      none.state.reset();
      run_short_forward(zeros, backend.open());
      run_short_forward(none, backend.open());
      EXPECT_EQ(zeros.output.read_bits(), none.output.read_bits());
    }
  }
}

/// NaN and infinities reach the results that their taps meet, in their own channel, and no others.
TEST(ShortConvolutionNotFinite, StaysWhereTheFormulaPutsIt) {
  for (const bool last : {false, true}) {
    for (const std::int64_t width : {1, 3, 4, 33, 128}) {
      for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_BFLOAT16}) {
        ShortData original({.dtype = dtype, .channels = 17, .length = 300, .width = width, .channels_last = last});
        const ShortCase& c = original.c;
        Array input = original.input.read();
        input.values[c.at(c.length, 0, 3, 0)] = std::nan("");
        input.values[c.at(c.length, 0, 4, 150)] = std::nan("");
        input.values[c.at(c.length, 0, 16, 299)] = std::nan("");
        input.values[c.at(c.length, 0, 7, 120)] = std::numeric_limits<double>::infinity();
        original.input.write(input);
        const Expected want = short_convolution(original);
        for (const Backend& backend : backends()) {
          if (backend.thread_count == 3) continue;
          SCOPED_TRACE(backend.name() + " " + c.name());
          ShortData data = original.copy();
          run_short_forward(data, backend.open());
          EXPECT_TRUE(matches(dtype, data.output.read(), want));
        }
      }
    }
  }
}

/// Overflow of the storage type is an infinity, not a NaN.
TEST(ShortConvolutionNotFinite, OverflowIsInfinite) {
  for (const bool last : {false, true}) {
    ShortData original(
        {.dtype = KI_DTYPE_FLOAT16, .channels = 2, .length = 40, .width = 2, .channels_last = last, .bias = false});
    std::ranges::for_each(std::initializer_list<TensorData*>{&original.input, &original.filter},
                          [](TensorData* tensor) { tensor->write(Array(tensor->shape(), 250)); });
    for (const Backend& backend : backends()) {
      ShortData data = original.copy();
      run_short_forward(data, backend.open());
      EXPECT_EQ(data.output.read().values[data.c.at(40, 0, 0, 0)], 62496) << backend.name();
      EXPECT_EQ(data.output.read().values[data.c.at(40, 0, 1, 39)], std::numeric_limits<double>::infinity())
          << backend.name();
    }
  }
}

}  // namespace
}  // namespace ki::test
