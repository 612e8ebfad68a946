// What is refused of the arguments of the short convolution, and what callers of other versions may pass.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "support/dense_view.h"
#include "support/handles.h"

namespace ki::test {
namespace {

/// A valid problem whose lengths all differ: batch 2, channels 5, length 7, width 4; forward and backward.
struct ShortFixture {
  ShortFixture() {
    forward.struct_size = sizeof(forward);
    forward.input = &input;
    forward.filter = &filter;
    forward.bias = &bias;
    backward = forward;
    forward.output = &output;
    forward.state = &state;
    gradients.struct_size = sizeof(gradients);
    gradients.grad_output = &grad_output;
    gradients.grad_input = &grad_input;
    gradients.grad_filter = &grad_filter;
    gradients.grad_bias = &grad_bias;
  }
  ShortFixture(const ShortFixture&) = delete;
  ShortFixture& operator=(const ShortFixture&) = delete;

  ki_status run_forward() const { return ki_short_convolution_forward(stream.get(), &forward); }
  ki_status run_backward() const {
    return ki_short_convolution_backward(stream.get(), &backward, &gradients, nullptr, 0);
  }
  ki_status size_backward() const {
    std::uint64_t bytes = 0;
    return ki_short_convolution_backward_workspace(device.get(), &backward, &gradients, &bytes);
  }
  bool untouched() const { return std::ranges::count(memory, kUntouched) == std::ssize(memory); }

  static constexpr float kUntouched = 42;
  static constexpr std::ptrdiff_t kFloatsEach = 256;
  std::vector<float> memory = std::vector<float>(9 * kFloatsEach, kUntouched);
  ki_tensor place(int i, std::initializer_list<std::int64_t> shape) {
    return dense_view(KI_DTYPE_FLOAT32, memory.data() + i * kFloatsEach, shape);
  }

  Device device = open_device("cpu", nullptr, 2);
  Stream stream = create_stream(device);
  ki_tensor input = place(0, {2, 5, 7}), filter = place(1, {5, 4}), bias = place(2, {5});
  ki_tensor output = place(3, {2, 5, 7}), state = place(4, {2, 5, 3});
  ki_tensor grad_output = place(5, {2, 5, 7}), grad_input = place(6, {2, 5, 7});
  ki_tensor grad_filter = place(7, {5, 4}), grad_bias = place(8, {5});
  ki_short_convolution_problem forward{}, backward{};
  ki_short_convolution_gradients gradients{};
};

using F = ShortFixture;

/// One way to spoil a valid problem, and how it must be refused.
struct Bad {
  std::string name;
  std::function<void(F&)> spoil;
  std::string argument;
  std::vector<std::string> texts = {};
  ki_status status = KI_STATUS_INVALID_ARGUMENT;
};

void PrintTo(const Bad& bad, std::ostream* stream) { *stream << bad.name; }

testing::AssertionResult is_refused(ki_status got, const Bad& bad) {
  testing::AssertionResult result = refused(got, bad.status, bad.argument);
  for (const std::string& text : bad.texts) {
    if (result) result = refused(got, bad.status, bad.argument, {text});
  }
  return result;
}

/// In both directions.
void set_both(F& f, std::function<void(ki_short_convolution_problem&)> set) {
  set(f.forward);
  set(f.backward);
}

std::vector<Bad> bad_inputs() {
  const auto unsupported = KI_STATUS_NOT_SUPPORTED;
  return {
      {"Size", [](F& f) { set_both(f, [](auto& p) { p.struct_size = 2; }); }, "problem", {"struct_size"}},
      {"Flags",
       [](F& f) { set_both(f, [](auto& p) { p.flags = static_cast<ki_short_convolution_flags>(6); }); },
       "problem.flags",
       {"6"}},
      {"NoInput", [](F& f) { set_both(f, [](auto& p) { p.input = nullptr; }); }, "input", {"NULL"}},
      {"NoFilter", [](F& f) { set_both(f, [](auto& p) { p.filter = nullptr; }); }, "filter", {"NULL"}},
      {"InputRank", [](F& f) { f.input.rank = 2; }, "input", {"rank"}},
      {"InputDtype", [](F& f) { f.input.dtype = KI_DTYPE_INT8; }, "input", {"int8"}},
      {"InputNotContiguous", [](F& f) { f.input.strides[2] = 2; }, "input", {"contiguous"}},
      {"FilterChannels", [](F& f) { f.filter.shape[0] = 4; }, "filter", {"channels", "[4, 4]", "[2, 5, 7]"}},
      {"FilterDtype", [](F& f) { f.filter.dtype = KI_DTYPE_FLOAT16; }, "filter", {"float16", "float32"}},
      {"NoTaps", [](F& f) { f.filter.shape[1] = 0; }, "filter", {"width", "0"}},
      {"TooManyTaps",
       [](F& f) {
         f.filter.shape[1] = 129;
         f.filter.strides[0] = 0;
       },
       "filter",
       {"129", "128"},
       unsupported},
      {"BiasLength", [](F& f) { f.bias.shape[0] = 7; }, "bias", {"channels", "[7]"}},
      {"BiasDtype", [](F& f) { f.bias.dtype = KI_DTYPE_BFLOAT16; }, "bias", {"bfloat16"}},
      {"InputElsewhere", [](F& f) { f.input.device_kind = KI_DEVICE_KIND_CUDA; }, "input", {"cuda"}},
      {"FilterElsewhere", [](F& f) { f.filter.device_ordinal = 2; }, "filter", {"2"}},
      {"ChannelsLastSwapsTheFilter",
       [](F& f) { set_both(f, [](auto& p) { p.flags = KI_SHORT_CONVOLUTION_CHANNELS_LAST; }); },
       "filter",
       {"channels"}},
  };
}

std::vector<Bad> bad_outputs() {
  return {
      {"NoOutput", [](F& f) { f.forward.output = nullptr; }, "output", {"NULL"}},
      {"OutputShape", [](F& f) { f.output.shape[2] = 6; }, "output", {"[2, 5, 6]", "[2, 5, 7]"}},
      {"OutputDtype", [](F& f) { f.output.dtype = KI_DTYPE_FLOAT16; }, "output", {"float16", "float32"}},
      {"OutputWithoutMemory", [](F& f) { f.output.data = nullptr; }, "output", {"NULL"}},
      {"OutputIsTheInput", [](F& f) { f.output.data = f.input.data; }, "output", {"overlap", "input"}},
      {"OutputReachesIntoTheInput",
       [](F& f) { f.output.data = static_cast<float*>(f.input.data) + 69; },
       "output",
       {"overlap", "input"}},
      {"OutputRepeats", [](F& f) { f.output.strides[0] = 0; }, "output", {"itself"}},
      {"StateBatch", [](F& f) { f.state.shape[0] = 1; }, "state", {"batch", "[1, 5, 3]"}},
      {"StateChannels", [](F& f) { f.state.shape[1] = 4; }, "state", {"channels", "[2, 4, 3]"}},
      {"StateLength", [](F& f) { f.state.shape[2] = 4; }, "state", {"width - 1", "[2, 5, 4]", "3"}},
      {"StateDtype", [](F& f) { f.state.dtype = KI_DTYPE_FLOAT16; }, "state", {"float16"}},
      {"StateIsTheInput", [](F& f) { f.state.data = f.input.data; }, "state", {"overlap", "input"}},
      {"StateIsTheFilter", [](F& f) { f.state.data = f.filter.data; }, "state", {"overlap", "filter"}},
      {"OutputIsTheState", [](F& f) { f.output.data = f.state.data; }, "output", {"overlap", "state"}},
      {"StateRepeats", [](F& f) { f.state.strides[1] = 0; }, "state", {"itself"}},
  };
}

std::vector<Bad> bad_gradients() {
  return {
      {"Size", [](F& f) { f.gradients.struct_size = 70000; }, "gradients", {"struct_size"}},
      {"Output", [](F& f) { f.backward.output = &f.output; }, "output", {"NULL"}},
      {"State", [](F& f) { f.backward.state = &f.state; }, "state", {"gradients"}, KI_STATUS_NOT_SUPPORTED},
      {"NoGradOutput", [](F& f) { f.gradients.grad_output = nullptr; }, "grad_output", {"NULL"}},
      {"GradOutputShape", [](F& f) { f.grad_output.shape[1] = 4; }, "grad_output", {"[2, 4, 7]", "[2, 5, 7]"}},
      {"GradInputShape", [](F& f) { f.grad_input.shape[0] = 1; }, "grad_input", {"[1, 5, 7]"}},
      {"GradInputDtype", [](F& f) { f.grad_input.dtype = KI_DTYPE_BFLOAT16; }, "grad_input", {"bfloat16"}},
      {"GradFilterShape", [](F& f) { f.grad_filter.shape[1] = 3; }, "grad_filter", {"[5, 3]", "[5, 4]"}},
      {"GradFilterDtype", [](F& f) { f.grad_filter.dtype = KI_DTYPE_FLOAT16; }, "grad_filter", {"float16"}},
      {"GradBiasWithoutBias", [](F& f) { f.backward.bias = nullptr; }, "grad_bias", {"no bias"}},
      {"GradBiasShape", [](F& f) { f.grad_bias.shape[0] = 4; }, "grad_bias", {"[4]", "[5]"}},
      {"GradInputIsGradOutput",
       [](F& f) { f.grad_input.data = f.grad_output.data; },
       "grad_input",
       {"overlap", "grad_output"}},
      {"GradFilterIsTheFilter", [](F& f) { f.grad_filter.data = f.filter.data; }, "grad_filter", {"overlap", "filter"}},
      {"GradBiasIsGradFilter", [](F& f) { f.grad_bias.data = f.grad_filter.data; }, "grad_bias", {"grad_filter"}},
      {"GradFilterRepeats", [](F& f) { f.grad_filter.strides[0] = 0; }, "grad_filter", {"itself"}},
      {"GradBiasElsewhere", [](F& f) { f.grad_bias.device_kind = KI_DEVICE_KIND_CUDA; }, "grad_bias", {"cuda"}},
  };
}

class ShortBadInput : public testing::TestWithParam<Bad> {};

TEST_P(ShortBadInput, IsRefusedInBothDirectionsBeforeAnythingIsWritten) {
  ShortFixture fixture;
  GetParam().spoil(fixture);
  EXPECT_TRUE(is_refused(fixture.run_forward(), GetParam()));
  EXPECT_TRUE(is_refused(fixture.run_backward(), GetParam()));
  EXPECT_TRUE(is_refused(fixture.size_backward(), GetParam()));
  EXPECT_TRUE(fixture.untouched());
}

class ShortBadOutput : public testing::TestWithParam<Bad> {};

TEST_P(ShortBadOutput, IsRefusedBeforeAnythingIsWritten) {
  ShortFixture fixture;
  GetParam().spoil(fixture);
  EXPECT_TRUE(is_refused(fixture.run_forward(), GetParam()));
  EXPECT_TRUE(fixture.untouched());
}

class ShortBadGradients : public testing::TestWithParam<Bad> {};

TEST_P(ShortBadGradients, AreRefusedBeforeAnythingIsWritten) {
  ShortFixture fixture;
  GetParam().spoil(fixture);
  EXPECT_TRUE(is_refused(fixture.run_backward(), GetParam()));
  EXPECT_TRUE(is_refused(fixture.size_backward(), GetParam()));
  EXPECT_TRUE(fixture.untouched());
}

const auto name_of = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Table, ShortBadInput, testing::ValuesIn(bad_inputs()), name_of);
INSTANTIATE_TEST_SUITE_P(Table, ShortBadOutput, testing::ValuesIn(bad_outputs()), name_of);
INSTANTIATE_TEST_SUITE_P(Table, ShortBadGradients, testing::ValuesIn(bad_gradients()), name_of);

TEST(ShortBadCall, NullHandlesAndPointersAreRefused) {
  ShortFixture f;
  const auto invalid = KI_STATUS_INVALID_ARGUMENT;
  std::uint64_t size = 0;
  EXPECT_TRUE(refused(ki_short_convolution_forward(nullptr, &f.forward), invalid, "stream"));
  EXPECT_TRUE(refused(ki_short_convolution_forward(f.stream.get(), nullptr), invalid, "problem"));
  EXPECT_TRUE(
      refused(ki_short_convolution_backward(nullptr, &f.backward, &f.gradients, nullptr, 0), invalid, "stream"));
  EXPECT_TRUE(
      refused(ki_short_convolution_backward(f.stream.get(), nullptr, &f.gradients, nullptr, 0), invalid, "problem"));
  EXPECT_TRUE(
      refused(ki_short_convolution_backward(f.stream.get(), &f.backward, nullptr, nullptr, 0), invalid, "gradients"));
  EXPECT_TRUE(
      refused(ki_short_convolution_backward_workspace(nullptr, &f.backward, &f.gradients, &size), invalid, "device"));
  EXPECT_TRUE(refused(ki_short_convolution_backward_workspace(f.device.get(), &f.backward, &f.gradients, nullptr),
                      invalid, "size_bytes"));
  EXPECT_TRUE(f.untouched());
}

TEST(ShortBadCall, AWorkspaceThatDoesNotFitIsRefused) {
  ShortFixture f;
  std::uint64_t needed = 0;
  check(ki_short_convolution_backward_workspace(f.device.get(), &f.backward, &f.gradients, &needed));
  ASSERT_GT(needed, 0U);
  const Buffer workspace = create_buffer(f.device, needed + 64);
  const auto run = [&](std::byte* data, std::uint64_t bytes) {
    return ki_short_convolution_backward(f.stream.get(), &f.backward, &f.gradients, data, bytes);
  };
  EXPECT_TRUE(refused(run(data_of(workspace), needed - 1), KI_STATUS_INVALID_ARGUMENT, "workspace"));
  EXPECT_TRUE(refused(run(data_of(workspace) + 4, needed), KI_STATUS_INVALID_ARGUMENT, "workspace", {"misaligned"}));
  EXPECT_TRUE(f.untouched());
  EXPECT_EQ(run(data_of(workspace), needed), KI_STATUS_OK) << ki_last_error_message();
}

/// The fixture is valid as long as nobody spoils it.
TEST(ShortBadCall, TheFixtureIsValidUnspoiled) {
  ShortFixture f;
  EXPECT_EQ(f.run_forward(), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_FALSE(f.untouched());
  EXPECT_EQ(f.run_backward(), KI_STATUS_OK) << ki_last_error_message();
}

/// Without an address, tensors can be sized but not computed with.
TEST(ShortBadCall, AWorkspaceIsSizedBeforeThereIsMemory) {
  ShortFixture f;
  for (ki_tensor* tensor :
       {&f.input, &f.filter, &f.bias, &f.grad_output, &f.grad_input, &f.grad_filter, &f.grad_bias}) {
    tensor->data = nullptr;
  }
  EXPECT_EQ(f.size_backward(), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_TRUE(refused(f.run_backward(), KI_STATUS_INVALID_ARGUMENT, "input", {"NULL"}));
}

/// Neighbours may be disjoint although their spans are not.
TEST(ShortOverlap, TensorsSideBySideAreAccepted) {
  ShortFixture f;
  // Input and output as halves of the rows of one matrix [2, 5, 14].
  for (ki_tensor* tensor : {&f.input, &f.output}) {
    tensor->data = f.memory.data();
    tensor->strides[0] = 5 * 14;
    tensor->strides[1] = 14;
  }
  f.output.data = f.memory.data() + 7;
  EXPECT_EQ(f.run_forward(), KI_STATUS_OK) << ki_last_error_message();
  f.output.data = f.memory.data() + 6;
  EXPECT_TRUE(refused(f.run_forward(), KI_STATUS_INVALID_ARGUMENT, "output", {"overlap"}));
}

/// A struct as a newer header may have it: with a field this library does not know.
template <typename Struct>
struct Newer {
  Struct known;
  std::int64_t unknown = 0;

  explicit Newer(const Struct& from) : known(from) { known.struct_size = sizeof(Newer); }
};

TEST(ShortVersions, WhatIsNewMustBeZero) {
  ShortFixture f;
  Newer problem(f.forward);
  EXPECT_EQ(ki_short_convolution_forward(f.stream.get(), &problem.known), KI_STATUS_OK) << ki_last_error_message();
  problem.unknown = 1;
  EXPECT_TRUE(
      refused(ki_short_convolution_forward(f.stream.get(), &problem.known), KI_STATUS_INVALID_ARGUMENT, "problem"));
  Newer gradients(f.gradients);
  const auto run = [&] {
    return ki_short_convolution_backward(f.stream.get(), &f.backward, &gradients.known, nullptr, 0);
  };
  EXPECT_EQ(run(), KI_STATUS_OK) << ki_last_error_message();
  gradients.unknown = 1;
  EXPECT_TRUE(refused(run(), KI_STATUS_INVALID_ARGUMENT, "gradients"));
}

TEST(ShortVersions, WhatIsMissingIsZero) {
  ShortFixture f;
  f.forward.struct_size = offsetof(ki_short_convolution_problem, state);
  f.forward.state = reinterpret_cast<const ki_tensor*>(8);  // would be read if the size were ignored
  EXPECT_EQ(f.run_forward(), KI_STATUS_OK) << ki_last_error_message();
  f.gradients.struct_size = offsetof(ki_short_convolution_gradients, grad_bias);
  f.gradients.grad_bias = reinterpret_cast<const ki_tensor*>(8);
  EXPECT_EQ(f.run_backward(), KI_STATUS_OK) << ki_last_error_message();
}

}  // namespace
}  // namespace ki::test
