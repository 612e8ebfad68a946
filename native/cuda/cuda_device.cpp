#include "cuda/cuda_device.h"

#include "cuda/cuda_buffer.h"
#include "cuda/cuda_event.h"
#include "cuda/cuda_stream.h"

namespace ki::cuda {
namespace {

// The special streams: the default one under its two names, and that of each thread. They exist in every context, so they
// mean the one that is current.
bool is_special(StreamHandle stream) { return reinterpret_cast<std::uintptr_t>(stream) <= 2; }

}  // namespace

std::unique_ptr<Stream> CudaDevice::create_stream() {
  const CurrentContext current(primary_.get());
  StreamHandle created = nullptr;
  // It does not wait for the default stream, which another library may be using for its own work.
  check(driver().cuStreamCreate(&created, kStreamNonBlocking), "cuStreamCreate");
  try {
    return std::make_unique<CudaStream>(created, primary_.get(), CudaStream::Owner::us);
  } catch (...) {
    driver().cuStreamDestroy(created);
    throw;
  }
}

std::unique_ptr<Stream> CudaDevice::wrap_stream(void* native_stream) {
  const auto stream = static_cast<StreamHandle>(native_stream);
  return std::make_unique<CudaStream>(stream, context_of(stream), CudaStream::Owner::somebody_else);
}

ContextHandle CudaDevice::context_of(StreamHandle stream) const {
  const Driver& functions = driver();
  ContextHandle context = nullptr;
  if (is_special(stream)) {
    check(functions.cuCtxGetCurrent(&context), "cuCtxGetCurrent");
    if (context == nullptr) return primary_.get();
  } else {
    check(functions.cuStreamGetCtx(stream, &context), "cuStreamGetCtx");
  }
  const CurrentContext current(context);
  DeviceHandle device = -1;
  check(functions.cuCtxGetDevice(&device), "cuCtxGetDevice");
  if (device == handle_) return context;
  refuse("native_stream", is_special(stream) ? "stands for the current context, which" : "", " is of cuda:", device,
         ", not of ", info_.name);
}

std::unique_ptr<Event> CudaDevice::create_event() { return std::make_unique<CudaEvent>(); }

std::unique_ptr<Buffer> CudaDevice::create_buffer(ki_memory_kind kind, std::uint64_t size_bytes) {
  if (kind == KI_MEMORY_KIND_PINNED) return std::make_unique<PinnedMemory>(primary_.get(), size_bytes);
  return std::make_unique<DeviceMemory>(primary_.get(), size_bytes);
}

}  // namespace ki::cuda
