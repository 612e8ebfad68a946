// The objects behind the ABI's opaque handles. A handle keeps its device alive, so handles can be closed in any order.
#pragma once

#include <atomic>
#include <memory>

#include "core/backend.h"

namespace ki {

class LiveHandle {
 public:
  LiveHandle() noexcept { count().fetch_add(1, std::memory_order_relaxed); }
  ~LiveHandle() { count().fetch_sub(1, std::memory_order_relaxed); }
  LiveHandle(const LiveHandle&) = delete;
  LiveHandle& operator=(const LiveHandle&) = delete;

  static std::atomic<std::int64_t>& count() noexcept {
    static std::atomic<std::int64_t> live{0};
    return live;
  }
};

}  // namespace ki

struct ki_device : ki::LiveHandle {
  std::shared_ptr<ki::Device> implementation;
  std::string reason;  // why this device was chosen
};

struct ki_stream : ki::LiveHandle {
  std::shared_ptr<ki::Device> device;
  std::unique_ptr<ki::Stream> implementation;
};

struct ki_event : ki::LiveHandle {
  std::shared_ptr<ki::Device> device;
  std::unique_ptr<ki::Event> implementation;
  bool recorded = false;
};

struct ki_buffer : ki::LiveHandle {
  std::shared_ptr<ki::Device> device;
  std::unique_ptr<ki::Buffer> implementation;
  std::uint64_t size_bytes = 0;
};
