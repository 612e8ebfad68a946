// The CPU as a device: a thread pool, an instruction set, and ordinary memory.
#pragma once

#include "core/backend.h"
#include "cpu/simd_target.h"
#include "cpu/thread_pool.h"

namespace ki::cpu {

inline constexpr int kMaxThreads = 1024;

class CpuDevice final : public Device {
 public:
  CpuDevice(SimdTarget target, int thread_count, const ki_device_info& info)
      : target_(target), info_(info), pool_(thread_count) {}

  ki_device_info info() const override { return info_; }
  std::unique_ptr<Stream> create_stream() override;
  std::unique_ptr<Stream> wrap_stream(void* native_stream) override;
  std::unique_ptr<Event> create_event() override;
  std::unique_ptr<Buffer> create_buffer(ki_memory_kind kind, std::uint64_t size_bytes) override;

  SimdTarget target() const { return target_; }
  ThreadPool& pool() { return pool_; }

 private:
  const SimdTarget target_;
  const ki_device_info info_;
  ThreadPool pool_;
};

}  // namespace ki::cpu
