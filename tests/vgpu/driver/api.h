// What every exported function shares: cuda.h with its names exported, and the border between the exceptions inside and
// the codes outside.
#pragma once

#pragma GCC visibility push(default)
#include <cuda.h>
#pragma GCC visibility pop

#include <mutex>
#include <new>

namespace vgpu::driver {

struct Failure {
  CUresult code;
};

[[noreturn]] inline void fail(CUresult code) { throw Failure{code}; }

inline void require(bool condition, CUresult code = CUDA_ERROR_INVALID_VALUE) {
  if (!condition) fail(code);
}

// The place for a result that the caller must name.
template <typename T>
T& out(T* pointer) {
  require(pointer != nullptr);
  return *pointer;
}

class Driver;
struct Context;
struct Stream;

// One call of an exported function: holds the driver's mutex from the first line to the last, except while it waits.
class Call {
 public:
  Call();  // throws Failure when the driver may not be called: not initialised, after fork, from a host function

  Driver& driver;
  std::unique_lock<std::mutex> lock;
};

template <typename Body>
CUresult guarded(Body&& body) noexcept {
  try {
    body();
    return CUDA_SUCCESS;
  } catch (const Failure& failure) {
    return failure.code;
  } catch (const std::bad_alloc&) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  } catch (...) {
    return CUDA_ERROR_UNKNOWN;
  }
}

// The body of an exported function. Nothing that is thrown inside leaves it.
template <typename Body>
CUresult entry(Body&& body) noexcept {
  return guarded([&] {
    Call call;
    body(call);
  });
}

}  // namespace vgpu::driver
