// The C entry points of a long convolution's plan.
#include "long_convolution/plan.h"

#include "core/abi.h"

namespace ki::long_convolution {

std::unique_ptr<ki_long_convolution_plan> make_plan(const std::shared_ptr<Device>& device, const PlanOptions& options) {
  auto handle = std::make_unique<ki_long_convolution_plan>();
  handle->device = device;
  handle->implementation = operations_of(*handle).create_plan(*device, options);
  return handle;
}

void require_same_device(const ki_stream& stream, const ki_long_convolution_plan& plan) {
  if (stream.device != plan.device) refuse("plan", "was made for another device than the stream's");
}

void require_filter(const ki_long_convolution_plan& plan) {
  if (!plan.has_filter) refuse("plan", "has no filters yet: set them first");
}

}  // namespace ki::long_convolution

ki_status ki_long_convolution_plan_create(ki_device* device, const ki_long_convolution_options* options,
                                          ki_long_convolution_plan** plan) noexcept {
  return ki::guard([&] {
    ki::require(plan, "plan") = nullptr;
    const auto& on = ki::require(device, "device").implementation;
    *plan = ki::long_convolution::make_plan(on, ki::long_convolution::read_options(options)).release();
  });
}

ki_status ki_long_convolution_plan_get_info(const ki_long_convolution_plan* plan,
                                            ki_long_convolution_plan_info* info) noexcept {
  return ki::guard([&] {
    const ki::long_convolution::Plan& made = *ki::require(plan, "plan").implementation;
    const ki::long_convolution::PlanOptions& options = made.options();
    ki_long_convolution_plan_info described{};
    described.flags = static_cast<ki_long_convolution_flags>((options.circular ? KI_LONG_CONVOLUTION_CIRCULAR : 0) |
                                                             (options.streaming ? KI_LONG_CONVOLUTION_STREAMING : 0));
    described.channels = options.channels;
    described.length = options.length;
    described.filter_length = options.filter_length;
    described.fft_size = made.fft_size();
    described.squash = options.squash;
    described.has_filter = plan->has_filter;
    described.memory_bytes = made.memory_bytes();
    ki::write_struct(described, info, "info");
  });
}

void ki_long_convolution_plan_close(ki_long_convolution_plan* plan) noexcept { delete plan; }

ki_status ki_long_convolution_set_filter(ki_stream* stream, ki_long_convolution_plan* plan,
                                         const ki_tensor* filter) noexcept {
  return ki::guard([&] {
    ki::long_convolution::require_same_device(ki::require(stream, "stream"), ki::require(plan, "plan"));
    ki::Device& on = *plan->device;
    const ki::Tensor checked = ki::long_convolution::read_filter(filter, plan->implementation->options(), on.info());
    ki::long_convolution::operations_of(*plan).set_filter(on, *stream->implementation, *plan->implementation, checked);
    plan->has_filter = true;
  });
}

ki_status ki_long_convolution_set_spectrum(ki_stream* stream, ki_long_convolution_plan* plan,
                                           const ki_tensor* spectrum) noexcept {
  return ki::guard([&] {
    ki::long_convolution::require_same_device(ki::require(stream, "stream"), ki::require(plan, "plan"));
    ki::Device& on = *plan->device;
    const ki::Tensor checked = ki::long_convolution::read_spectrum(spectrum, *plan->implementation, on.info(), false);
    ki::long_convolution::operations_of(*plan).set_spectrum(on, *stream->implementation, *plan->implementation,
                                                            checked);
    plan->has_filter = true;
  });
}

ki_status ki_long_convolution_get_spectrum(ki_stream* stream, const ki_long_convolution_plan* plan,
                                           const ki_tensor* spectrum) noexcept {
  return ki::guard([&] {
    ki::long_convolution::require_same_device(ki::require(stream, "stream"), ki::require(plan, "plan"));
    ki::long_convolution::require_filter(*plan);
    ki::Device& on = *plan->device;
    const ki::Tensor checked = ki::long_convolution::read_spectrum(spectrum, *plan->implementation, on.info(), true);
    ki::long_convolution::operations_of(*plan).get_spectrum(on, *stream->implementation, *plan->implementation,
                                                            checked);
  });
}
