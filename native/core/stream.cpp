// Streams, and the copies queued on them.
#include "core/abi.h"
#include "core/handles.h"

namespace ki {
namespace {

void open_stream(ki_device* device, ki_stream** stream, const std::function<std::unique_ptr<Stream>(Device&)>& make) {
  require(stream, "stream") = nullptr;
  auto handle = std::make_unique<ki_stream>();
  handle->device = require(device, "device").implementation;
  handle->implementation = make(*handle->device);
  *stream = handle.release();
}

void check_disjoint(const void* destination, const void* source, std::uint64_t size_bytes) {
  const auto to = reinterpret_cast<std::uintptr_t>(destination);
  const auto from = reinterpret_cast<std::uintptr_t>(source);
  if ((to < from ? from - to : to - from) < size_bytes) {
    refuse("destination", "overlaps the source: they are ", to < from ? from - to : to - from, " bytes apart and ",
           size_bytes, " are copied");
  }
}

}  // namespace
}  // namespace ki

ki_status ki_stream_create(ki_device* device, ki_stream** stream) noexcept {
  return ki::guard([&] { ki::open_stream(device, stream, [](ki::Device& on) { return on.create_stream(); }); });
}

ki_status ki_stream_wrap(ki_device* device, void* native_stream, ki_stream** stream) noexcept {
  return ki::guard(
      [&] { ki::open_stream(device, stream, [=](ki::Device& on) { return on.wrap_stream(native_stream); }); });
}

ki_status ki_stream_get_native(const ki_stream* stream, void** native_stream) noexcept {
  return ki::guard([&] {
    void*& native = ki::require(native_stream, "native_stream");
    native = ki::require(stream, "stream").implementation->native();
  });
}

ki_status ki_stream_synchronize(ki_stream* stream) noexcept {
  return ki::guard([&] { ki::require(stream, "stream").implementation->synchronize(); });
}

ki_status ki_stream_notify(ki_stream* stream, ki_stream_callback callback, void* user_data) noexcept {
  return ki::guard([&] {
    ki::require(stream, "stream");
    if (callback == nullptr) ki::refuse("callback", "must not be NULL");
    stream->implementation->notify(callback, user_data);
  });
}

ki_status ki_stream_wait_event(ki_stream* stream, ki_event* event) noexcept {
  return ki::guard([&] {
    ki::require(stream, "stream");
    ki::require(event, "event");
    if (event->device != stream->device) ki::refuse("event", "belongs to another device than the stream");
    if (event->recorded) stream->implementation->wait(*event->implementation);
  });
}

void ki_stream_close(ki_stream* stream) noexcept { delete stream; }

ki_status ki_copy(ki_stream* stream, void* destination, const void* source, uint64_t size_bytes) noexcept {
  return ki::guard([&] {
    ki::require(stream, "stream");
    if (size_bytes == 0) return;
    if (destination == nullptr) ki::refuse("destination", "must not be NULL");
    if (source == nullptr) ki::refuse("source", "must not be NULL");
    ki::check_disjoint(destination, source, size_bytes);
    stream->implementation->copy(destination, source, size_bytes);
  });
}

ki_status ki_fill(ki_stream* stream, void* destination, uint8_t value, uint64_t size_bytes) noexcept {
  return ki::guard([&] {
    ki::require(stream, "stream");
    if (size_bytes == 0) return;
    if (destination == nullptr) ki::refuse("destination", "must not be NULL");
    stream->implementation->fill(destination, value, size_bytes);
  });
}
