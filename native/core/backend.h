// What a backend is: devices, streams, events and memory. It knows no operator; each operator's room registers a table
// of its own functions for each backend it supports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "kernels_interop.h"

namespace ki {

class Device;

class Event {
 public:
  virtual ~Event() = default;
  virtual bool reached() = 0;
  virtual void synchronize() = 0;
  // Milliseconds from `start`, an event of the same device, to this one.
  virtual double elapsed_since(const Event& start) const = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;
  virtual void synchronize() = 0;
  virtual void notify(ki_stream_callback callback, void* user_data) = 0;
  virtual void record(Event& event) = 0;
  virtual void wait(Event& event) = 0;
  virtual void copy(void* destination, const void* source, std::uint64_t size_bytes) = 0;
  virtual void fill(void* destination, std::uint8_t value, std::uint64_t size_bytes) = 0;
  virtual void* native() const = 0;
  // Scratch memory of at least this size, aligned to kWorkspaceAlignment, valid for the next operation queued here.
  virtual void* workspace(std::uint64_t size_bytes) = 0;
};

inline constexpr std::size_t kWorkspaceAlignment = 64;

class Buffer {
 public:
  virtual ~Buffer() = default;
  virtual void* data() const = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual ki_device_info info() const = 0;
  virtual std::unique_ptr<Stream> create_stream() = 0;
  virtual std::unique_ptr<Stream> wrap_stream(void* native_stream) = 0;
  virtual std::unique_ptr<Event> create_event() = 0;
  virtual std::unique_ptr<Buffer> create_buffer(ki_memory_kind kind, std::uint64_t size_bytes) = 0;
};

struct DeviceOptions {
  int thread_count = 0;  // 0: the default
  std::string target;    // empty: the best
};

// One thing that was tried, for ki_probe.
struct ProbeEntry {
  ki_status status;
  std::string subject;
  std::string detail;
};

// All devices of one kind.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual ki_device_kind kind() const = 0;
  virtual int device_count() = 0;                  // of those that can be opened
  virtual ki_device_info describe(int index) = 0;  // 0 to device_count() - 1
  virtual std::shared_ptr<Device> open(int ordinal, const DeviceOptions& options) = 0;
  virtual std::vector<ProbeEntry> probe() = 0;
  // Why `auto` does not choose this backend's first device; empty if it may.
  virtual std::string why_not_auto() = 0;
};

Backend& cpu_backend();
Backend& cuda_backend();

// Identifies an operator by its address. Each room defines its own.
struct OperatorId {
  const char* name;
};

// Adds a room's table of functions for one backend; an object of this type with static lifetime is the registration.
class OperationsEntry {
 public:
  OperationsEntry(ki_device_kind kind, const OperatorId& id, const void* table) noexcept;

 private:
  friend const void* find_operations(ki_device_kind kind, const OperatorId& id) noexcept;
  ki_device_kind kind_;
  const OperatorId* id_;
  const void* table_;
  const OperationsEntry* next_;
};

// The table a room registered, or null.
const void* find_operations(ki_device_kind kind, const OperatorId& id) noexcept;

template <typename Table>
const Table& require_operations(const Device& device, const OperatorId& id) {
  const ki_device_info info = device.info();
  const void* table = find_operations(info.kind, id);
  if (table == nullptr) {
    throw Error(KI_STATUS_NOT_SUPPORTED, "", concat(id.name, " is not supported on ", info.name, " in this build"));
  }
  return *static_cast<const Table*>(table);
}

}  // namespace ki
