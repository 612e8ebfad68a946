#include "cuda/cuda_event.h"

#include "cuda/context.h"

namespace ki::cuda {

CudaEvent::~CudaEvent() { destroy(); }

void CudaEvent::destroy() noexcept {
  if (handle_ == nullptr || in_forked_child()) return;
  find_driver().functions.cuEventDestroy(handle_);
  handle_ = nullptr;
}

void CudaEvent::record(StreamHandle stream, ContextHandle context) {
  if (context_ != context) {
    EventHandle created = nullptr;
    check(driver().cuEventCreate(&created, kEventDefault), "cuEventCreate");
    destroy();
    handle_ = created;
    context_ = context;
  }
  check(driver().cuEventRecord(handle_, stream), "cuEventRecord");
}

bool CudaEvent::reached() {
  const CurrentContext current(context_);
  const Result result = driver().cuEventQuery(handle_);
  if (result == kNotReady) return false;
  check(result, "cuEventQuery");
  return true;
}

void CudaEvent::synchronize() {
  const CurrentContext current(context_);
  check(driver().cuEventSynchronize(handle_), "cuEventSynchronize");
}

double CudaEvent::elapsed_since(const Event& start) const {
  const auto& from = static_cast<const CudaEvent&>(start);
  if (from.context_ != context_) {
    refuse("stop", "was recorded in another CUDA context than start; time is measured within one");
  }
  const CurrentContext current(context_);
  float milliseconds = 0;
  check(driver().cuEventElapsedTime(&milliseconds, from.handle_, handle_), "cuEventElapsedTime");
  return milliseconds;
}

}  // namespace ki::cuda
