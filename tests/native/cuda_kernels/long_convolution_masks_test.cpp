// Frequency masks in fused convolutions: that what they leave out is left out, counted by the virtual GPU, and that the rest is
// right at every size of a transform.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "cuda_kernels/counting.h"
#include "long_convolution/convolution_gradient_run.h"
#include "support/backends.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

constexpr std::int64_t kBlocks = 32;  // of a mask

/// What is masked, and of what lies outside of a band, the blocks of the band.
struct Mask {
  MaskedBlocks blocks;
  std::array<std::int64_t, 2> band{};
};
constexpr Mask kNone{MaskedBlocks::none}, kAll{MaskedBlocks::all}, kOdd{MaskedBlocks::odd},
    kScattered{MaskedBlocks::scattered}, kAboveHalf{MaskedBlocks::outside, {0, 16}},
    kAboveQuarter{MaskedBlocks::outside, {0, 8}}, kAboveSixteenth{MaskedBlocks::outside, {0, 2}},
    kBelowHalf{MaskedBlocks::outside, {16, 32}}, kOutsideOfBand{MaskedBlocks::outside, {5, 17}};

LongConvolutionCase masked(ki_dtype dtype, std::int64_t points, const Mask& mask) {
  return {.dtype = dtype,
          .batch = 2 * std::max<std::int64_t>(4096 / points, 1),  // a full block
          .length = points,
          .filter_length = points,
          .circular = true,
          .fft_size = points,
          .mask = FrequencyMaskCase{points / 2 / kBlocks, mask.blocks, mask.band},
          .placement = ConvolutionPlacement::aligned};
}

class MaskedFusedConvolution : public CountingTest<testing::Test> {
 protected:
  std::string count(const Mask& mask) {
    const LongConvolutionData data(masked(KI_DTYPE_FLOAT16, kPoints, mask));
    const Device device = open_device("cuda:0", nullptr);
    const Stream stream = create_stream(device);
    const LongConvolutionPlan plan = create_plan(device, stream.get(), data);
    return count_during([&] { run_long_convolution(data, device, stream.get(), plan); });
  }

  static constexpr std::int64_t kPoints = 4096, kLines = 16;
  static constexpr std::int64_t kProductsOfHalf = 3;  // of 16 by 8 columns of a line
  static constexpr std::int64_t kSpectrumBytes = kPoints * 8;
};

/// Half of the columns do without their products on the way in, and without their part of the spectrum.
TEST_F(MaskedFusedConvolution, HalfOfTheColumnsAreLeftOut) {
  const std::string dense = count(kNone);
  for (const Mask& mask : {kAboveHalf, kAboveQuarter, kAboveSixteenth}) {
    const std::string json = count(mask);
    EXPECT_EQ(number(json, "tensor_instructions", "", ""),
              number(dense, "tensor_instructions", "", "") - kLines * kProductsOfHalf);
    EXPECT_LE(number(json, "global", "ld.global", "bytes"),
              number(dense, "global", "ld.global", "bytes") - kSpectrumBytes / 2);
    EXPECT_LE(100 * instructions(json), 92 * instructions(dense));
  }
}

/// A mask that leaves something of every column saves nothing, and costs nothing.
TEST_F(MaskedFusedConvolution, MasksThatLeaveAllColumnsCostNothing) {
  EXPECT_EQ(instructions(count(kOdd)), instructions(count(kNone)));
}

TEST_F(MaskedFusedConvolution, NothingIsComputedOfNothing) {
  const std::string json = count(kAll);
  EXPECT_EQ(number(json, "tensor_instructions", "", ""), 0);
  EXPECT_EQ(json.find("cp.async"), std::string::npos) << "inputs are read";
  EXPECT_LE(5 * instructions(json), instructions(count(kNone)));
}

class MaskedTransform : public testing::TestWithParam<LongConvolutionCase> {
 protected:
  void SetUp() override {
    const auto& devices = device_names();
    if (std::ranges::find(devices, "cuda:0") == devices.end()) GTEST_SKIP() << "there is no CUDA device";
  }
};

TEST_P(MaskedTransform, MatchesTheFormula) {
  const LongConvolutionData data(GetParam());
  EXPECT_TRUE(
      is_right(data, run_long_convolution(data, open_device("cuda:0", nullptr)), LongConvolutionExpectation(data)));
}

using MaskedGradient = MaskedTransform;

/// With the conjugate of the spectrum.
TEST_P(MaskedGradient, MatchesTheFormula) {
  const ConvolutionGradientData data({GetParam(), WantedGradients::input});
  EXPECT_TRUE(is_right(data, run_backward(data, open_device("cuda:0", nullptr)), ConvolutionGradientExpectation(data)));
}

std::vector<LongConvolutionCase> masked_transforms(const std::vector<std::int64_t>& sizes) {
  std::vector<LongConvolutionCase> cases;
  for (const Mask& mask :
       {kAll, kOdd, kScattered, kBelowHalf, kAboveHalf, kAboveQuarter, kAboveSixteenth, kOutsideOfBand}) {
    for (const std::int64_t points : sizes) {
      const ki_dtype dtype = points % 1024 == 0 && points < 16384 ? KI_DTYPE_BFLOAT16 : KI_DTYPE_FLOAT16;
      cases.push_back(masked(dtype, points, mask));
    }
    // Padded with zeros, gated, with a part that bypasses the transform; an odd row, and channels that differ.
    LongConvolutionCase c = masked(KI_DTYPE_FLOAT16, 512, mask);
    c.batch = c.channels = 3;
    c.length = 250;
    c.filter_length = 200;
    c.circular = false;
    c.output_gate = true;
    c.skip = Skip::float32;
    cases.push_back(c);
  }
  return cases;
}

std::string name_of(const testing::TestParamInfo<LongConvolutionCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Sizes, MaskedTransform, testing::ValuesIn(masked_transforms({256, 1024, 8192})), name_of);
INSTANTIATE_TEST_SUITE_P(Largest, MaskedTransform,
                         testing::Values(masked(KI_DTYPE_FLOAT16, 4096, kAboveHalf),
                                         masked(KI_DTYPE_FLOAT16, 16384, kAboveHalf)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Sizes, MaskedGradient, testing::ValuesIn(masked_transforms({256, 1024})), name_of);

}  // namespace
}  // namespace ki::test
