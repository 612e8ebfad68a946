// A CUDA device: its primary context, and what is made in it.
#pragma once

#include "core/backend.h"
#include "cuda/context.h"

namespace ki::cuda {

class CudaDevice final : public Device {
 public:
  CudaDevice(DeviceHandle handle, const ki_device_info& info) : handle_(handle), info_(info), primary_(handle) {}

  ki_device_info info() const override { return info_; }
  std::unique_ptr<Stream> create_stream() override;
  std::unique_ptr<Stream> wrap_stream(void* native_stream) override;
  std::unique_ptr<Event> create_event() override;
  std::unique_ptr<Buffer> create_buffer(ki_memory_kind kind, std::uint64_t size_bytes) override;

 private:
  // The context of somebody else's stream, which must be one of this device.
  ContextHandle context_of(StreamHandle stream) const;

  const DeviceHandle handle_;
  const ki_device_info info_;
  const PrimaryContext primary_;
};

}  // namespace ki::cuda
