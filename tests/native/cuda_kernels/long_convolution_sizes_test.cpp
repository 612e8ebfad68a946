// Every kind of transform that CUDA has, at sizes that the table of cases does not reach: one block, and passes over global
// memory, where a window holds the whole row and where windows overlap.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "long_convolution/long_convolution_run.h"
#include "support/backends.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

LongConvolutionCase sized(ki_dtype dtype, std::int64_t fft_size, std::int64_t length, std::int64_t filter_length) {
  return {.dtype = dtype,
          .batch = 3,
          .length = length,
          .filter_length = filter_length,
          .fft_size = fft_size,
          .placement = ConvolutionPlacement::aligned};
}

class TransformSize : public testing::TestWithParam<LongConvolutionCase> {};

TEST_P(TransformSize, MatchesTheFormula) {
  const auto& devices = device_names();
  if (std::ranges::find(devices, "cuda:0") == devices.end()) GTEST_SKIP() << "there is no CUDA device";
  const LongConvolutionData data(GetParam());
  const LongConvolutionOutcome outcome = run_long_convolution(data, open_device("cuda:0", nullptr));
  EXPECT_TRUE(is_right(data, outcome, LongConvolutionExpectation(data)));
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, TransformSize,
    testing::Values(sized(KI_DTYPE_FLOAT16, 256, 1000, 100), sized(KI_DTYPE_FLOAT16, 512, 1000, 100),
                    sized(KI_DTYPE_BFLOAT16, 1024, 2000, 300), sized(KI_DTYPE_FLOAT16, 2048, 4000, 900),
                    sized(KI_DTYPE_BFLOAT16, 8192, 9000, 500), sized(KI_DTYPE_FLOAT16, 16384, 16000, 200),
                    sized(KI_DTYPE_FLOAT32, 8192, 9000, 500), sized(KI_DTYPE_FLOAT32, 16384, 700, 200),
                    sized(KI_DTYPE_FLOAT16, 32768, 20000, 100), sized(KI_DTYPE_FLOAT32, 65536, 1000, 100)),
    [](const auto& info) { return info.param.name(); });

/// One row each, of as many points as fit, up to the largest transform.
LongConvolutionCase large(ki_dtype dtype, std::int64_t fft_size) {
  LongConvolutionCase c = sized(dtype, fft_size, fft_size - 50, 20);
  c.batch = 1;
  return c;
}

INSTANTIATE_TEST_SUITE_P(Large, TransformSize,
                         testing::Values(large(KI_DTYPE_FLOAT16, 262144), large(KI_DTYPE_FLOAT32, 1048576),
                                         large(KI_DTYPE_FLOAT32, 4194304)),
                         [](const auto& info) { return info.param.name(); });

}  // namespace
}  // namespace ki::test
