// What is refused of the calls that compute with a plan: each argument, and each pair that must agree.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "long_convolution/convolution_fixture.h"

namespace ki::test {
namespace {

using Fixture = ConvolutionFixture;
using Kind = ConvolutionFixture::Kind;

/// One way to spoil a valid call, and how it must be refused.
struct BadCall {
  std::string name;
  std::function<void(Fixture&)> spoil;
  std::string argument;
  std::vector<std::string> texts{};  ///< what the message must hold
  Kind kind = Kind::plain;
  ki_status status = KI_STATUS_INVALID_ARGUMENT;
};

void PrintTo(const BadCall& call, std::ostream* stream) { *stream << call.name; }

/// What both passes read, spoiled in both problems.
std::vector<BadCall> bad_inputs() {
  const auto both = [](auto change) {
    return [change](Fixture& f) {
      change(f.problem);
      change(f.backward_problem);
    };
  };
  using Problem = ki_long_convolution_problem;
  return {
      {"ProblemSizeZero", both([](Problem& p) { p.struct_size = 0; }), "problem", {"struct_size"}},
      {"ProblemSizeOfGarbage", both([](Problem& p) { p.struct_size = 0xCDCDCDCD; }), "problem", {"struct_size"}},
      {"ProblemReserved", both([](Problem& p) { p.reserved = 3; }), "problem.reserved", {"3"}},
      {"ProblemCutBeforeItsTensors", both([](Problem& p) { p.struct_size = 8; }), "input", {"NULL"}},
      {"NoInput", both([](Problem& p) { p.input = nullptr; }), "input", {"NULL"}},
      {"InputRank", [](Fixture& f) { f.input.rank = 2; }, "input", {"rank", "batch"}},
      {"InputDtype", [](Fixture& f) { f.input.dtype = KI_DTYPE_INT8; }, "input", {"int8"}},
      {"InputChannels", [](Fixture& f) { f.input.shape[1] = 2; }, "input", {"channels", "2", "3"}},
      {"InputLonger", [](Fixture& f) { f.input.shape[2] = 7; }, "input", {"7", "at most 6"}},
      {"InputOfAnotherPeriod", [](Fixture& f) { f.input.shape[2] = 5; }, "input", {"5", "exactly 6"}, Kind::circular},
      {"InputNegative", [](Fixture& f) { f.input.shape[0] = -2; }, "input", {"-2"}},
      {"InputNowhere", [](Fixture& f) { f.input.data = nullptr; }, "input"},
      {"InputElsewhere", [](Fixture& f) { f.input.device_kind = KI_DEVICE_KIND_CUDA; }, "input", {"cuda", "cpu"}},
      {"InputStrided", [](Fixture& f) { f.input.strides[2] = 2; }, "input", {"contiguous"}},
      {"InputGateDtype", [](Fixture& f) { f.input_gate.dtype = KI_DTYPE_FLOAT16; }, "input_gate", {"float16"}},
      {"InputGateBatch", [](Fixture& f) { f.input_gate.shape[0] = 1; }, "input_gate", {"batch", "1", "2"}},
      {"InputGateElsewhere", [](Fixture& f) { f.input_gate.device_kind = KI_DEVICE_KIND_CUDA; }, "input_gate"},
      {"OutputGateDtype", [](Fixture& f) { f.output_gate.dtype = KI_DTYPE_BFLOAT16; }, "output_gate", {"bfloat16"}},
      {"OutputGateLength", [](Fixture& f) { f.output_gate.shape[2] = 1; }, "output_gate", {"length", "1", "6"}},
      {"OutputGateChannels", [](Fixture& f) { f.output_gate.shape[1] = 1; }, "output_gate", {"channels"}},
      {"SkipDtype", [](Fixture& f) { f.skip.dtype = KI_DTYPE_FLOAT16; }, "skip", {"float16", "float32"}},
      {"SkipChannels", [](Fixture& f) { f.skip.shape[0] = 2; }, "skip", {"channels", "2"}},
      {"SkipRank", [](Fixture& f) { f.skip.rank = 2; }, "skip", {"rank"}},
      {"SkipElsewhere", [](Fixture& f) { f.skip.device_kind = KI_DEVICE_KIND_CUDA; }, "skip"},
      {"WorkspaceWithoutBytes", [](Fixture& f) { f.workspace = f.spare(); }, "workspace"},
      {"BytesWithoutAWorkspace", [](Fixture& f) { f.workspace_bytes = 4096; }, "workspace"},
  };
}

std::vector<BadCall> bad_outputs() {
  return {
      {"NoOutput", [](Fixture& f) { f.problem.output = nullptr; }, "output", {"NULL"}},
      {"OutputDtype", [](Fixture& f) { f.output.dtype = KI_DTYPE_FLOAT16; }, "output", {"float16"}},
      {"OutputBatch", [](Fixture& f) { f.output.shape[0] = 1; }, "output", {"batch", "1", "2"}},
      {"OutputLength", [](Fixture& f) { f.output.shape[2] = 5; }, "output", {"length", "5", "6"}},
      {"OutputElsewhere", [](Fixture& f) { f.output.device_kind = KI_DEVICE_KIND_CUDA; }, "output"},
      {"OutputIsTheInput", [](Fixture& f) { f.output.data = f.input.data; }, "output", {"overlap", "input"}},
      {"OutputIsAGate", [](Fixture& f) { f.output.data = f.output_gate.data; }, "output", {"overlap", "output_gate"}},
      {"OutputIsTheOtherGate", [](Fixture& f) { f.output.data = f.input_gate.data; }, "output", {"input_gate"}},
      {"OutputIsTheSkip", [](Fixture& f) { f.output.data = f.skip.data; }, "output", {"overlap", "skip"}},
      {"OutputOnItself", [](Fixture& f) { f.output.strides[0] = 0; }, "output", {"overlap"}},
      {"OutputRowsOnOneAnother", [](Fixture& f) { f.output.strides[1] = 5; }, "output", {"overlap"}},
      {"StateWithoutAStream", [](Fixture& f) { f.problem.state = &f.state; }, "state", {"streaming"}},
      {"StreamWithoutAState", [](Fixture& f) { f.problem.state = nullptr; }, "state", {"NULL"}, Kind::streaming},
      {"StateDtype", [](Fixture& f) { f.state.dtype = KI_DTYPE_FLOAT16; }, "state", {"float16"}, Kind::streaming},
      {"StateBatch", [](Fixture& f) { f.state.shape[0] = 3; }, "state", {"batch", "3", "2"}, Kind::streaming},
      {"StateChannels", [](Fixture& f) { f.state.shape[1] = 2; }, "state", {"channels"}, Kind::streaming},
      {"StateLength", [](Fixture& f) { f.state.shape[2] = 5; }, "state", {"5", "4"}, Kind::streaming},
      {"StateOnItself", [](Fixture& f) { f.state.strides[0] = 0; }, "state", {"overlap"}, Kind::streaming},
      {"StateIsTheInput", [](Fixture& f) { f.state.data = f.input.data; }, "state", {"overlap"}, Kind::streaming},
      {"OutputIsTheState", [](Fixture& f) { f.output.data = f.state.data; }, "output", {"state"}, Kind::streaming},
  };
}

std::vector<BadCall> bad_gradients() {
  return {
      {"GradientsSizeZero", [](Fixture& f) { f.gradients.struct_size = 0; }, "gradients", {"struct_size"}},
      {"GradientsReserved", [](Fixture& f) { f.gradients.reserved = 1; }, "gradients.reserved", {"1"}},
      {"OutputGiven", [](Fixture& f) { f.backward_problem.output = &f.output; }, "output", {"NULL"}},
      {"StateGiven", [](Fixture& f) { f.backward_problem.state = &f.state; }, "state", {"streaming"}},
      {"StreamingPlan", [](Fixture&) {}, "plan", {"streaming"}, Kind::streaming, KI_STATUS_NOT_SUPPORTED},
      {"NoGradOutput", [](Fixture& f) { f.gradients.grad_output = nullptr; }, "grad_output", {"NULL"}},
      {"GradOutputDtype", [](Fixture& f) { f.grad_output.dtype = KI_DTYPE_FLOAT16; }, "grad_output", {"float16"}},
      {"GradOutputLength", [](Fixture& f) { f.grad_output.shape[2] = 3; }, "grad_output", {"length", "3", "6"}},
      {"GradInputDtype", [](Fixture& f) { f.grad_input.dtype = KI_DTYPE_BFLOAT16; }, "grad_input", {"bfloat16"}},
      {"GradInputBatch", [](Fixture& f) { f.grad_input.shape[0] = 1; }, "grad_input", {"batch"}},
      {"GradFilterDtype", [](Fixture& f) { f.grad_filter.dtype = KI_DTYPE_FLOAT16; }, "grad_filter", {"float16"}},
      {"GradFilterChannels", [](Fixture& f) { f.grad_filter.shape[0] = 4; }, "grad_filter", {"channels", "4"}},
      {"GradFilterTaps", [](Fixture& f) { f.grad_filter.shape[1] = 6; }, "grad_filter", {"filter_length", "6", "5"}},
      {"GradInputGateShape", [](Fixture& f) { f.grad_input_gate.shape[1] = 1; }, "grad_input_gate", {"channels"}},
      {"GradInputGateOfNone",
       [](Fixture& f) { f.backward_problem.input_gate = nullptr; },
       "grad_input_gate",
       {"no gate"}},
      {"GradOutputGateShape", [](Fixture& f) { f.grad_output_gate.shape[2] = 1; }, "grad_output_gate", {"length"}},
      {"GradOutputGateOfNone",
       [](Fixture& f) { f.backward_problem.output_gate = nullptr; },
       "grad_output_gate",
       {"no gate"}},
      {"GradSkipDtype", [](Fixture& f) { f.grad_skip.dtype = KI_DTYPE_FLOAT16; }, "grad_skip", {"float16"}},
      {"GradSkipChannels", [](Fixture& f) { f.grad_skip.shape[0] = 6; }, "grad_skip", {"channels", "6"}},
      {"GradSkipOfNone", [](Fixture& f) { f.backward_problem.skip = nullptr; }, "grad_skip", {"no skip"}},
      {"FilterNobodyNeeds", [](Fixture& f) { f.gradients.filter = &f.filter; }, "filter", {"no gradient"}},
      {"FilterMissing", [](Fixture& f) { f.gradients.filter = nullptr; }, "filter", {"squash"}, Kind::squashing},
      {"FilterTaps", [](Fixture& f) { f.filter.shape[1] = 4; }, "filter", {"4", "5"}, Kind::squashing},
      {"FilterDtype", [](Fixture& f) { f.filter.dtype = KI_DTYPE_INT32; }, "filter", {"int32"}, Kind::squashing},
      {"FilterForNoGradient",
       [](Fixture& f) { f.gradients.grad_filter = nullptr; },
       "filter",
       {"no gradient"},
       Kind::squashing},
      {"GradInputIsTheInput", [](Fixture& f) { f.grad_input.data = f.input.data; }, "grad_input", {"overlap"}},
      {"GradInputIsGradOutput", [](Fixture& f) { f.grad_input.data = f.grad_output.data; }, "grad_input", {"overlap"}},
      {"GradientsShare",
       [](Fixture& f) { f.grad_input_gate.data = f.grad_input.data; },
       "grad_input_gate",
       {"overlap"}},
      {"GradFilterIsTheFilter",
       [](Fixture& f) { f.grad_filter.data = f.filter.data; },
       "grad_filter",
       {"overlap"},
       Kind::squashing},
      {"GradSkipIsTheSkip", [](Fixture& f) { f.grad_skip.data = f.skip.data; }, "grad_skip", {"overlap"}},
      {"GradFilterOnItself", [](Fixture& f) { f.grad_filter.strides[0] = 0; }, "grad_filter", {"overlap"}},
      {"GradOutputGateElsewhere",
       [](Fixture& f) { f.grad_output_gate.device_kind = KI_DEVICE_KIND_CUDA; },
       "grad_output_gate",
       {"cuda"}},
  };
}

void expect_refusal(const Fixture& f, const BadCall& call, ki_status status) {
  EXPECT_TRUE(refused(status, call.status, call.argument));
  for (const std::string& text : call.texts) {
    EXPECT_NE(std::string(ki_last_error_message()).find(text), std::string::npos) << ki_last_error_message();
  }
  EXPECT_TRUE(f.untouched());
}

class BadConvolutionCall : public testing::TestWithParam<BadCall> {};
class BadConvolutionOutput : public testing::TestWithParam<BadCall> {};
class BadConvolutionGradient : public testing::TestWithParam<BadCall> {};

TEST_P(BadConvolutionCall, IsRefusedByName) {
  Fixture f(GetParam().kind);
  GetParam().spoil(f);
  expect_refusal(f, GetParam(), f.forward());
  expect_refusal(f, GetParam(), f.backward());
}

TEST_P(BadConvolutionOutput, IsRefusedByName) {
  Fixture f(GetParam().kind);
  GetParam().spoil(f);
  expect_refusal(f, GetParam(), f.forward());
}

TEST_P(BadConvolutionGradient, IsRefusedByName) {
  Fixture f(GetParam().kind);
  GetParam().spoil(f);
  expect_refusal(f, GetParam(), f.backward());
}

std::string name_of(const testing::TestParamInfo<BadCall>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Inputs, BadConvolutionCall, testing::ValuesIn(bad_inputs()), name_of);
INSTANTIATE_TEST_SUITE_P(Outputs, BadConvolutionOutput, testing::ValuesIn(bad_outputs()), name_of);
INSTANTIATE_TEST_SUITE_P(Gradients, BadConvolutionGradient, testing::ValuesIn(bad_gradients()), name_of);

TEST(BadConvolutionFixture, IsValid) {
  for (const Kind kind : {Kind::plain, Kind::circular, Kind::streaming, Kind::squashing}) {
    Fixture f(kind);
    EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
    EXPECT_FALSE(f.untouched());
    if (kind == Kind::streaming) continue;
    EXPECT_EQ(f.backward(), KI_STATUS_OK) << ki_last_error_message();
  }
}

TEST(BadConvolutionHandles, NullsAreRefusedByName) {
  Fixture f;
  const auto bad = KI_STATUS_INVALID_ARGUMENT;
  ki_stream* stream = f.stream.get();
  ki_long_convolution_plan* plan = f.plan.get();
  EXPECT_TRUE(refused(ki_long_convolution_forward(nullptr, plan, &f.problem, nullptr, 0), bad, "stream"));
  EXPECT_TRUE(refused(ki_long_convolution_forward(stream, nullptr, &f.problem, nullptr, 0), bad, "plan"));
  EXPECT_TRUE(refused(ki_long_convolution_forward(stream, plan, nullptr, nullptr, 0), bad, "problem"));
  const auto backward = ki_long_convolution_backward;
  EXPECT_TRUE(refused(backward(nullptr, plan, &f.backward_problem, &f.gradients, nullptr, 0), bad, "stream"));
  EXPECT_TRUE(refused(backward(stream, nullptr, &f.backward_problem, &f.gradients, nullptr, 0), bad, "plan"));
  EXPECT_TRUE(refused(backward(stream, plan, nullptr, &f.gradients, nullptr, 0), bad, "problem"));
  EXPECT_TRUE(refused(backward(stream, plan, &f.backward_problem, nullptr, nullptr, 0), bad, "gradients"));
  std::uint64_t size = 0;
  EXPECT_TRUE(refused(ki_long_convolution_forward_workspace(nullptr, &f.problem, &size), bad, "plan"));
  EXPECT_TRUE(refused(ki_long_convolution_forward_workspace(plan, nullptr, &size), bad, "problem"));
  EXPECT_TRUE(refused(ki_long_convolution_forward_workspace(plan, &f.problem, nullptr), bad, "size_bytes"));
  const auto backward_size = ki_long_convolution_backward_workspace;
  EXPECT_TRUE(refused(backward_size(nullptr, &f.backward_problem, &f.gradients, &size), bad, "plan"));
  EXPECT_TRUE(refused(backward_size(plan, nullptr, &f.gradients, &size), bad, "problem"));
  EXPECT_TRUE(refused(backward_size(plan, &f.backward_problem, nullptr, &size), bad, "gradients"));
  EXPECT_TRUE(refused(backward_size(plan, &f.backward_problem, &f.gradients, nullptr), bad, "size_bytes"));
  EXPECT_TRUE(f.untouched());
}

TEST(BadConvolutionHandles, AnotherDevicesPlanIsRefused) {
  Fixture f;
  const Device other = open_device("cpu", nullptr, 1);
  const Stream stream = create_stream(other);
  EXPECT_TRUE(refused(ki_long_convolution_forward(stream.get(), f.plan.get(), &f.problem, nullptr, 0),
                      KI_STATUS_INVALID_ARGUMENT, "plan", {"another device"}));
  EXPECT_TRUE(
      refused(ki_long_convolution_backward(stream.get(), f.plan.get(), &f.backward_problem, &f.gradients, nullptr, 0),
              KI_STATUS_INVALID_ARGUMENT, "plan", {"another device"}));
  EXPECT_TRUE(f.untouched());
}

TEST(BadConvolutionWorkspace, TooSmallOrMisalignedIsRefused) {
  Fixture f;
  check(ki_long_convolution_forward_workspace(f.plan.get(), &f.problem, &f.workspace_bytes));
  if (f.workspace_bytes == 0) return;
  const Buffer buffer = create_buffer(f.device, f.workspace_bytes + 64);
  f.workspace = data_of(buffer) + 1;
  EXPECT_TRUE(refused(f.forward(), KI_STATUS_INVALID_ARGUMENT, "workspace"));
  f.workspace = data_of(buffer);
  f.workspace_bytes -= 1;
  EXPECT_TRUE(refused(f.forward(), KI_STATUS_INVALID_ARGUMENT, "workspace"));
  EXPECT_TRUE(f.untouched());
  f.workspace_bytes += 1;
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
}

/// A size can be asked for before there is memory.
TEST(BadConvolutionWorkspace, SizesNeedNoAddresses) {
  Fixture f;
  std::uint64_t want = 0, got = 0;
  check(ki_long_convolution_forward_workspace(f.plan.get(), &f.problem, &want));
  f.input.data = f.output.data = f.input_gate.data = nullptr;
  check(ki_long_convolution_forward_workspace(f.plan.get(), &f.problem, &got));
  EXPECT_EQ(got, want);
}

}  // namespace
}  // namespace ki::test
