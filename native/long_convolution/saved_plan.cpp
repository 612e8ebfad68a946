// The C entry points that save and load plans.
#include <cstring>

#include "core/abi.h"
#include "long_convolution/plan.h"
#include "long_convolution/plan_file.h"

namespace ki::long_convolution {
namespace {

// The spectrum as a tensor in a buffer of the device.
Tensor spectrum_tensor(const ki_long_convolution_plan& plan, void* data) {
  const ki_device_info device = plan.device->info();
  ki_tensor view{};
  view.struct_size = sizeof view;
  view.dtype = KI_DTYPE_FLOAT32;
  view.rank = 3;
  view.device_kind = device.kind;
  view.device_ordinal = device.ordinal;
  view.data = data;
  const std::int64_t frequencies = plan.implementation->fft_size() / 2 + 1;
  const std::int64_t shape[] = {plan.implementation->options().channels, frequencies, 2};
  const std::int64_t strides[] = {2 * frequencies, 2, 1};
  for (int i = 0; i < 3; ++i) {
    view.shape[i] = shape[i];
    view.strides[i] = strides[i];
  }
  return read_spectrum(&view, *plan.implementation, device, true);
}

}  // namespace
}  // namespace ki::long_convolution

ki_status ki_long_convolution_plan_save(ki_stream* stream, const ki_long_convolution_plan* plan, void* data,
                                        uint64_t capacity_bytes, uint64_t* size_bytes) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    require_same_device(ki::require(stream, "stream"), ki::require(plan, "plan"));
    require_filter(*plan);
    ki::require(size_bytes, "size_bytes");
    PlanOptions options = plan->implementation->options();
    options.fft_size = plan->implementation->fft_size();
    const std::uint64_t needed = plan_file_bytes(options);
    *size_bytes = needed;
    if (data == nullptr) {
      if (capacity_bytes != 0) ki::refuse("data", "is NULL, and capacity_bytes is ", capacity_bytes);
      return;
    }
    if (capacity_bytes < needed)
      ki::refuse("data", "has room for ", capacity_bytes, " bytes, and ", needed, " are needed");
    ki::Device& on = *plan->device;
    ki::Stream& queue = *stream->implementation;
    const auto buffer = on.create_buffer(KI_MEMORY_KIND_DEVICE, spectrum_bytes(options));
    operations_of(*plan).get_spectrum(on, queue, *plan->implementation, spectrum_tensor(*plan, buffer->data()));
    const std::span<std::byte> file(static_cast<std::byte*>(data), needed);
    queue.copy(begin_plan_file(options, file), buffer->data(), spectrum_bytes(options));
    queue.synchronize();
    seal_plan_file(file);
  });
}

ki_status ki_long_convolution_plan_load(ki_stream* stream, const void* data, uint64_t size_bytes,
                                        ki_long_convolution_plan** plan) noexcept {
  using namespace ki::long_convolution;
  return ki::guard([&] {
    ki::require(plan, "plan") = nullptr;
    const auto& on = ki::require(stream, "stream").device;
    if (data == nullptr) ki::refuse("data", "must not be NULL");
    const PlanFile file = read_plan_file({static_cast<const std::byte*>(data), size_bytes}, "data");
    auto loaded = make_plan(on, file.options);
    ki::Stream& queue = *stream->implementation;
    const std::uint64_t bytes = spectrum_bytes(file.options);
    const auto buffer = on->create_buffer(KI_MEMORY_KIND_DEVICE, bytes);
    queue.copy(buffer->data(), file.spectrum, bytes);
    operations_of(*loaded).set_spectrum(*on, queue, *loaded->implementation, spectrum_tensor(*loaded, buffer->data()));
    queue.synchronize();
    loaded->has_filter = true;
    *plan = loaded.release();
  });
}
