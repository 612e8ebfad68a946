// Memory of a CUDA device, and host memory pinned for it.
//
// Freeing is by cuMemFree and cuMemFreeHost, which wait for the context's work. A buffer's address may be in use on any
// number of streams, foreign ones included, so there is no one stream that a queued free (cuMemFreeAsync) could be put behind.
#pragma once

#include "core/backend.h"
#include "cuda/driver.h"

namespace ki::cuda {

class DeviceMemory final : public Buffer {
 public:
  DeviceMemory(ContextHandle context, std::uint64_t size_bytes);
  ~DeviceMemory() override;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  void* data() const override { return reinterpret_cast<void*>(address_); }

 private:
  ContextHandle context_;
  DevicePointer address_ = 0;
};

class PinnedMemory final : public Buffer {
 public:
  PinnedMemory(ContextHandle context, std::uint64_t size_bytes);
  ~PinnedMemory() override;
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  void* data() const override { return address_; }

 private:
  ContextHandle context_;
  void* address_ = nullptr;
};

}  // namespace ki::cuda
