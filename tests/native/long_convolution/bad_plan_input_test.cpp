// What is refused when a plan of long convolution is made, and its filters set: each argument, and each pair that must agree.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "long_convolution/convolution_fixture.h"

namespace ki::test {
namespace {

using Fixture = ConvolutionFixture;

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

/// One way to spoil valid options, and how they must be refused.
struct BadOptions {
  std::string name;
  std::function<void(Fixture&)> spoil;
  std::string argument;
  std::vector<std::string> texts{};  ///< what the message must hold
};

void PrintTo(const BadOptions& options, std::ostream* stream) { *stream << options.name; }

ki_long_convolution_flags flags(int bits) { return static_cast<ki_long_convolution_flags>(bits); }

std::vector<BadOptions> bad_numbers() {
  return {
      {"SizeZero", [](Fixture& f) { f.options.struct_size = 0; }, "options", {"struct_size"}},
      {"SizeOfGarbage", [](Fixture& f) { f.options.struct_size = 0xCDCDCDCD; }, "options", {"struct_size"}},
      {"CutBeforeTheLength", [](Fixture& f) { f.options.struct_size = 16; }, "options.length", {"0"}},
      {"Reserved", [](Fixture& f) { f.options.reserved = 7; }, "options.reserved", {"7"}},
      {"UnknownFlag", [](Fixture& f) { f.options.flags = flags(1 << 20); }, "options.flags", {"1048576"}},
      {"NegativeFlags", [](Fixture& f) { f.options.flags = flags(-1); }, "options.flags"},
      {"CircularAndStreaming", [](Fixture& f) { f.options.flags = flags(3); }, "options.flags", {"circular"}},
      {"NoChannels", [](Fixture& f) { f.options.channels = 0; }, "options.channels", {"0"}},
      {"NegativeChannels", [](Fixture& f) { f.options.channels = -3; }, "options.channels", {"-3"}},
      {"HugeChannels", [](Fixture& f) { f.options.channels = kHuge; }, "options.channels", {"at most"}},
      {"ManyChannels",
       [](Fixture& f) { f.options.channels = std::int64_t{1} << 40; },
       "options.channels",
       {"256 points"}},
      {"NoLength", [](Fixture& f) { f.options.length = 0; }, "options.length", {"0"}},
      {"NegativeLength", [](Fixture& f) { f.options.length = -1; }, "options.length", {"-1"}},
      {"HugeLength", [](Fixture& f) { f.options.length = kHuge; }, "options.length", {"at most"}},
      {"NoTaps", [](Fixture& f) { f.options.filter_length = 0; }, "options.filter_length", {"0"}},
      {"NegativeTaps", [](Fixture& f) { f.options.filter_length = -9; }, "options.filter_length", {"-9"}},
      {"HugeTaps", [](Fixture& f) { f.options.filter_length = kHuge; }, "options.filter_length", {"at most"}},
      {"SmallTransform", [](Fixture& f) { f.options.fft_size = 128; }, "options.fft_size", {"128", "256"}},
      {"LargeTransform", [](Fixture& f) { f.options.fft_size = 8388608; }, "options.fft_size", {"8388608", "4194304"}},
      {"NegativeTransform", [](Fixture& f) { f.options.fft_size = -256; }, "options.fft_size", {"-256"}},
      {"SmallestTransform", [](Fixture& f) { f.options.fft_size = std::numeric_limits<std::int64_t>::min(); },
       "options.fft_size"},
      {"TransformOfThreeTimesAPowerOfTwo",
       [](Fixture& f) { f.options.fft_size = 768; },
       "options.fft_size",
       {"768", "power of two"}},
      {"TransformShorterThanTheTaps",
       [](Fixture& f) { f.options.length = f.options.filter_length = 300; },
       "options.fft_size",
       {"256", "300"}},
      {"StreamingTransformShorterThanTheTaps",
       [](Fixture& f) {
         f.options.flags = KI_LONG_CONVOLUTION_STREAMING;
         f.options.filter_length = 257;
       },
       "options.fft_size",
       {"257"}},
      {"SquashNegative", [](Fixture& f) { f.options.squash = -0.5F; }, "options.squash", {"-0.5"}},
      {"SquashNaN", [](Fixture& f) { f.options.squash = std::nanf(""); }, "options.squash", {"nan"}},
      {"SquashInfinite", [](Fixture& f) { f.options.squash = INFINITY; }, "options.squash", {"inf"}},
      {"BlockWithoutAMask", [](Fixture& f) { f.options.frequency_block = 16; }, "options.frequency_block", {"16"}},
  };
}

/// A mask of 8 blocks of 16 frequencies, which is right for 256 points; `spoil` may change it.
std::function<void(Fixture&)> masked(std::function<void(Fixture&, ki_tensor&)> spoil) {
  return [spoil](Fixture& f) {
    static ki_tensor mask;
    mask = dense_view(KI_DTYPE_BOOL, f.spare(), {8});
    f.options.frequency_mask = &mask;
    f.options.frequency_block = 16;
    spoil(f, mask);
  };
}

std::vector<BadOptions> bad_masks() {
  return {
      {"MaskWithoutABlock",
       masked([](Fixture& f, ki_tensor&) { f.options.frequency_block = 0; }),
       "options.frequency_block",
       {"0"}},
      {"MaskOfNegativeBlocks",
       masked([](Fixture& f, ki_tensor&) { f.options.frequency_block = -16; }),
       "options.frequency_block",
       {"-16"}},
      {"MaskOfHugeBlocks",
       masked([](Fixture& f, ki_tensor&) { f.options.frequency_block = kHuge; }),
       "options.frequency_mask",
       {"8", "1"}},
      {"MaskTooShort",
       masked([](Fixture&, ki_tensor& mask) { mask.shape[0] = 7; }),
       "options.frequency_mask",
       {"7", "8"}},
      {"MaskTooLong",
       masked([](Fixture&, ki_tensor& mask) { mask.shape[0] = 9; }),
       "options.frequency_mask",
       {"9", "8"}},
      {"MaskEmpty",
       masked([](Fixture&, ki_tensor& mask) { mask.shape[0] = 0; }),
       "options.frequency_mask",
       {"no blocks"}},
      {"MaskOfIntegers",
       masked([](Fixture&, ki_tensor& mask) { mask.dtype = KI_DTYPE_INT8; }),
       "options.frequency_mask",
       {"int8", "bool"}},
      {"MaskOfTwoDimensions",
       masked([](Fixture&, ki_tensor& mask) { mask.rank = 2; }),
       "options.frequency_mask",
       {"rank"}},
      {"MaskNowhere", masked([](Fixture&, ki_tensor& mask) { mask.data = nullptr; }), "options.frequency_mask"},
      {"MaskOnAnotherDevice",
       masked([](Fixture&, ki_tensor& mask) { mask.device_kind = KI_DEVICE_KIND_CUDA; }),
       "options.frequency_mask",
       {"host"}},
      {"MaskOfAStream",
       masked([](Fixture& f, ki_tensor&) { f.options.flags = KI_LONG_CONVOLUTION_STREAMING; }),
       "options.frequency_mask",
       {"streaming"}},
      {"MaskOfATransformToBeChosen",
       masked([](Fixture& f, ki_tensor&) { f.options.fft_size = 0; }),
       "options.fft_size",
       {"0"}},
      {"MaskOfBlocksThatOverlap",
       masked([](Fixture& f, ki_tensor&) { f.options.length = 253; }),
       "options.fft_size",
       {"256", "257"}},
      {"MaskOfACircleThatIsShorter",
       masked([](Fixture& f, ki_tensor&) { f.options.flags = KI_LONG_CONVOLUTION_CIRCULAR; }),
       "options.fft_size",
       {"256", "6"}},
  };
}

class BadPlanOptions : public testing::TestWithParam<BadOptions> {};

TEST_P(BadPlanOptions, AreRefusedByName) {
  Fixture f;
  const std::int64_t handles = ki_live_handle_count();
  GetParam().spoil(f);
  const ki_status status = f.create();
  EXPECT_TRUE(refused(status, KI_STATUS_INVALID_ARGUMENT, GetParam().argument));
  for (const std::string& text : GetParam().texts) {
    EXPECT_NE(std::string(ki_last_error_message()).find(text), std::string::npos) << ki_last_error_message();
  }
  EXPECT_EQ(ki_live_handle_count(), handles);
  EXPECT_TRUE(f.untouched());
}

std::string name_of(const testing::TestParamInfo<BadOptions>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Numbers, BadPlanOptions, testing::ValuesIn(bad_numbers()), name_of);
INSTANTIATE_TEST_SUITE_P(Masks, BadPlanOptions, testing::ValuesIn(bad_masks()), name_of);

TEST(BadPlanOptionsFixture, IsValid) {
  Fixture f;
  EXPECT_EQ(f.create(), KI_STATUS_OK) << ki_last_error_message();
  masked([](Fixture&, ki_tensor&) {})(f);
  EXPECT_EQ(f.create(), KI_STATUS_OK) << ki_last_error_message();
}

TEST(BadPlanHandles, NullsAreRefusedByName) {
  Fixture f;
  ki_long_convolution_plan* plan = nullptr;
  const auto bad = KI_STATUS_INVALID_ARGUMENT;
  EXPECT_TRUE(refused(ki_long_convolution_plan_create(nullptr, &f.options, &plan), bad, "device"));
  EXPECT_TRUE(refused(ki_long_convolution_plan_create(f.device.get(), nullptr, &plan), bad, "options"));
  EXPECT_TRUE(refused(ki_long_convolution_plan_create(f.device.get(), &f.options, nullptr), bad, "plan"));
  ki_long_convolution_plan_info info{};
  EXPECT_TRUE(refused(ki_long_convolution_plan_get_info(nullptr, &info), bad, "plan"));
  EXPECT_TRUE(refused(ki_long_convolution_plan_get_info(f.plan.get(), nullptr), bad, "info"));
  EXPECT_TRUE(refused(ki_long_convolution_plan_get_info(f.plan.get(), &info), bad, "info", {"struct_size"}));
  ki_long_convolution_plan_close(nullptr);
}

/// One way to spoil the tensor of a call that sets or gets a plan's filters.
struct BadTensor {
  std::string name;
  std::function<void(ki_tensor&)> spoil;
  std::vector<std::string> texts{};
};

const std::vector<BadTensor>& bad_tensors() {
  static const std::vector<BadTensor> all{
      {"Channels", [](ki_tensor& t) { t.shape[0] = 2; }, {"channels", "2", "3"}},
      {"Length", [](ki_tensor& t) { t.shape[1] = 4; }, {"4"}},
      {"Rank", [](ki_tensor& t) { t.rank = 1; }, {"rank"}},
      {"Dtype", [](ki_tensor& t) { t.dtype = KI_DTYPE_INT32; }, {"int32"}},
      {"NoAddress", [](ki_tensor& t) { t.data = nullptr; }},
      {"Elsewhere", [](ki_tensor& t) { t.device_kind = KI_DEVICE_KIND_CUDA; }, {"cuda", "cpu"}},
      {"SizeZero", [](ki_tensor& t) { t.struct_size = 0; }, {"struct_size"}},
      {"LastStride", [](ki_tensor& t) { t.strides[t.rank - 1] = 2; }, {"contiguous"}},
  };
  return all;
}

/// Calls with a null in place of each argument, and with each bad tensor.
void expect_refusals(Fixture& f, ki_tensor& tensor, const char* name,
                     const std::function<ki_status(ki_stream*, ki_long_convolution_plan*, const ki_tensor*)>& call) {
  const auto bad = KI_STATUS_INVALID_ARGUMENT;
  EXPECT_TRUE(refused(call(nullptr, f.plan.get(), &tensor), bad, "stream"));
  EXPECT_TRUE(refused(call(f.stream.get(), nullptr, &tensor), bad, "plan"));
  EXPECT_TRUE(refused(call(f.stream.get(), f.plan.get(), nullptr), bad, name));
  const Device other = open_device("cpu", nullptr, 1);
  const Stream other_stream = create_stream(other);
  EXPECT_TRUE(refused(call(other_stream.get(), f.plan.get(), &tensor), bad, "plan", {"another device"}));
  for (const BadTensor& bad_tensor : bad_tensors()) {
    SCOPED_TRACE(bad_tensor.name);
    ki_tensor spoiled = tensor;
    bad_tensor.spoil(spoiled);
    EXPECT_TRUE(refused(call(f.stream.get(), f.plan.get(), &spoiled), bad, name));
    for (const std::string& text : bad_tensor.texts) {
      EXPECT_NE(std::string(ki_last_error_message()).find(text), std::string::npos) << ki_last_error_message();
    }
  }
  EXPECT_TRUE(f.untouched());
}

TEST(BadFilters, AreRefusedByName) {
  Fixture f;
  expect_refusals(f, f.filter, "filter", ki_long_convolution_set_filter);
}

TEST(BadSpectra, AreRefusedByName) {
  Fixture f;
  expect_refusals(f, f.spectrum, "spectrum", ki_long_convolution_set_spectrum);
  expect_refusals(f, f.spectrum, "spectrum", ki_long_convolution_get_spectrum);
  ki_tensor spoiled = f.spectrum;
  spoiled.shape[2] = 3;
  EXPECT_TRUE(refused(ki_long_convolution_get_spectrum(f.stream.get(), f.plan.get(), &spoiled),
                      KI_STATUS_INVALID_ARGUMENT, "spectrum", {"3"}));
  spoiled = f.spectrum;
  spoiled.strides[0] = 0;  // what is read may repeat, what is written may not
  EXPECT_TRUE(refused(ki_long_convolution_get_spectrum(f.stream.get(), f.plan.get(), &spoiled),
                      KI_STATUS_INVALID_ARGUMENT, "spectrum", {"overlap"}));
  EXPECT_TRUE(f.untouched());
  EXPECT_EQ(ki_long_convolution_set_spectrum(f.stream.get(), f.plan.get(), &spoiled), KI_STATUS_OK);
}

TEST(PlanWithoutFilters, ComputesNothing) {
  Fixture f;
  ki_long_convolution_plan* made = nullptr;
  check(ki_long_convolution_plan_create(f.device.get(), &f.options, &made));
  f.plan.reset(made);
  const auto bad = KI_STATUS_INVALID_ARGUMENT;
  EXPECT_TRUE(refused(f.forward(), bad, "plan", {"filters"}));
  EXPECT_TRUE(refused(f.backward(), bad, "plan", {"filters"}));
  EXPECT_TRUE(refused(ki_long_convolution_get_spectrum(f.stream.get(), made, &f.spectrum), bad, "plan", {"filters"}));
  std::uint64_t size = 0;
  EXPECT_TRUE(refused(ki_long_convolution_plan_save(f.stream.get(), made, nullptr, 0, &size), bad, "plan"));
  EXPECT_EQ(ki_long_convolution_forward_workspace(made, &f.problem, &size), KI_STATUS_OK);
  EXPECT_EQ(ki_long_convolution_backward_workspace(made, &f.backward_problem, &f.gradients, &size), KI_STATUS_OK);
  EXPECT_TRUE(f.untouched());
}

}  // namespace
}  // namespace ki::test
