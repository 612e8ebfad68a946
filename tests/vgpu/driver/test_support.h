// What the tests of the driver API share: a device with a context, and a small module of hand-written PTX.
#pragma once

#include <cuda.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "vgpu.h"

// Compared and printed as a name.
struct Result {
  CUresult code;
  Result(CUresult result) : code(result) {}  // NOLINT: so that a call can be compared directly
  friend bool operator==(Result a, Result b) { return a.code == b.code; }
  friend std::ostream& operator<<(std::ostream& stream, Result result) {
    const char* name = nullptr;
    cuGetErrorName(result.code, &name);
    return stream << (name == nullptr ? "an unknown code" : name);
  }
};

#define EXPECT_RESULT(code, call) EXPECT_EQ(Result(code), Result(call))
#define EXPECT_OK(call) EXPECT_RESULT(CUDA_SUCCESS, call)
#define ASSERT_OK(call) ASSERT_EQ(Result(CUDA_SUCCESS), Result(call))

// Kernels, all over an array of n 32-bit words:
//   vecadd(a, b, c, n)      c[i] = a[i] + b[i], floats
//   add_to(p, value, n)     p[i] += value, integers
//   write_at(address)       writes 1 to an address, from one thread
//   misaligned(p)           writes 4 bytes at p + 1
//   trap()                  ends with `trap`
//   spin()                  never ends
//   shared_sum(p)           uses dynamic shared memory: p[0] = sum of 0..blockDim-1
//   scale[]                 a global array of four words: 1, 2, 3, 4
extern const char* const kTestKernels;

class DriverTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(cuInit(0));
    ASSERT_OK(cuDevicePrimaryCtxRetain(&context, 0));
    ASSERT_OK(cuCtxSetCurrent(context));
  }

  // Every test says what it expects of findings; most expect none.
  void TearDown() override {
    for (int i = 0; i < vgpu_finding_count(); ++i)
      EXPECT_FALSE(true) << vgpu_finding_kind(i) << ": " << vgpu_finding_text(i);
    vgpu_clear_findings();
    EXPECT_OK(cuDevicePrimaryCtxReset(0));  // a fault would stay
    EXPECT_OK(cuCtxSetCurrent(nullptr));
  }

  CUfunction function(const char* name) {
    if (module == nullptr) {
      EXPECT_OK(cuModuleLoadData(&module, kTestKernels));
    }
    CUfunction found = nullptr;
    EXPECT_OK(cuModuleGetFunction(&found, module, name));
    return found;
  }

  static CUdeviceptr allocate(std::size_t bytes) {
    CUdeviceptr address = 0;
    EXPECT_OK(cuMemAlloc(&address, bytes));
    return address;
  }

  static CUdeviceptr upload(const std::vector<int>& values) {
    const CUdeviceptr address = allocate(values.size() * sizeof(int));
    EXPECT_OK(cuMemcpyHtoD(address, values.data(), values.size() * sizeof(int)));
    return address;
  }

  static std::vector<int> download(CUdeviceptr address, std::size_t count) {
    std::vector<int> values(count, -12345);
    EXPECT_OK(cuMemcpyDtoH(values.data(), address, count * sizeof(int)));
    return values;
  }

  // p[i] += value
  CUresult launch_add_to(CUdeviceptr p, int value, int n, CUstream stream = nullptr) {
    void* params[] = {&p, &value, &n};
    return cuLaunchKernel(function("add_to"), static_cast<unsigned>(n + 63) / 64, 1, 1, 64, 1, 1, 0, stream, params,
                          nullptr);
  }

  CUcontext context = nullptr;
  CUmodule module = nullptr;
};
