#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "long_convolution/long_convolution_run.h"
#include "support/dense_view.h"
#include "support/handles.h"

namespace ki::test {

/// Valid calls of every entry point of long convolution, to be spoiled. All lengths differ, so that a message can be seen to name the
/// right one: batch 2, channels 3, length 6, filter_length 5, fft_size 256.
class ConvolutionFixture {
 public:
  enum class Kind { plain, circular, streaming, squashing };

  explicit ConvolutionFixture(Kind kind = Kind::plain) : memory_(kTensors * kBytesEach, kUntouched) {
    options.struct_size = sizeof(options);
    options.channels = 3;
    options.length = 6;
    options.filter_length = 5;
    options.fft_size = 256;
    if (kind == Kind::circular) options.flags = KI_LONG_CONVOLUTION_CIRCULAR;
    if (kind == Kind::streaming) options.flags = KI_LONG_CONVOLUTION_STREAMING;
    if (kind == Kind::squashing) options.squash = 0.5F;
    ki_long_convolution_plan* made = nullptr;
    check(ki_long_convolution_plan_create(device.get(), &options, &made));
    plan.reset(made);

    filter = place(KI_DTYPE_FLOAT32, {3, 5});
    spectrum = place(KI_DTYPE_FLOAT32, {3, 129, 2});
    check(ki_long_convolution_set_filter(stream.get(), plan.get(), &filter));
    input = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    output = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    input_gate = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    output_gate = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    skip = place(KI_DTYPE_FLOAT32, {3});
    state = place(KI_DTYPE_FLOAT32, {2, 3, 4});
    problem.struct_size = sizeof(problem);
    problem.input = &input;
    problem.output = &output;
    problem.input_gate = &input_gate;
    problem.output_gate = &output_gate;
    problem.skip = &skip;
    if (kind == Kind::streaming) problem.state = &state;

    grad_output = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    grad_input = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    grad_filter = place(KI_DTYPE_FLOAT32, {3, 5});
    grad_input_gate = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    grad_output_gate = place(KI_DTYPE_FLOAT32, {2, 3, 6});
    grad_skip = place(KI_DTYPE_FLOAT32, {3});
    backward_problem = problem;
    backward_problem.output = nullptr;
    gradients.struct_size = sizeof(gradients);
    gradients.grad_output = &grad_output;
    gradients.grad_input = &grad_input;
    gradients.grad_filter = &grad_filter;
    gradients.grad_input_gate = &grad_input_gate;
    gradients.grad_output_gate = &grad_output_gate;
    gradients.grad_skip = &grad_skip;
    if (kind == Kind::squashing) gradients.filter = &filter;
  }
  ConvolutionFixture(const ConvolutionFixture&) = delete;
  ConvolutionFixture& operator=(const ConvolutionFixture&) = delete;

  ki_status create() const {
    ki_long_convolution_plan* made = nullptr;
    const ki_status status = ki_long_convolution_plan_create(device.get(), &options, &made);
    EXPECT_EQ(made != nullptr, status == KI_STATUS_OK);
    ki_long_convolution_plan_close(made);
    return status;
  }

  ki_status forward() const {
    return ki_long_convolution_forward(stream.get(), plan.get(), &problem, workspace, workspace_bytes);
  }

  ki_status backward() const {
    return ki_long_convolution_backward(stream.get(), plan.get(), &backward_problem, &gradients, workspace,
                                        workspace_bytes);
  }

  /// Whether no byte of any tensor has changed.
  bool untouched() const { return std::ranges::count(memory_, kUntouched) == std::ssize(memory_); }

  /// Memory for a workspace.
  std::byte* spare() { return memory_.data() + (kTensors - 1) * kBytesEach; }

  Device device = open_device("cpu", nullptr, 2);
  Stream stream = create_stream(device);
  ki_long_convolution_options options{};
  LongConvolutionPlan plan;
  ki_tensor filter{}, spectrum{}, input{}, output{}, input_gate{}, output_gate{}, skip{}, state{};
  ki_tensor grad_output{}, grad_input{}, grad_filter{}, grad_input_gate{}, grad_output_gate{}, grad_skip{};
  ki_long_convolution_problem problem{}, backward_problem{};
  ki_long_convolution_gradients gradients{};
  void* workspace = nullptr;
  std::uint64_t workspace_bytes = 0;

 private:
  static constexpr std::size_t kTensors = 16;
  static constexpr std::size_t kBytesEach = 1 << 16;
  static constexpr std::byte kUntouched{0x3F};  // 0.747 in every element of float32

  ki_tensor place(ki_dtype dtype, std::initializer_list<std::int64_t> shape) {
    return dense_view(dtype, memory_.data() + placed_++ * kBytesEach, shape);
  }

  std::vector<std::byte> memory_;
  std::size_t placed_ = 0;
};

}  // namespace ki::test
