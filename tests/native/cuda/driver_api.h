#pragma once

#include <cuda.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/handles.h"

// The driver API as another library in the process would call it: by NVIDIA's header, past this library.
namespace ki::test {

inline void* driver_library() {
  static void* const library = [] {
    const char* named = std::getenv("KERNELS_INTEROP_CUDA_DRIVER");
    return dlopen(named != nullptr && *named != '\0' ? named : "libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  }();
  return library;
}

template <typename Function>
Function* driver_function(const char* exported) {
  void* const found = driver_library() == nullptr ? nullptr : dlsym(driver_library(), exported);
  if (found == nullptr) throw std::runtime_error(std::string("the driver has no ") + exported);
  return reinterpret_cast<Function*>(found);
}

#define KI_TEXT_OF(x) #x
#define KI_TEXT(x) KI_TEXT_OF(x)
/// The driver's function that cuda.h calls by this name; the header maps some names to others.
#define KI_DRIVER(name) (::ki::test::driver_function<std::remove_pointer_t<decltype(&name)>>(KI_TEXT(name)))

inline void check_driver(CUresult result, const char* call) {
  if (result == CUDA_SUCCESS) return;
  const char* name = "?";
  KI_DRIVER(cuGetErrorName)(result, &name);
  throw std::runtime_error(std::string(call) + ": " + name);
}
#define KI_CALL_DRIVER(name, ...) ::ki::test::check_driver(KI_DRIVER(name)(__VA_ARGS__), #name)

inline CUcontext current_context() {
  CUcontext context = nullptr;
  KI_CALL_DRIVER(cuCtxGetCurrent, &context);
  return context;
}

/// A context of this test's own on the first device, current until it is destroyed.
class ForeignContext {
 public:
  ForeignContext() {
    CUdevice device = 0;
    KI_CALL_DRIVER(cuInit, 0);
    KI_CALL_DRIVER(cuDeviceGet, &device, 0);
    KI_CALL_DRIVER(cuCtxCreate, &context_, 0, device);
  }
  ForeignContext(const ForeignContext&) = delete;
  ForeignContext& operator=(const ForeignContext&) = delete;
  ~ForeignContext() { KI_DRIVER(cuCtxDestroy)(context_); }
  CUcontext get() const { return context_; }

 private:
  CUcontext context_ = nullptr;
};

/// The module of test_kernels.cu, in the current context.
class TestKernels {
 public:
  TestKernels() {
    std::ifstream file(KI_TEST_KERNELS);
    const std::string ptx{std::istreambuf_iterator<char>(file), {}};
    KI_CALL_DRIVER(cuModuleLoadData, &module_, ptx.c_str());
  }
  TestKernels(const TestKernels&) = delete;
  TestKernels& operator=(const TestKernels&) = delete;

  /// Queues a kernel of one struct of parameters, in one block of 32 threads for each of `blocks`.
  template <typename Params>
  void launch(const char* name, CUstream stream, Params params, unsigned blocks = 1) const {
    CUfunction function = nullptr;
    KI_CALL_DRIVER(cuModuleGetFunction, &function, module_, name);
    void* parameters[] = {&params};
    KI_CALL_DRIVER(cuLaunchKernel, function, blocks, 1, 1, 32, 1, 1, 0, stream, parameters, nullptr);
  }

 private:
  CUmodule module_ = nullptr;  // goes with its context
};

inline CUstream native(ki_stream* stream) {
  void* handle = nullptr;
  check(ki_stream_get_native(stream, &handle));
  return static_cast<CUstream>(handle);
}

inline Stream wrap(const Device& device, CUstream stream) {
  ki_stream* wrapped = nullptr;
  check(ki_stream_wrap(device.get(), stream, &wrapped));
  return Stream(wrapped);
}

inline void* pointer(CUdeviceptr address) { return reinterpret_cast<void*>(address); }

/// Tests on the first CUDA device; they are skipped where there is none.
class CudaTest : public testing::Test {
 protected:
  void SetUp() override {
    ki_device* opened = nullptr;
    if (ki_device_open("cuda:0", nullptr, &opened) != KI_STATUS_OK) GTEST_SKIP() << ki_last_error_message();
    device.reset(opened);
    stream = create_stream(device);
  }

  void TearDown() override {
    // What a test made current may be gone with the device.
    if (device != nullptr) KI_CALL_DRIVER(cuCtxSetCurrent, nullptr);
  }

  /// Makes the context of the library's own streams current on this thread, as the CUDA runtime would.
  void make_primary_current() {
    CUcontext context = nullptr;
    KI_CALL_DRIVER(cuStreamGetCtx, native(stream.get()), &context);
    KI_CALL_DRIVER(cuCtxSetCurrent, context);
  }

  Device device;
  Stream stream;
};

}  // namespace ki::test
