#include "short_convolution/short_run.h"

#include <vector>

#include "support/guarded_workspace.h"

namespace ki::test {

ki_short_convolution_problem problem_of(ShortData& data, Staging& staging) {
  ki_short_convolution_problem problem{};
  problem.struct_size = sizeof(problem);
  problem.flags = data.c.channels_last ? KI_SHORT_CONVOLUTION_CHANNELS_LAST : KI_SHORT_CONVOLUTION_NONE;
  problem.input = staging.place(data.input);
  problem.filter = staging.place(data.filter);
  problem.bias = staging.place(data.bias);
  return problem;
}

std::optional<std::string> run_short_forward(ShortData& data, const Device& device) {
  const Stream stream = create_stream(device);
  Staging staging(device, stream.get());
  ki_short_convolution_problem problem = problem_of(data, staging);
  problem.output = staging.place(data.output);
  problem.state = staging.place(data.state);
  check(ki_short_convolution_forward(stream.get(), &problem));
  staging.download();
  std::vector<const TensorData*> written{&data.output};
  if (data.state) written.push_back(&*data.state);
  return staging.changed_outside(written);
}

std::optional<std::string> run_short_backward(ShortData& data, const Device& device, const Wanted& wanted) {
  const Stream stream = create_stream(device);
  Staging staging(device, stream.get());
  const ki_short_convolution_problem problem = problem_of(data, staging);
  ki_short_convolution_gradients gradients{};
  gradients.struct_size = sizeof(gradients);
  gradients.grad_output = staging.place(data.grad_output);
  const ki_tensor* grad_input = staging.place(data.grad_input);
  const ki_tensor* grad_filter = staging.place(data.grad_filter);
  const ki_tensor* grad_bias = staging.place(data.grad_bias);
  std::vector<const TensorData*> written;
  if (wanted.input) {
    gradients.grad_input = grad_input;
    written.push_back(&data.grad_input);
  }
  if (wanted.filter) {
    gradients.grad_filter = grad_filter;
    written.push_back(&data.grad_filter);
  }
  if (wanted.bias && data.grad_bias) {
    gradients.grad_bias = grad_bias;
    written.push_back(&*data.grad_bias);
  }
  std::uint64_t size = 0;
  check(ki_short_convolution_backward_workspace(device.get(), &problem, &gradients, &size));
  const GuardedWorkspace workspace(device, stream.get(), size);
  check(ki_short_convolution_backward(stream.get(), &problem, &gradients, workspace.data(), size));
  staging.download();
  if (workspace.is_overrun()) return "the workspace is overrun";
  return staging.changed_outside(written);
}

}  // namespace ki::test
