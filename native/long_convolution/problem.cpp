// Reads and checks what is computed with a plan.
#include "long_convolution/problem.h"

#include <array>

#include "core/abi.h"
#include "core/checks.h"
#include "long_convolution/gated_rows.h"

namespace ki::long_convolution {
namespace {

constexpr const char* kFilterDimensions[] = {"channels", "filter_length"};
constexpr const char* kSpectrumDimensions[] = {"channels", "fft_size / 2 + 1", "2"};

void require_channels(const Tensor& tensor, const char* name, int dimension, const PlanOptions& plan) {
  if (tensor.shape[dimension] == plan.channels) return;
  refuse(name, "channels is ", tensor.shape[dimension], " in shape ", shape_text(tensor), ", and the plan has ",
         plan.channels);
}

void require_taps(const Tensor& tensor, const char* name, int dimension, std::int64_t expected, const char* what) {
  if (tensor.shape[dimension] == expected) return;
  refuse(name, what, " is ", tensor.shape[dimension], " in shape ", shape_text(tensor), ", and the plan needs ",
         expected);
}

Tensor read_state(const ki_tensor* given, const Problem& p, const PlanOptions& plan, Addresses addresses) {
  constexpr const char* kStateDimensions[] = {"batch", "channels", "filter_length - 1"};
  const Tensor state = read_tensor(given, "state", kStateDimensions, addresses);
  require_dtype(state, "state", KI_DTYPE_FLOAT32);
  require_length(state, "state", 0, {"batch", p.batch, "input", p.input});
  require_channels(state, "state", 1, plan);
  require_taps(state, "state", 2, plan.filter_length - 1, "filter_length - 1");
  return state;
}

// All of a problem but its output and its state.
Problem read_inputs(const ki_long_convolution_problem& given, const PlanOptions& plan, Addresses addresses) {
  if (given.reserved != 0) refuse("problem.reserved", given.reserved, " must be 0");
  Problem p{};
  p.input = read_tensor(given.input, "input", kRowDimensions, addresses);
  require_float(p.input, "input");
  require_channels(p.input, "input", 1, plan);
  p.batch = p.input.shape[0];
  p.channels = p.input.shape[1];
  p.length = p.input.shape[2];
  if (p.length > plan.length || (plan.circular && p.length != plan.length)) {
    refuse("input", "length is ", p.length, " in shape ", shape_text(p.input), ", and the plan is for ",
           plan.circular ? "exactly " : "at most ", plan.length);
  }
  p.input_gate = read_rows_or_none(given.input_gate, "input_gate", p.input, addresses);
  p.output_gate = read_rows_or_none(given.output_gate, "output_gate", p.input, addresses);
  p.skip = read_skip_or_none(given.skip, p.input, addresses);
  return p;
}

}  // namespace

Problem read_problem(const ki_long_convolution_problem* problem, const PlanOptions& plan, const ki_device_info& device,
                     Addresses addresses) {
  const ki_long_convolution_problem given = read_struct(problem, "problem");
  Problem p = read_inputs(given, plan, addresses);
  p.output = read_rows(given.output, "output", p.input, addresses);
  if (plan.streaming) p.state = read_state(given.state, p, plan, addresses);
  if (!plan.streaming && given.state != nullptr) refuse("state", "is given, and the plan is not streaming");
  const std::array tensors{
      NamedTensor{&p.input, "input", false},
      NamedTensor{&p.input_gate, "input_gate", false},
      NamedTensor{&p.output_gate, "output_gate", false},
      NamedTensor{&p.skip, "skip", false},
      NamedTensor{&p.state, "state", true},
      NamedTensor{&p.output, "output", true},
  };
  check_placement(tensors, device);
  return p;
}

BackwardProblem read_backward_problem(const ki_long_convolution_problem* problem,
                                      const ki_long_convolution_gradients* gradients, const PlanOptions& plan,
                                      const ki_device_info& device, Addresses addresses) {
  const ki_long_convolution_gradients given = read_struct(gradients, "gradients");
  const ki_long_convolution_problem forward = read_struct(problem, "problem");
  if (given.reserved != 0) refuse("gradients.reserved", given.reserved, " must be 0");
  if (plan.streaming) not_supported("plan", "is streaming, and a convolution with a state has no gradients");
  if (forward.state != nullptr) refuse("state", "is given, and the plan is not streaming");
  if (forward.output != nullptr) refuse("output", "must be NULL: the backward pass does not use it");

  BackwardProblem b{};
  Problem& p = b.forward;
  p = read_inputs(forward, plan, addresses);
  b.grad_output = read_rows(given.grad_output, "grad_output", p.input, addresses);
  b.grad_input = read_rows_or_none(given.grad_input, "grad_input", p.input, addresses);
  b.grad_input_gate = read_gate_gradient(given.grad_input_gate, "grad_input_gate", p.input_gate, p.input, addresses);
  b.grad_output_gate =
      read_gate_gradient(given.grad_output_gate, "grad_output_gate", p.output_gate, p.input, addresses);
  if (given.grad_filter != nullptr) {
    b.grad_filter = read_tensor(given.grad_filter, "grad_filter", kFilterDimensions, addresses);
    require_dtype(b.grad_filter, "grad_filter", KI_DTYPE_FLOAT32);
    require_channels(b.grad_filter, "grad_filter", 0, plan);
    require_taps(b.grad_filter, "grad_filter", 1, plan.filter_length, "filter_length");
  }
  b.grad_skip = read_skip_gradient(given.grad_skip, p.skip, addresses);
  const bool needs_filter = plan.squash > 0 && b.grad_filter.rank > 0;
  if (needs_filter && given.filter == nullptr)
    refuse("filter", "must not be NULL: the plan squashes, and grad_filter is wanted");
  if (!needs_filter && given.filter != nullptr) refuse("filter", "is given, and no gradient needs it");
  if (needs_filter) {
    b.filter = read_tensor(given.filter, "filter", kFilterDimensions, addresses);
    require_float(b.filter, "filter");
    require_channels(b.filter, "filter", 0, plan);
    require_taps(b.filter, "filter", 1, plan.filter_length, "filter_length");
  }
  const std::array tensors{
      NamedTensor{&p.input, "input", false},
      NamedTensor{&p.input_gate, "input_gate", false},
      NamedTensor{&p.output_gate, "output_gate", false},
      NamedTensor{&p.skip, "skip", false},
      NamedTensor{&b.filter, "filter", false},
      NamedTensor{&b.grad_output, "grad_output", false},
      NamedTensor{&b.grad_input, "grad_input", true},
      NamedTensor{&b.grad_filter, "grad_filter", true},
      NamedTensor{&b.grad_input_gate, "grad_input_gate", true},
      NamedTensor{&b.grad_output_gate, "grad_output_gate", true},
      NamedTensor{&b.grad_skip, "grad_skip", true},
  };
  check_placement(tensors, device);
  return b;
}

Tensor read_filter(const ki_tensor* filter, const PlanOptions& plan, const ki_device_info& device) {
  const Tensor tensor = read_tensor(filter, "filter", kFilterDimensions);
  require_float(tensor, "filter");
  require_channels(tensor, "filter", 0, plan);
  require_taps(tensor, "filter", 1, plan.filter_length, "filter_length");
  require_on_device(tensor, "filter", device);
  return tensor;
}

Tensor read_spectrum(const ki_tensor* spectrum, const Plan& plan, const ki_device_info& device, bool written) {
  const Tensor tensor = read_tensor(spectrum, "spectrum", kSpectrumDimensions);
  require_dtype(tensor, "spectrum", KI_DTYPE_FLOAT32);
  require_channels(tensor, "spectrum", 0, plan.options());
  require_taps(tensor, "spectrum", 1, plan.fft_size() / 2 + 1, "fft_size / 2 + 1");
  require_taps(tensor, "spectrum", 2, 2, "parts of a complex number");
  const NamedTensor named[] = {{&tensor, "spectrum", written}};
  check_placement(named, device);
  return tensor;
}

}  // namespace ki::long_convolution
