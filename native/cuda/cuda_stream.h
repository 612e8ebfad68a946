// A CUDA stream, ours or somebody else's.
#pragma once

#include <optional>

#include "core/backend.h"
#include "cuda/cuda_buffer.h"
#include "cuda/driver.h"

namespace ki::cuda {

class CudaStream final : public Stream {
 public:
  enum class Owner { us, somebody_else };
  CudaStream(StreamHandle handle, ContextHandle context, Owner owner);
  ~CudaStream() override;
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  void synchronize() override;
  void notify(ki_stream_callback callback, void* user_data) override;
  void record(Event& event) override;
  void wait(Event& event) override;
  void copy(void* destination, const void* source, std::uint64_t size_bytes) override;
  void fill(void* destination, std::uint8_t value, std::uint64_t size_bytes) override;
  void* native() const override { return handle_; }
  void* workspace(std::uint64_t size_bytes) override;

  StreamHandle handle() const { return handle_; }
  ContextHandle context() const { return context_; }
  unsigned long long context_id() const { return context_id_; }

 private:
  // Waits for the work queued so far; the stream's context is current.
  void wait_for_work() const;
  // Refuses what a graph cannot hold, rather than let the driver spoil the capture; the stream's context is current.
  void refuse_while_captured(const char* what) const;

  const StreamHandle handle_;
  const ContextHandle context_;
  const Owner owner_;
  const unsigned long long context_id_;
  std::optional<DeviceMemory> workspace_;
  std::uint64_t workspace_bytes_ = 0;
};

}  // namespace ki::cuda
