#include "cpu/cpu_device.h"

#include <chrono>
#include <cstring>

#include "cpu/aligned_memory.h"

namespace ki::cpu {
namespace {

// Work is done when a call returns, so a point in time is all there is to an event.
class CpuEvent final : public Event {
 public:
  void record() { time_ = std::chrono::steady_clock::now(); }
  bool reached() override { return true; }
  void synchronize() override {}
  double elapsed_since(const Event& start) const override {
    return std::chrono::duration<double, std::milli>(time_ - static_cast<const CpuEvent&>(start).time_).count();
  }

 private:
  std::chrono::steady_clock::time_point time_;
};

class CpuStream final : public Stream {
 public:
  void synchronize() override {}
  void notify(ki_stream_callback callback, void* user_data) override { callback(user_data, KI_STATUS_OK); }
  void record(Event& event) override { static_cast<CpuEvent&>(event).record(); }
  void wait(Event&) override {}
  void copy(void* destination, const void* source, std::uint64_t size_bytes) override {
    std::memcpy(destination, source, size_bytes);
  }
  void fill(void* destination, std::uint8_t value, std::uint64_t size_bytes) override {
    std::memset(destination, value, size_bytes);
  }
  void* native() const override { not_supported("stream", "a CPU stream has no native handle"); }

  void* workspace(std::uint64_t size_bytes) override {
    if (size_bytes > workspace_bytes_) {
      workspace_.reset();
      workspace_bytes_ = 0;
      workspace_ = allocate(size_bytes);
      workspace_bytes_ = size_bytes;
    }
    return workspace_.get();
  }

 private:
  AlignedMemory workspace_;
  std::uint64_t workspace_bytes_ = 0;
};

class CpuBuffer final : public Buffer {
 public:
  explicit CpuBuffer(std::uint64_t size_bytes) : memory_(allocate(size_bytes)) {}
  void* data() const override { return memory_.get(); }

 private:
  AlignedMemory memory_;
};

}  // namespace

std::unique_ptr<Stream> CpuDevice::create_stream() { return std::make_unique<CpuStream>(); }

std::unique_ptr<Stream> CpuDevice::wrap_stream(void*) {
  not_supported("device", "the CPU has no streams of other libraries to wrap; create one instead");
}

std::unique_ptr<Event> CpuDevice::create_event() { return std::make_unique<CpuEvent>(); }

std::unique_ptr<Buffer> CpuDevice::create_buffer(ki_memory_kind, std::uint64_t size_bytes) {
  return std::make_unique<CpuBuffer>(size_bytes);
}

}  // namespace ki::cpu
