// The C entry points of attention.
#include "attention/problem.h"
#include "core/abi.h"
#include "core/handles.h"
#include "core/workspace.h"

ki_status ki_attention_forward_workspace(ki_device* device, const ki_attention_problem* problem,
                                         uint64_t* size_bytes) noexcept {
  return ki::guard([&] {
    ki::Device& on = *ki::require(device, "device").implementation;
    ki::require(size_bytes, "size_bytes");
    const ki::attention::Problem checked = ki::attention::read_problem(problem, on.info(), ki::Addresses::optional);
    const auto& operations = ki::require_operations<ki::attention::Operations>(on, ki::attention::kOperator);
    operations.check_forward(on, checked);
    *size_bytes = operations.forward_workspace(on, checked);
  });
}

ki_status ki_attention_forward(ki_stream* stream, const ki_attention_problem* problem, void* workspace,
                               uint64_t workspace_bytes) noexcept {
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ki::attention::Problem checked = ki::attention::read_problem(problem, on.info());
    const auto& operations = ki::require_operations<ki::attention::Operations>(on, ki::attention::kOperator);
    operations.check_forward(on, checked);
    const std::uint64_t needed = operations.forward_workspace(on, checked);
    void* scratch = ki::choose_workspace(queue, needed, workspace, workspace_bytes);
    operations.forward(on, queue, checked, scratch);
  });
}

ki_status ki_attention_backward_workspace(ki_device* device, const ki_attention_problem* problem,
                                          const ki_attention_gradients* gradients, uint64_t* size_bytes) noexcept {
  return ki::guard([&] {
    ki::Device& on = *ki::require(device, "device").implementation;
    ki::require(size_bytes, "size_bytes");
    const ki::attention::BackwardProblem checked =
        ki::attention::read_backward_problem(problem, gradients, on.info(), ki::Addresses::optional);
    const auto& operations = ki::require_operations<ki::attention::Operations>(on, ki::attention::kOperator);
    operations.check_backward(on, checked);
    *size_bytes = operations.backward_workspace(on, checked);
  });
}

ki_status ki_attention_backward(ki_stream* stream, const ki_attention_problem* problem,
                                const ki_attention_gradients* gradients, void* workspace,
                                uint64_t workspace_bytes) noexcept {
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ki::attention::BackwardProblem checked = ki::attention::read_backward_problem(problem, gradients, on.info());
    const auto& operations = ki::require_operations<ki::attention::Operations>(on, ki::attention::kOperator);
    operations.check_backward(on, checked);
    const std::uint64_t needed = operations.backward_workspace(on, checked);
    void* scratch = ki::choose_workspace(queue, needed, workspace, workspace_bytes);
    operations.backward(on, queue, checked, scratch);
  });
}

ki_status ki_attention_combine(ki_stream* stream, const ki_attention_combine_problem* problem) noexcept {
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ki::attention::CombineProblem checked = ki::attention::read_combine_problem(problem, on.info());
    const auto& operations = ki::require_operations<ki::attention::Operations>(on, ki::attention::kOperator);
    operations.check_combine(on, checked);
    operations.combine(on, queue, checked);
  });
}
