#include "core/abi.h"
#include "core/handles.h"

ki_status ki_buffer_create(ki_device* device, ki_memory_kind kind, uint64_t size_bytes, ki_buffer** buffer) noexcept {
  return ki::guard([&] {
    ki::require(buffer, "buffer") = nullptr;
    auto handle = std::make_unique<ki_buffer>();
    handle->device = ki::require(device, "device").implementation;
    if (kind != KI_MEMORY_KIND_DEVICE && kind != KI_MEMORY_KIND_PINNED) {
      ki::refuse("kind", static_cast<int>(kind), " is no memory kind");
    }
    handle->implementation = handle->device->create_buffer(kind, size_bytes);
    handle->size_bytes = size_bytes;
    *buffer = handle.release();
  });
}

ki_status ki_buffer_get_data(const ki_buffer* buffer, void** data) noexcept {
  return ki::guard([&] { ki::require(data, "data") = ki::require(buffer, "buffer").implementation->data(); });
}

ki_status ki_buffer_get_size(const ki_buffer* buffer, uint64_t* size_bytes) noexcept {
  return ki::guard([&] { ki::require(size_bytes, "size_bytes") = ki::require(buffer, "buffer").size_bytes; });
}

void ki_buffer_close(ki_buffer* buffer) noexcept { delete buffer; }
