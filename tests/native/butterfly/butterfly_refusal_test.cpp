#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/dense_view.h"
#include "support/handles.h"

// Butterfly convolutions that are wrong are refused before anything runs, and the error names the argument.
namespace ki::test {
namespace {

constexpr float kUntouched = 42;

/// A valid problem: batch 2, channels 3, length 100, filter_length 40, n1 16, n2 32.
struct Valid {
  Valid() {
    problem.struct_size = sizeof(problem);
    problem.input = &input;
    problem.output = &output;
    problem.filter = &filter;
    problem.forward_first = &forward_first;
    problem.forward_second = &forward_second;
    problem.inverse_second = &inverse_second;
    problem.inverse_first = &inverse_first;
    problem.input_gate = &input_gate;
    problem.output_gate = &output_gate;
    problem.skip = &skip;
    gradients.struct_size = sizeof(gradients);
    gradients.grad_output = &grad_output;
    gradients.grad_input = &grad_input;
    gradients.grad_filter = &grad_filter;
    gradients.grad_forward_first = &grad_forward_first;
    gradients.grad_forward_second = &grad_forward_second;
    gradients.grad_inverse_second = &grad_inverse_second;
    gradients.grad_inverse_first = &grad_inverse_first;
    gradients.grad_input_gate = &grad_input_gate;
    gradients.grad_output_gate = &grad_output_gate;
    gradients.grad_skip = &grad_skip;
  }
  Valid(const Valid&) = delete;
  Valid& operator=(const Valid&) = delete;

  ki_tensor make(std::initializer_list<std::int64_t> shape) {
    std::int64_t elements = 1;
    for (const std::int64_t length : shape) elements *= length;
    memory.emplace_back(static_cast<std::size_t>(elements), kUntouched);
    return dense_view(KI_DTYPE_FLOAT32, memory.back().data(), shape);
  }

  ki_status forward() { return ki_butterfly_convolution_forward(stream.get(), &problem, nullptr, 0); }
  ki_status backward() {
    if (!keeps_output) problem.output = nullptr;
    return ki_butterfly_convolution_backward(stream.get(), &problem, &gradients, nullptr, 0);
  }
  bool untouched() const {
    for (const auto& each : memory) {
      for (const float x : each) {
        if (x != kUntouched) return false;
      }
    }
    return true;
  }

  Device device = open_device("cpu", nullptr, 2);
  Stream stream = create_stream(device);
  std::vector<std::vector<float>> memory;
  ki_tensor input = make({2, 3, 100}), output = make({2, 3, 100});
  ki_tensor filter = make({3, 40}), skip = make({3});
  ki_tensor forward_first = make({32, 16, 16, 2}), forward_second = make({16, 32, 32, 2});
  ki_tensor inverse_second = make({16, 32, 32, 2}), inverse_first = make({32, 16, 16, 2});
  ki_tensor input_gate = make({2, 3, 100}), output_gate = make({2, 3, 100});
  ki_tensor grad_output = make({2, 3, 100}), grad_input = make({2, 3, 100});
  ki_tensor grad_filter = make({3, 40}), grad_skip = make({3});
  ki_tensor grad_forward_first = make({32, 16, 16, 2}), grad_forward_second = make({16, 32, 32, 2});
  ki_tensor grad_inverse_second = make({16, 32, 32, 2}), grad_inverse_first = make({32, 16, 16, 2});
  ki_tensor grad_input_gate = make({2, 3, 100}), grad_output_gate = make({2, 3, 100});
  ki_butterfly_convolution_problem problem{};
  ki_butterfly_convolution_gradients gradients{};
  bool keeps_output = false;  ///< in the backward pass
};

/// One thing that is wrong, and what the error must name and say.
struct Fault {
  const char* what;
  std::function<void(Valid&)> plant;
  const char* argument;
  std::string text = "";
};

ki_tensor* none() { return nullptr; }

std::vector<Fault> faults_of_both_passes() {
  return {
      {"no_input", [](Valid& v) { v.problem.input = none(); }, "input"},
      {"no_filter", [](Valid& v) { v.problem.filter = none(); }, "filter"},
      {"no_forward_first", [](Valid& v) { v.problem.forward_first = none(); }, "forward_first"},
      {"no_forward_second", [](Valid& v) { v.problem.forward_second = none(); }, "forward_second"},
      {"no_inverse_second", [](Valid& v) { v.problem.inverse_second = none(); }, "inverse_second"},
      {"no_inverse_first", [](Valid& v) { v.problem.inverse_first = none(); }, "inverse_first"},
      {"struct_size", [](Valid& v) { v.problem.struct_size = 3; }, "problem", "struct_size is 3"},
      {"reserved", [](Valid& v) { v.problem.reserved = 1; }, "problem.reserved", "must be 0"},
      {"input_dtype", [](Valid& v) { v.input.dtype = KI_DTYPE_INT32; }, "input", "int32"},
      {"input_rank", [](Valid& v) { v.input.rank = 2; }, "input"},
      {"n1_not_a_power_of_two",
       [](Valid& v) {
         v.forward_first = v.make({32, 24, 24, 2});
       },
       "forward_first", "n1 is 24"},
      {"n2_too_small",
       [](Valid& v) {
         v.forward_first = v.make({8, 16, 16, 2});
       },
       "forward_first", "n2 is 8"},
      {"n1_too_large",
       [](Valid& v) {
         v.forward_first = v.make({16, 512, 512, 2});
       },
       "forward_first", "n1 is 512"},
      {"block_not_square",
       [](Valid& v) {
         v.forward_first = v.make({32, 16, 8, 2});
       },
       "forward_first", "is 8"},
      {"parts",
       [](Valid& v) {
         v.forward_first = v.make({32, 16, 16, 1});
       },
       "forward_first", "is 1"},
      {"coefficient_dtype", [](Valid& v) { v.inverse_first.dtype = KI_DTYPE_FLOAT16; }, "inverse_first", "float16"},
      {"coefficient_stride", [](Valid& v) { v.inverse_first.strides[1] = 64; }, "inverse_first", "contiguous"},
      {"forward_second_shape",
       [](Valid& v) {
         v.forward_second = v.make({16, 16, 32, 2});
       },
       "forward_second", "must be 32"},
      {"inverse_second_shape",
       [](Valid& v) {
         v.inverse_second = v.make({32, 32, 32, 2});
       },
       "inverse_second", "must be 16"},
      {"inverse_first_shape",
       [](Valid& v) {
         v.inverse_first = v.make({32, 16, 16, 3});
       },
       "inverse_first", "must be 2"},
      {"length_beyond_n",
       [](Valid& v) {
         v.input = v.make({2, 3, 513});
       },
       "input", "512 points"},
      {"filter_beyond_n",
       [](Valid& v) {
         v.filter = v.make({3, 513});
       },
       "filter", "512 points"},
      {"no_taps",
       [](Valid& v) {
         v.filter = v.make({3, 0});
       },
       "filter", "filter_length is 0"},
      {"filter_channels",
       [](Valid& v) {
         v.filter = v.make({4, 40});
       },
       "filter", "channels is 4"},
      {"filter_dtype", [](Valid& v) { v.filter.dtype = KI_DTYPE_INT8; }, "filter", "int8"},
      {"input_gate_length",
       [](Valid& v) {
         v.input_gate = v.make({2, 3, 99});
       },
       "input_gate", "length is 99"},
      {"output_gate_dtype", [](Valid& v) { v.output_gate.dtype = KI_DTYPE_BFLOAT16; }, "output_gate", "bfloat16"},
      {"skip_channels", [](Valid& v) { v.skip = v.make({2}); }, "skip", "channels is 2"},
      {"skip_dtype", [](Valid& v) { v.skip.dtype = KI_DTYPE_FLOAT16; }, "skip", "float16"},
      {"other_device", [](Valid& v) { v.filter.device_kind = KI_DEVICE_KIND_CUDA; }, "filter"},
  };
}

std::vector<Fault> forward_faults() {
  std::vector<Fault> faults = faults_of_both_passes();
  faults.push_back({"no_output", [](Valid& v) { v.problem.output = none(); }, "output"});
  faults.push_back({"output_batch", [](Valid& v) { v.output = v.make({1, 3, 100}); }, "output", "batch is 1"});
  faults.push_back({"output_is_input", [](Valid& v) { v.output.data = v.input.data; }, "output", "input"});
  return faults;
}

std::vector<Fault> backward_faults() {
  std::vector<Fault> faults = faults_of_both_passes();
  const std::vector<Fault> more{
      {"output", [](Valid& v) { v.keeps_output = true; }, "output", "must be NULL"},
      {"gradients_size", [](Valid& v) { v.gradients.struct_size = 0; }, "gradients", "struct_size is 0"},
      {"gradients_reserved", [](Valid& v) { v.gradients.reserved = 2; }, "gradients.reserved", "must be 0"},
      {"no_grad_output", [](Valid& v) { v.gradients.grad_output = none(); }, "grad_output"},
      {"grad_output_shape",
       [](Valid& v) {
         v.grad_output = v.make({2, 3, 99});
       },
       "grad_output", "length is 99"},
      {"grad_input_dtype", [](Valid& v) { v.grad_input.dtype = KI_DTYPE_FLOAT16; }, "grad_input", "float16"},
      {"grad_filter_dtype", [](Valid& v) { v.grad_filter.dtype = KI_DTYPE_FLOAT16; }, "grad_filter", "float16"},
      {"grad_filter_shape",
       [](Valid& v) {
         v.grad_filter = v.make({3, 41});
       },
       "grad_filter", "filter_length is 41"},
      {"grad_forward_first",
       [](Valid& v) {
         v.grad_forward_first = v.make({16, 16, 16, 2});
       },
       "grad_forward_first", "must be 32"},
      {"grad_forward_second",
       [](Valid& v) {
         v.grad_forward_second = v.make({32, 32, 32, 2});
       },
       "grad_forward_second", "must be 16"},
      {"grad_inverse_second", [](Valid& v) { v.grad_inverse_second.strides[0] = 4096; }, "grad_inverse_second",
       "contiguous"},
      {"grad_inverse_first", [](Valid& v) { v.grad_inverse_first.dtype = KI_DTYPE_BFLOAT16; }, "grad_inverse_first",
       "bfloat16"},
      {"gate_without_gate", [](Valid& v) { v.problem.input_gate = none(); }, "grad_input_gate", "no gate"},
      {"output_gate_without_gate", [](Valid& v) { v.problem.output_gate = none(); }, "grad_output_gate", "no gate"},
      {"skip_without_skip", [](Valid& v) { v.problem.skip = none(); }, "grad_skip", "no skip"},
      {"grad_skip_shape", [](Valid& v) { v.grad_skip = v.make({4}); }, "grad_skip", "channels is 4"},
      {"overlap", [](Valid& v) { v.grad_input.data = v.grad_input_gate.data; }, "grad_input_gate", "grad_input"},
  };
  faults.insert(faults.end(), more.begin(), more.end());
  return faults;
}

class ButterflyRefusal : public testing::TestWithParam<Fault> {};
class ButterflyBackwardRefusal : public testing::TestWithParam<Fault> {};

TEST_P(ButterflyRefusal, NamesTheArgument) {
  Valid valid;
  GetParam().plant(valid);
  EXPECT_TRUE(refused(valid.forward(), KI_STATUS_INVALID_ARGUMENT, GetParam().argument, {GetParam().text}));
  EXPECT_TRUE(valid.untouched());
}

TEST_P(ButterflyBackwardRefusal, NamesTheArgument) {
  Valid valid;
  GetParam().plant(valid);
  EXPECT_TRUE(refused(valid.backward(), KI_STATUS_INVALID_ARGUMENT, GetParam().argument, {GetParam().text}));
  EXPECT_TRUE(valid.untouched());
}

std::string name_of(const testing::TestParamInfo<Fault>& info) { return info.param.what; }

INSTANTIATE_TEST_SUITE_P(Forward, ButterflyRefusal, testing::ValuesIn(forward_faults()), name_of);
INSTANTIATE_TEST_SUITE_P(Backward, ButterflyBackwardRefusal, testing::ValuesIn(backward_faults()), name_of);

TEST(ButterflyArguments, WhatIsValidIsAccepted) {
  Valid valid;
  EXPECT_EQ(valid.forward(), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_EQ(valid.backward(), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_FALSE(valid.untouched());
}

TEST(ButterflyArguments, HandlesAndPlacesForResultsAreRequired) {
  Valid valid;
  const auto invalid = KI_STATUS_INVALID_ARGUMENT;
  std::uint64_t size = 0;
  EXPECT_TRUE(refused(ki_butterfly_convolution_forward(nullptr, &valid.problem, nullptr, 0), invalid, "stream"));
  EXPECT_TRUE(refused(ki_butterfly_convolution_forward(valid.stream.get(), nullptr, nullptr, 0), invalid, "problem"));
  EXPECT_TRUE(refused(ki_butterfly_convolution_forward_workspace(nullptr, &valid.problem, &size), invalid, "device"));
  EXPECT_TRUE(refused(ki_butterfly_convolution_forward_workspace(valid.device.get(), &valid.problem, nullptr), invalid,
                      "size_bytes"));
  valid.problem.output = nullptr;
  EXPECT_TRUE(refused(ki_butterfly_convolution_backward(nullptr, &valid.problem, &valid.gradients, nullptr, 0), invalid,
                      "stream"));
  EXPECT_TRUE(refused(ki_butterfly_convolution_backward(valid.stream.get(), &valid.problem, nullptr, nullptr, 0),
                      invalid, "gradients"));
  EXPECT_TRUE(refused(ki_butterfly_convolution_backward_workspace(nullptr, &valid.problem, &valid.gradients, &size),
                      invalid, "device"));
  EXPECT_TRUE(refused(
      ki_butterfly_convolution_backward_workspace(valid.device.get(), &valid.problem, &valid.gradients, nullptr),
      invalid, "size_bytes"));
}

TEST(ButterflyArguments, TheWorkspaceIsCheckedAndNeedsNoAddresses) {
  Valid valid;
  for (ki_tensor* tensor : {&valid.input, &valid.output, &valid.forward_first}) tensor->data = nullptr;
  std::uint64_t size = 0;
  EXPECT_EQ(ki_butterfly_convolution_forward_workspace(valid.device.get(), &valid.problem, &size), KI_STATUS_OK);
  EXPECT_GT(size, 0U);

  Valid again;
  alignas(64) std::byte memory[128];
  const auto call = [&](void* workspace, std::uint64_t bytes) {
    return ki_butterfly_convolution_forward(again.stream.get(), &again.problem, workspace, bytes);
  };
  EXPECT_TRUE(refused(call(memory, 64), KI_STATUS_INVALID_ARGUMENT, "workspace", {"64 bytes", std::to_string(size)}));
  EXPECT_TRUE(refused(call(memory + 4, 64), KI_STATUS_INVALID_ARGUMENT, "workspace", {"misaligned"}));
  EXPECT_TRUE(again.untouched());
}

TEST(ButterflyArguments, TablesOfTheDftAreChecked) {
  Valid v;
  const auto call = [&](const ki_tensor* a, const ki_tensor* b, const ki_tensor* c, const ki_tensor* d) {
    return ki_butterfly_coefficients_dft(v.stream.get(), a, b, c, d);
  };
  const auto invalid = KI_STATUS_INVALID_ARGUMENT;
  EXPECT_TRUE(refused(call(nullptr, &v.forward_second, &v.inverse_second, &v.inverse_first), invalid, "forward_first"));
  EXPECT_TRUE(refused(call(&v.forward_first, nullptr, &v.inverse_second, &v.inverse_first), invalid, "forward_second"));
  EXPECT_TRUE(refused(call(&v.forward_first, &v.forward_second, nullptr, &v.inverse_first), invalid, "inverse_second"));
  EXPECT_TRUE(refused(call(&v.forward_first, &v.forward_second, &v.inverse_second, nullptr), invalid, "inverse_first"));
  EXPECT_TRUE(refused(call(&v.forward_first, &v.forward_second, &v.forward_second, &v.inverse_first), invalid,
                      "inverse_second", {"forward_second"}));
  EXPECT_TRUE(refused(call(&v.forward_first, &v.forward_second, &v.inverse_second, &v.forward_second), invalid,
                      "inverse_first", {"must be 32"}));
  EXPECT_TRUE(refused(ki_butterfly_coefficients_dft(nullptr, nullptr, nullptr, nullptr, nullptr), invalid, "stream"));
  EXPECT_TRUE(v.untouched());
}

}  // namespace
}  // namespace ki::test
