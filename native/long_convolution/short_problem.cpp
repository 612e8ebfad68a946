#include "long_convolution/short_problem.h"

#include <array>

#include "core/abi.h"
#include "core/checks.h"

namespace ki::long_convolution {
namespace {

using Dimensions = const char* const[3];
constexpr Dimensions kChannelsFirst = {"batch", "channels", "length"};
constexpr Dimensions kChannelsLast = {"batch", "length", "channels"};
constexpr const char* kFilterDimensions[] = {"channels", "width"};
constexpr const char* kChannelDimensions[] = {"channels"};

const Dimensions& dimensions_of(const ShortProblem& p) { return p.channels_last ? kChannelsLast : kChannelsFirst; }

Tensor read_like(const ki_tensor* given, const char* name, const ShortProblem& p, Addresses addresses) {
  const Tensor tensor = read_tensor(given, name, dimensions_of(p), addresses);
  require_dtype(tensor, name, p.input.dtype, ", the input's");
  require_shape_of(tensor, name, dimensions_of(p), p.input, "input");
  return tensor;
}

void require_float32_or_input(const Tensor& tensor, const char* name, const ShortProblem& p) {
  if (tensor.dtype != KI_DTYPE_FLOAT32) require_dtype(tensor, name, p.input.dtype, ", the input's, or float32");
}

// All of a problem but its output and its state.
ShortProblem read_inputs(const ki_short_convolution_problem& given, Addresses addresses) {
  constexpr int kKnownFlags = KI_SHORT_CONVOLUTION_CHANNELS_LAST;
  if (given.flags & ~kKnownFlags) refuse("problem.flags", given.flags, " has flags this version does not know");
  ShortProblem p{};
  p.channels_last = (given.flags & KI_SHORT_CONVOLUTION_CHANNELS_LAST) != 0;
  p.input = read_tensor(given.input, "input", dimensions_of(p), addresses);
  require_float(p.input, "input");
  p.batch = p.input.shape[0];
  p.channels = p.input.shape[p.channels_last ? 2 : 1];
  p.length = p.input.shape[p.channels_last ? 1 : 2];
  p.filter = read_tensor(given.filter, "filter", kFilterDimensions, addresses);
  require_float32_or_input(p.filter, "filter", p);
  require_length(p.filter, "filter", 0, {"channels", p.channels, "input", p.input});
  p.width = p.filter.shape[1];
  if (p.width < 1)
    refuse("filter", "width is ", p.width, " in shape ", shape_text(p.filter), "; it must be at least 1");
  if (p.width > kMaxWidth) {
    not_supported("filter", "width is ", p.width, " in shape ", shape_text(p.filter), "; up to ", kMaxWidth,
                  " is supported, and a long convolution has no limit");
  }
  if (given.bias != nullptr) {
    p.bias = read_tensor(given.bias, "bias", kChannelDimensions, addresses);
    require_float32_or_input(p.bias, "bias", p);
    require_length(p.bias, "bias", 0, {"channels", p.channels, "input", p.input});
  }
  return p;
}

Tensor read_state(const ki_tensor* given, const ShortProblem& p) {
  constexpr Dimensions kFirst = {"batch", "channels", "width - 1"};
  constexpr Dimensions kLast = {"batch", "width - 1", "channels"};
  const Dimensions& dimensions = p.channels_last ? kLast : kFirst;
  const Tensor state = read_tensor(given, "state", dimensions);
  require_dtype(state, "state", p.input.dtype, ", the input's");
  require_length(state, "state", 0, {"batch", p.batch, "input", p.input});
  require_length(state, "state", p.channels_last ? 2 : 1, {"channels", p.channels, "input", p.input});
  const std::int64_t length = state.shape[p.channels_last ? 1 : 2];
  if (length != p.width - 1) {
    refuse("state", "width - 1 is ", length, " in shape ", shape_text(state), ", and the filter of shape ",
           shape_text(p.filter), " needs ", p.width - 1);
  }
  return state;
}

}  // namespace

ShortProblem read_short_problem(const ki_short_convolution_problem* problem, const ki_device_info& device) {
  const ki_short_convolution_problem given = read_struct(problem, "problem");
  ShortProblem p = read_inputs(given, Addresses::required);
  p.output = read_like(given.output, "output", p, Addresses::required);
  if (given.state != nullptr) p.state = read_state(given.state, p);
  const std::array tensors{
      NamedTensor{&p.input, "input", false},  NamedTensor{&p.filter, "filter", false},
      NamedTensor{&p.bias, "bias", false},    NamedTensor{&p.state, "state", true},
      NamedTensor{&p.output, "output", true},
  };
  check_placement(tensors, device);
  return p;
}

ShortBackwardProblem read_short_backward_problem(const ki_short_convolution_problem* problem,
                                                 const ki_short_convolution_gradients* gradients,
                                                 const ki_device_info& device, Addresses addresses) {
  const ki_short_convolution_gradients given = read_struct(gradients, "gradients");
  const ki_short_convolution_problem forward = read_struct(problem, "problem");
  if (forward.state != nullptr) not_supported("state", "has no gradients");
  if (forward.output != nullptr) refuse("output", "must be NULL: the backward pass does not use it");

  ShortBackwardProblem b{};
  ShortProblem& p = b.forward;
  p = read_inputs(forward, addresses);
  b.grad_output = read_like(given.grad_output, "grad_output", p, addresses);
  if (given.grad_input != nullptr) b.grad_input = read_like(given.grad_input, "grad_input", p, addresses);
  if (given.grad_filter != nullptr) {
    b.grad_filter = read_tensor(given.grad_filter, "grad_filter", kFilterDimensions, addresses);
    require_dtype(b.grad_filter, "grad_filter", KI_DTYPE_FLOAT32);
    require_shape_of(b.grad_filter, "grad_filter", kFilterDimensions, p.filter, "filter");
  }
  if (given.grad_bias != nullptr) {
    if (p.bias.rank == 0) refuse("grad_bias", "is given, and there is no bias");
    b.grad_bias = read_tensor(given.grad_bias, "grad_bias", kChannelDimensions, addresses);
    require_dtype(b.grad_bias, "grad_bias", KI_DTYPE_FLOAT32);
    require_shape_of(b.grad_bias, "grad_bias", kChannelDimensions, p.bias, "bias");
  }
  const std::array tensors{
      NamedTensor{&p.input, "input", false},
      NamedTensor{&p.filter, "filter", false},
      NamedTensor{&p.bias, "bias", false},
      NamedTensor{&b.grad_output, "grad_output", false},
      NamedTensor{&b.grad_input, "grad_input", true},
      NamedTensor{&b.grad_filter, "grad_filter", true},
      NamedTensor{&b.grad_bias, "grad_bias", true},
  };
  check_placement(tensors, device);
  return b;
}

}  // namespace ki::long_convolution
