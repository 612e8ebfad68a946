// The C entry points of the short convolution.
#include "core/abi.h"
#include "core/handles.h"
#include "core/workspace.h"
#include "long_convolution/short_problem.h"

ki_status ki_short_convolution_forward(ki_stream* stream, const ki_short_convolution_problem* problem) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ShortProblem checked = read_short_problem(problem, on.info());
    const auto& operations = ki::require_operations<ShortOperations>(on, kShortOperator);
    operations.check_forward(on, checked);
    operations.forward(on, queue, checked);
  });
}

ki_status ki_short_convolution_backward_workspace(ki_device* device, const ki_short_convolution_problem* problem,
                                                  const ki_short_convolution_gradients* gradients,
                                                  uint64_t* size_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Device& on = *ki::require(device, "device").implementation;
    ki::require(size_bytes, "size_bytes");
    const ShortBackwardProblem checked =
        read_short_backward_problem(problem, gradients, on.info(), ki::Addresses::optional);
    const auto& operations = ki::require_operations<ShortOperations>(on, kShortOperator);
    operations.check_backward(on, checked);
    *size_bytes = operations.backward_workspace(on, checked);
  });
}

ki_status ki_short_convolution_backward(ki_stream* stream, const ki_short_convolution_problem* problem,
                                        const ki_short_convolution_gradients* gradients, void* workspace,
                                        uint64_t workspace_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ShortBackwardProblem checked = read_short_backward_problem(problem, gradients, on.info());
    const auto& operations = ki::require_operations<ShortOperations>(on, kShortOperator);
    operations.check_backward(on, checked);
    const std::uint64_t needed = operations.backward_workspace(on, checked);
    void* scratch = ki::choose_workspace(queue, needed, workspace, workspace_bytes);
    operations.backward(on, queue, checked, scratch);
  });
}
