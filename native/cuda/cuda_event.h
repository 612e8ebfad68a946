// A point in a CUDA stream's work, with the time it was reached.
#pragma once

#include "core/backend.h"
#include "cuda/driver.h"

namespace ki::cuda {

// An event of the driver belongs to one context, and is recorded there only. This one is made when it is first recorded, in
// the stream's context, and again if it is next recorded in another.
class CudaEvent final : public Event {
 public:
  CudaEvent() = default;
  ~CudaEvent() override;
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  // In the stream's context, which is current.
  void record(StreamHandle stream, ContextHandle context);
  EventHandle handle() const { return handle_; }

  bool reached() override;
  void synchronize() override;
  double elapsed_since(const Event& start) const override;

 private:
  void destroy() noexcept;

  EventHandle handle_ = nullptr;
  ContextHandle context_ = nullptr;
};

}  // namespace ki::cuda
