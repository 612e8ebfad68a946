// Launches: parameters, geometry, shared memory, occupancy; and how a fault in a kernel comes back.
#include <cmath>
#include <cstring>

#include "driver/test_support.h"

namespace {

using LaunchTest = DriverTest;

TEST_F(LaunchTest, AddsVectors) {
  constexpr int n = 1000;
  std::vector<float> a(n), b(n), c(n);
  for (int i = 0; i < n; ++i) a[i] = 0.5f * static_cast<float>(i), b[i] = static_cast<float>(i * i);
  CUdeviceptr da = allocate(4 * n), db = allocate(4 * n), dc = allocate(4 * n);
  ASSERT_OK(cuMemcpyHtoD(da, a.data(), 4 * n));
  ASSERT_OK(cuMemcpyHtoD(db, b.data(), 4 * n));
  int count = n;
  void* params[] = {&da, &db, &dc, &count};
  ASSERT_OK(cuLaunchKernel(function("vecadd"), 8, 1, 1, 128, 1, 1, 0, nullptr, params, nullptr));
  ASSERT_OK(cuMemcpyDtoH(c.data(), dc, 4 * n));
  for (int i = 0; i < n; ++i) EXPECT_EQ(c[i], a[i] + b[i]) << i;
}

TEST_F(LaunchTest, ParametersAreReadAtTheCall) {
  CUdeviceptr p = upload({0});
  int value = 1, n = 1;
  void* params[] = {&p, &value, &n};
  ASSERT_OK(cuLaunchKernel(function("add_to"), 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  value = 100;
  EXPECT_EQ(download(p, 1)[0], 1);
}

TEST_F(LaunchTest, ParametersMayComeInABuffer) {
  struct {
    CUdeviceptr p;
    int value, n;
  } packed = {upload({5, 6}), 10, 2};
  static_assert(sizeof packed == 16);
  std::size_t size = sizeof packed;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &size, CU_LAUNCH_PARAM_END};
  ASSERT_OK(cuLaunchKernel(function("add_to"), 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, extra));
  EXPECT_EQ(download(packed.p, 2), (std::vector<int>{15, 16}));
  size = 12;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function("add_to"), 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, extra));
  void* params[] = {&packed.p, &packed.value, &packed.n};
  size = 16;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function("add_to"), 1, 1, 1, 32, 1, 1, 0, nullptr, params, extra));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function("add_to"), 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, nullptr));
  params[1] = nullptr;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function("add_to"), 1, 1, 1, 32, 1, 1, 0, nullptr, params, nullptr));
}

TEST_F(LaunchTest, GeometryHasLimits) {
  const CUfunction f = function("bounded");  // at most 64 threads
  const auto launch = [&](unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz) {
    return cuLaunchKernel(f, gx, gy, gz, bx, by, bz, 0, nullptr, nullptr, nullptr);
  };
  EXPECT_OK(launch(1, 1, 1, 64, 1, 1));
  EXPECT_OK(launch(1, 2, 3, 4, 4, 4));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(0, 1, 1, 1, 1, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(1, 1, 1, 1, 0, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(1, 65536, 1, 1, 1, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(1, 1, 65536, 1, 1, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(0x80000000u, 1, 1, 1, 1, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(1, 1, 1, 65, 1, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(1, 1, 1, 1, 1, 65));
  const CUfunction trap = function("trap");
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(trap, 1, 1, 1, 1025, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(trap, 1, 1, 1, 33, 32, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_OK(cuCtxSynchronize());
}

TEST_F(LaunchTest, SharedMemoryBeyondTheDefaultMustBeAskedFor) {
  const CUfunction sum = function("shared_sum");
  CUdeviceptr p = upload({0});
  void* params[] = {&p};
  const auto launch = [&](unsigned threads, unsigned shared) {
    return cuLaunchKernel(sum, 1, 1, 1, threads, 1, 1, shared, nullptr, params, nullptr);
  };
  ASSERT_OK(launch(256, 1024));
  EXPECT_EQ(download(p, 1)[0], 255 * 256 / 2);
  EXPECT_OK(launch(256, 49152));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(256, 49153));
  EXPECT_OK(cuFuncSetAttribute(sum, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100000));
  EXPECT_OK(launch(1024, 100000));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, launch(1024, 100001));
  EXPECT_EQ(download(p, 1)[0], 1023 * 1024 / 2);
}

TEST_F(LaunchTest, TheExtendedCallTakesAttributes) {
  CUdeviceptr p = upload({1});
  int value = 2, n = 1;
  void* params[] = {&p, &value, &n};
  CUlaunchAttribute attribute = {};
  attribute.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
  attribute.value.cooperative = 1;
  CUlaunchConfig config = {};
  config.gridDimX = config.gridDimY = config.gridDimZ = config.blockDimX = config.blockDimY = config.blockDimZ = 1;
  config.attrs = &attribute;
  config.numAttrs = 1;
  EXPECT_OK(cuLaunchKernelEx(&config, function("add_to"), params, nullptr));
  EXPECT_EQ(download(p, 1)[0], 3);
  attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attribute.value.clusterDim = {2, 1, 1};
  EXPECT_RESULT(CUDA_ERROR_NOT_SUPPORTED, cuLaunchKernelEx(&config, function("add_to"), params, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuLaunchKernelEx(nullptr, function("add_to"), params, nullptr));
}

TEST_F(LaunchTest, ACooperativeGridMustFitAtOnce) {
  CUdeviceptr p = upload({1});
  int value = 2, n = 1;
  void* params[] = {&p, &value, &n};
  const CUfunction add = function("add_to");
  EXPECT_OK(cuLaunchCooperativeKernel(add, 108, 1, 1, 1024, 1, 1, 0, nullptr, params));
  EXPECT_RESULT(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE,
                cuLaunchCooperativeKernel(add, 109, 2, 1, 1024, 1, 1, 0, nullptr, params));
  EXPECT_EQ(download(p, 1)[0], 3);
}

TEST_F(LaunchTest, OccupancyFollowsTheTables) {
  const CUfunction add = function("shared_sum");
  const struct {
    int threads;
    std::size_t shared;
    int expected;  // min(2048 / threads, 32, 164 KiB / (shared + 1 KiB))
  } table[] = {{1024, 0, 2}, {256, 0, 8},        {32, 0, 32},        {33, 0, 32},
               {96, 0, 21},  {128, 40 << 10, 4}, {128, 163 << 10, 1}};
  int blocks = -1;
  for (const auto& [threads, shared, expected] : table) {
    EXPECT_OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add, threads, shared));
    EXPECT_EQ(blocks, expected) << threads << ", " << shared;
  }
  EXPECT_OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add, 128, 200 << 10));
  EXPECT_EQ(blocks, 0);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add, 0, 0));
  int grid = 0, block = 0;
  EXPECT_OK(cuOccupancyMaxPotentialBlockSize(&grid, &block, add, nullptr, 0, 0));
  EXPECT_EQ(block, 1024);
  EXPECT_EQ(grid, 216);
  EXPECT_OK(cuOccupancyMaxPotentialBlockSize(&grid, &block, add, nullptr, 0, 256));
  EXPECT_EQ(block, 256);
  EXPECT_EQ(grid, 8 * 108);
  // 64 bytes for each thread: 163 KiB hold two blocks of 1024 threads, and no more threads fit in other ways.
  EXPECT_OK(cuOccupancyMaxPotentialBlockSize(
      &grid, &block, add, [](int threads) { return static_cast<std::size_t>(threads) * 64; }, 0, 0));
  EXPECT_EQ(block, 1024);
  std::size_t available = 0;
  EXPECT_OK(cuOccupancyAvailableDynamicSMemPerBlock(&available, add, 2, 128));
  EXPECT_EQ(available, (164u << 10) / 2 - 1024);
  EXPECT_OK(cuOccupancyAvailableDynamicSMemPerBlock(&available, add, 1, 128));
  EXPECT_EQ(available, 163u << 10);
}

// A fault surfaces at the next call that waits, and stays until the context ends.
class Faults : public DriverTest {
 protected:
  void expect_fault(CUresult code, CUfunction kernel, CUdeviceptr argument) {
    void* params[] = {&argument};
    const CUdeviceptr p = allocate(4);
    CUstream stream = nullptr;
    CUevent event = nullptr;
    ASSERT_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    ASSERT_OK(cuEventCreate(&event, 0));
    ASSERT_OK(cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, stream, params, nullptr));
    ASSERT_OK(cuMemsetD32Async(p, 7, 1, stream));
    ASSERT_OK(cuEventRecord(event, stream));
    EXPECT_RESULT(code, cuStreamSynchronize(stream));
    int value = 0;
    CUdeviceptr more = 0;
    CUmodule another = nullptr;
    EXPECT_RESULT(code, cuCtxSynchronize());
    EXPECT_RESULT(code, cuMemAlloc(&more, 4));
    EXPECT_RESULT(code, cuMemcpyDtoH(&value, p, 4));
    EXPECT_RESULT(code, cuMemFree(p));
    EXPECT_RESULT(code, cuStreamQuery(stream));
    EXPECT_RESULT(code, cuEventQuery(event));
    EXPECT_RESULT(code, cuModuleLoadData(&another, kTestKernels));
    EXPECT_RESULT(code, cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, stream, params, nullptr));
    EXPECT_OK(cuStreamDestroy(stream));  // cleaning up is possible
    EXPECT_OK(cuEventDestroy(event));
    EXPECT_GE(vgpu_finding_count(), 1);
    vgpu_clear_findings();
    // A reset of the primary context ends it.
    ASSERT_OK(cuDevicePrimaryCtxReset(0));
    ASSERT_OK(cuDevicePrimaryCtxRetain(&context, 0));
    ASSERT_OK(cuCtxSetCurrent(context));
    module = nullptr;
    const CUdeviceptr fresh = upload({1});
    ASSERT_OK(launch_add_to(fresh, 1, 1));
    EXPECT_EQ(download(fresh, 1)[0], 2);
  }
};

TEST_F(Faults, IllegalAddress) {
  const CUdeviceptr p = allocate(64);
  ASSERT_OK(cuMemFree(p));
  expect_fault(CUDA_ERROR_ILLEGAL_ADDRESS, function("write_at"), p);
}
TEST_F(Faults, NullPointer) { expect_fault(CUDA_ERROR_ILLEGAL_ADDRESS, function("write_at"), 0); }
TEST_F(Faults, HostPointer) {
  int local = 0;
  expect_fault(CUDA_ERROR_ILLEGAL_ADDRESS, function("write_at"), reinterpret_cast<CUdeviceptr>(&local));
  EXPECT_EQ(local, 0);
}
TEST_F(Faults, Misaligned) { expect_fault(CUDA_ERROR_MISALIGNED_ADDRESS, function("misaligned"), allocate(64)); }
TEST_F(Faults, EndlessSpin) {
  ASSERT_EQ(vgpu_set("watchdog", "100000"), 0);
  expect_fault(CUDA_ERROR_LAUNCH_TIMEOUT, function("spin"), 0);
}

TEST_F(Faults, AnotherContextGoesOn) {
  CUdeviceptr zero = 0;
  void* params[] = {&zero};
  ASSERT_OK(cuLaunchKernel(function("write_at"), 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, cuCtxSynchronize());
  CUcontext other = nullptr;
  ASSERT_OK(cuCtxCreate(&other, 0, 0));
  CUdeviceptr p = 0;
  int value = 0;
  EXPECT_OK(cuMemAlloc(&p, 4));
  EXPECT_OK(cuMemsetD32(p, 3, 1));
  EXPECT_OK(cuMemcpyDtoH(&value, p, 4));
  EXPECT_EQ(value, 3);
  EXPECT_OK(cuCtxDestroy(other));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, cuCtxSynchronize());
  vgpu_clear_findings();
}

TEST_F(Faults, ATrapIsALaunchFailure) {
  ASSERT_OK(cuLaunchKernel(function("trap"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  const CUresult result = cuCtxSynchronize();
  EXPECT_TRUE(result == CUDA_ERROR_LAUNCH_FAILED || result == CUDA_ERROR_ILLEGAL_INSTRUCTION) << Result(result);
  vgpu_clear_findings();
}

// A callback of cuStreamAddCallback is told of the fault; a host function does not run.
TEST_F(Faults, CallbacksAreTold) {
  CUdeviceptr zero = 0;
  void* params[] = {&zero};
  ASSERT_OK(cuLaunchKernel(function("write_at"), 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  static CUresult told;
  static bool ran;
  told = CUDA_SUCCESS;
  ran = false;
  ASSERT_OK(cuStreamAddCallback(
      nullptr, [](CUstream, CUresult result, void*) { told = result; }, nullptr, 0));
  ASSERT_OK(cuLaunchHostFunc(
      nullptr, [](void*) { ran = true; }, nullptr));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(nullptr));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, told);
  EXPECT_FALSE(ran);
  vgpu_clear_findings();
}

}  // namespace
