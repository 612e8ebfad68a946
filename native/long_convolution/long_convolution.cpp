// The C entry points that compute with a plan.
#include "core/abi.h"
#include "core/workspace.h"
#include "long_convolution/plan.h"

ki_status ki_long_convolution_forward_workspace(const ki_long_convolution_plan* plan,
                                                const ki_long_convolution_problem* problem,
                                                uint64_t* size_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    const Plan& made = *ki::require(plan, "plan").implementation;
    ki::require(size_bytes, "size_bytes");
    ki::Device& on = *plan->device;
    const Problem checked = read_problem(problem, made.options(), on.info(), ki::Addresses::optional);
    const Operations& operations = operations_of(*plan);
    operations.check_forward(on, made, checked);
    *size_bytes = operations.forward_workspace(on, made, checked);
  });
}

ki_status ki_long_convolution_forward(ki_stream* stream, const ki_long_convolution_plan* plan,
                                      const ki_long_convolution_problem* problem, void* workspace,
                                      uint64_t workspace_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    require_same_device(ki::require(stream, "stream"), ki::require(plan, "plan"));
    require_filter(*plan);
    const Plan& made = *plan->implementation;
    ki::Device& on = *plan->device;
    const Problem checked = read_problem(problem, made.options(), on.info());
    const Operations& operations = operations_of(*plan);
    operations.check_forward(on, made, checked);
    const std::uint64_t needed = operations.forward_workspace(on, made, checked);
    void* scratch = ki::choose_workspace(*stream->implementation, needed, workspace, workspace_bytes);
    operations.forward(on, *stream->implementation, made, checked, scratch);
  });
}

ki_status ki_long_convolution_backward_workspace(const ki_long_convolution_plan* plan,
                                                 const ki_long_convolution_problem* problem,
                                                 const ki_long_convolution_gradients* gradients,
                                                 uint64_t* size_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    const Plan& made = *ki::require(plan, "plan").implementation;
    ki::require(size_bytes, "size_bytes");
    ki::Device& on = *plan->device;
    const BackwardProblem checked =
        read_backward_problem(problem, gradients, made.options(), on.info(), ki::Addresses::optional);
    const Operations& operations = operations_of(*plan);
    operations.check_backward(on, made, checked);
    *size_bytes = operations.backward_workspace(on, made, checked);
  });
}

ki_status ki_long_convolution_backward(ki_stream* stream, const ki_long_convolution_plan* plan,
                                       const ki_long_convolution_problem* problem,
                                       const ki_long_convolution_gradients* gradients, void* workspace,
                                       uint64_t workspace_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    require_same_device(ki::require(stream, "stream"), ki::require(plan, "plan"));
    require_filter(*plan);
    const Plan& made = *plan->implementation;
    ki::Device& on = *plan->device;
    const BackwardProblem checked = read_backward_problem(problem, gradients, made.options(), on.info());
    const Operations& operations = operations_of(*plan);
    operations.check_backward(on, made, checked);
    const std::uint64_t needed = operations.backward_workspace(on, made, checked);
    void* scratch = ki::choose_workspace(*stream->implementation, needed, workspace, workspace_bytes);
    operations.backward(on, *stream->implementation, made, checked, scratch);
  });
}
