// Contexts: what is current while a call is in the driver.
#pragma once

#include "cuda/driver.h"

namespace ki::cuda {

// Makes a context current on this thread for its lifetime, and then puts back what was.
class CurrentContext {
 public:
  explicit CurrentContext(ContextHandle context) : driver_(driver()) {
    check(driver_.cuCtxPushCurrent(context), "cuCtxPushCurrent");
  }
  ~CurrentContext() {
    ContextHandle popped = nullptr;
    driver_.cuCtxPopCurrent(&popped);
  }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;

 private:
  const Driver& driver_;
};

// Lets this thread allocate, free and load modules while some other stream is being captured into a graph. Without it the
// driver refuses and spoils that capture, because such calls may wait for streams; a graph never waits for these.
class DuringCapture {
 public:
  DuringCapture() : driver_(driver()) {
    check(driver_.cuThreadExchangeStreamCaptureMode(&mode_), "cuThreadExchangeStreamCaptureMode");
  }
  ~DuringCapture() { driver_.cuThreadExchangeStreamCaptureMode(&mode_); }
  DuringCapture(const DuringCapture&) = delete;
  DuringCapture& operator=(const DuringCapture&) = delete;

 private:
  const Driver& driver_;
  CaptureMode mode_ = kCaptureRelaxed;  // swapped with the thread's
};

// Names a context for as long as the process lives, while the address of one that was destroyed may be used again.
inline unsigned long long id_of(ContextHandle context) {
  unsigned long long id = 0;
  check(driver().cuCtxGetId(context, &id), "cuCtxGetId");
  return id;
}

// A device's primary context, which is also the CUDA runtime's, held for its lifetime.
class PrimaryContext {
 public:
  explicit PrimaryContext(DeviceHandle device);
  ~PrimaryContext();
  PrimaryContext(const PrimaryContext&) = delete;
  PrimaryContext& operator=(const PrimaryContext&) = delete;
  ContextHandle get() const { return context_; }

 private:
  DeviceHandle device_;
  ContextHandle context_ = nullptr;
  unsigned long long id_ = 0;
};

}  // namespace ki::cuda
