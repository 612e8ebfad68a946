// The C entry points of the butterfly convolution.
#include "core/abi.h"
#include "core/handles.h"
#include "core/workspace.h"
#include "long_convolution/butterfly_problem.h"

ki_status ki_butterfly_convolution_forward_workspace(ki_device* device, const ki_butterfly_convolution_problem* problem,
                                                     uint64_t* size_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Device& on = *ki::require(device, "device").implementation;
    ki::require(size_bytes, "size_bytes");
    const ButterflyProblem checked = read_butterfly_problem(problem, on.info(), ki::Addresses::optional);
    *size_bytes = ki::require_operations<ButterflyOperations>(on, kButterflyOperator).forward_workspace(on, checked);
  });
}

ki_status ki_butterfly_convolution_forward(ki_stream* stream, const ki_butterfly_convolution_problem* problem,
                                           void* workspace, uint64_t workspace_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ButterflyProblem checked = read_butterfly_problem(problem, on.info());
    const auto& operations = ki::require_operations<ButterflyOperations>(on, kButterflyOperator);
    const std::uint64_t needed = operations.forward_workspace(on, checked);
    operations.forward(on, queue, checked, ki::choose_workspace(queue, needed, workspace, workspace_bytes));
  });
}

ki_status ki_butterfly_convolution_backward_workspace(ki_device* device,
                                                      const ki_butterfly_convolution_problem* problem,
                                                      const ki_butterfly_convolution_gradients* gradients,
                                                      uint64_t* size_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Device& on = *ki::require(device, "device").implementation;
    ki::require(size_bytes, "size_bytes");
    const ButterflyBackwardProblem checked =
        read_butterfly_backward_problem(problem, gradients, on.info(), ki::Addresses::optional);
    *size_bytes = ki::require_operations<ButterflyOperations>(on, kButterflyOperator).backward_workspace(on, checked);
  });
}

ki_status ki_butterfly_convolution_backward(ki_stream* stream, const ki_butterfly_convolution_problem* problem,
                                            const ki_butterfly_convolution_gradients* gradients, void* workspace,
                                            uint64_t workspace_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ButterflyBackwardProblem checked = read_butterfly_backward_problem(problem, gradients, on.info());
    const auto& operations = ki::require_operations<ButterflyOperations>(on, kButterflyOperator);
    const std::uint64_t needed = operations.backward_workspace(on, checked);
    operations.backward(on, queue, checked, ki::choose_workspace(queue, needed, workspace, workspace_bytes));
  });
}

ki_status ki_butterfly_coefficients_dft(ki_stream* stream, const ki_tensor* forward_first,
                                        const ki_tensor* forward_second, const ki_tensor* inverse_second,
                                        const ki_tensor* inverse_first) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::Stream& queue = *ki::require(stream, "stream").implementation;
    ki::Device& on = *stream->device;
    const ButterflyTables tables =
        read_butterfly_tables(forward_first, forward_second, inverse_second, inverse_first, on.info());
    ki::require_operations<ButterflyOperations>(on, kButterflyOperator).write_dft(on, queue, tables);
  });
}
