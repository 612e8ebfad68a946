#include "cuda/cuda_stream.h"

#include <cstring>

#include "cuda/context.h"
#include "cuda/cuda_event.h"

namespace ki::cuda {
namespace {

DevicePointer address_of(const void* pointer) { return reinterpret_cast<DevicePointer>(pointer); }

// Whether this is host memory that the driver does not know: the device cannot reach it while the host goes on.
bool is_pageable(const void* pointer) {
  unsigned type = 0;
  const Result result = driver().cuPointerGetAttribute(&type, kMemoryType, address_of(pointer));
  if (result == kInvalidValue) return true;
  check(result, "cuPointerGetAttribute");
  return false;
}

struct Notification {
  ki_stream_callback callback;
  void* user_data;
};

void deliver(StreamHandle, Result result, void* notification) noexcept {
  const std::unique_ptr<Notification> owned(static_cast<Notification*>(notification));
  owned->callback(owned->user_data, status_of(result));
}

}  // namespace

CudaStream::CudaStream(StreamHandle handle, ContextHandle context, Owner owner)
    : handle_(handle), context_(context), owner_(owner), context_id_(id_of(context)) {}

CudaStream::~CudaStream() {
  if (in_forked_child()) return;
  workspace_.reset();  // waits for the work that uses it
  if (owner_ == Owner::us) find_driver().functions.cuStreamDestroy(handle_);
}

void CudaStream::wait_for_work() const { check(driver().cuStreamSynchronize(handle_), "cuStreamSynchronize"); }

void CudaStream::refuse_while_captured(const char* what) const {
  CaptureStatus status = kCaptureNone;
  check(driver().cuStreamIsCapturing(handle_, &status), "cuStreamIsCapturing");
  if (status != kCaptureNone) not_supported("stream", "is being captured into a graph, which cannot hold ", what);
}

void CudaStream::synchronize() {
  const CurrentContext current(context_);
  refuse_while_captured("a wait of the host");
  wait_for_work();
}

void CudaStream::notify(ki_stream_callback callback, void* user_data) {
  const CurrentContext current(context_);
  refuse_while_captured("a notification, which is called once");
  auto notification = std::make_unique<Notification>(callback, user_data);
  // Not cuLaunchHostFunc: after an error the driver never calls what that queues, and whoever awaits it would wait forever.
  check(driver().cuStreamAddCallback(handle_, deliver, notification.get(), 0), "cuStreamAddCallback");
  notification.release();
}

void CudaStream::record(Event& event) {
  const CurrentContext current(context_);
  static_cast<CudaEvent&>(event).record(handle_, context_);
}

void CudaStream::wait(Event& event) {
  const CurrentContext current(context_);
  check(driver().cuStreamWaitEvent(handle_, static_cast<CudaEvent&>(event).handle(), 0), "cuStreamWaitEvent");
}

// The driver may or may not be done with pageable memory when it returns; callers are told that it is.
void CudaStream::copy(void* destination, const void* source, std::uint64_t size_bytes) {
  const CurrentContext current(context_);
  const bool from_pageable = is_pageable(source), to_pageable = is_pageable(destination);
  if (from_pageable || to_pageable) refuse_while_captured("a copy of pageable host memory; use pinned memory");
  if (from_pageable && to_pageable) {
    wait_for_work();
    std::memcpy(destination, source, size_bytes);
    return;
  }
  check(driver().cuMemcpyAsync(address_of(destination), address_of(source), size_bytes, handle_), "cuMemcpyAsync");
  if (from_pageable || to_pageable) wait_for_work();
}

void CudaStream::fill(void* destination, std::uint8_t value, std::uint64_t size_bytes) {
  const CurrentContext current(context_);
  if (is_pageable(destination)) {
    refuse_while_captured("a fill of pageable host memory; use pinned memory");
    wait_for_work();
    std::memset(destination, value, size_bytes);
    return;
  }
  check(driver().cuMemsetD8Async(address_of(destination), value, size_bytes, handle_), "cuMemsetD8Async");
}

void* CudaStream::workspace(std::uint64_t size_bytes) {
  if (size_bytes == 0) return nullptr;
  const CurrentContext current(context_);
  refuse_while_captured("the stream's own workspace, which moves when it grows; pass a workspace");
  if (size_bytes > workspace_bytes_) {
    workspace_.reset();  // waits for the work that uses it
    workspace_bytes_ = 0;
    workspace_.emplace(context_, size_bytes);
    workspace_bytes_ = size_bytes;
  }
  return workspace_->data();
}

}  // namespace ki::cuda
