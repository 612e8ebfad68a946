// Contexts: which is current, what ends with one, and what a stale handle gets.
#include <thread>

#include "driver/test_support.h"

namespace {

class ContextTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(cuInit(0)); }
};

TEST_F(ContextTest, CallsWithoutOneFail) {
  CUdeviceptr address = 0;
  CUstream stream = nullptr;
  CUcontext context = reinterpret_cast<CUcontext>(1);
  EXPECT_OK(cuCtxGetCurrent(&context));
  EXPECT_EQ(context, nullptr);
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc(&address, 16));
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuStreamCreate(&stream, 0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuCtxSynchronize());
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuCtxPopCurrent(&context));
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(reinterpret_cast<CUcontext>(0x1234)));
}

TEST_F(ContextTest, PushAndPopAreAStack) {
  CUcontext first = nullptr, second = nullptr, current = nullptr;
  ASSERT_OK(cuCtxCreate(&first, 0, 0));
  ASSERT_OK(cuCtxCreate(&second, CU_CTX_SCHED_BLOCKING_SYNC, 0));
  EXPECT_NE(first, second);
  EXPECT_OK(cuCtxGetCurrent(&current));
  EXPECT_EQ(current, second);
  unsigned flags = 0, version = 0;
  EXPECT_OK(cuCtxGetFlags(&flags));
  EXPECT_EQ(flags, unsigned{CU_CTX_SCHED_BLOCKING_SYNC});
  EXPECT_OK(cuCtxGetApiVersion(second, &version));
  EXPECT_EQ(version, 3020u);
  EXPECT_OK(cuCtxPopCurrent(&current));
  EXPECT_EQ(current, second);
  EXPECT_OK(cuCtxPushCurrent(second));
  EXPECT_OK(cuCtxPushCurrent(first));
  EXPECT_OK(cuCtxSetCurrent(second));  // replaces the top
  EXPECT_OK(cuCtxPopCurrent(&current));
  EXPECT_EQ(current, second);
  EXPECT_OK(cuCtxGetCurrent(&current));
  EXPECT_EQ(current, second);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuCtxCreate(&first, CU_CTX_SCHED_SPIN | CU_CTX_SCHED_YIELD, 0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_DEVICE, cuCtxCreate(&first, 0, 3));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuCtxCreate(nullptr, 0, 0));
}

TEST_F(ContextTest, ADestroyedOneTakesAllThatLivesInIt) {
  CUcontext context = nullptr, current = nullptr;
  ASSERT_OK(cuCtxCreate(&context, 0, 0));
  CUstream stream = nullptr;
  CUevent event = nullptr;
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CUdeviceptr address = 0;
  ASSERT_OK(cuStreamCreate(&stream, 0));
  ASSERT_OK(cuEventCreate(&event, 0));
  ASSERT_OK(cuModuleLoadData(&module, kTestKernels));
  ASSERT_OK(cuModuleGetFunction(&function, module, "add_to"));
  ASSERT_OK(cuMemAlloc(&address, 1 << 20));
  std::thread([&] {
    // Another thread has it current when it is destroyed.
    EXPECT_OK(cuCtxSetCurrent(context));
    std::thread([&] { EXPECT_OK(cuCtxDestroy(context)); }).join();
    CUdeviceptr more = 0;
    EXPECT_RESULT(CUDA_ERROR_CONTEXT_IS_DESTROYED, cuMemAlloc(&more, 16));
    EXPECT_OK(cuCtxSetCurrent(nullptr));
  }).join();
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuCtxDestroy(context));
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuCtxPushCurrent(context));
  EXPECT_OK(cuCtxPopCurrent(&current));
  CUcontext other = nullptr;
  ASSERT_OK(cuCtxCreate(&other, 0, 0));
  int value = 0;
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuEventQuery(event));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuModuleUnload(module));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, function));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemFree(address));
  std::size_t free = 0, total = 0;
  EXPECT_OK(cuMemGetInfo(&free, &total));
  EXPECT_EQ(free, total);
}

TEST_F(ContextTest, ThePrimaryOneIsCounted) {
  unsigned flags = 1;
  int active = 1;
  EXPECT_OK(cuDevicePrimaryCtxGetState(0, &flags, &active));
  EXPECT_EQ(active, 0);
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuDevicePrimaryCtxRelease(0));
  EXPECT_OK(cuDevicePrimaryCtxSetFlags(0, CU_CTX_SCHED_YIELD));
  CUcontext first = nullptr, again = nullptr;
  ASSERT_OK(cuDevicePrimaryCtxRetain(&first, 0));
  ASSERT_OK(cuDevicePrimaryCtxRetain(&again, 0));
  EXPECT_EQ(first, again);
  EXPECT_OK(cuDevicePrimaryCtxGetState(0, &flags, &active));
  EXPECT_EQ(active, 1);
  EXPECT_EQ(flags, unsigned{CU_CTX_SCHED_YIELD});
  EXPECT_RESULT(CUDA_ERROR_INVALID_CONTEXT, cuCtxDestroy(first));
  EXPECT_OK(cuDevicePrimaryCtxRelease(0));
  EXPECT_OK(cuCtxSetCurrent(first));
  CUdevice device = -1;
  EXPECT_OK(cuCtxGetDevice(&device));
  EXPECT_EQ(device, 0);
  CUdeviceptr address = 0;
  EXPECT_OK(cuMemAlloc(&address, 16));
  EXPECT_OK(cuDevicePrimaryCtxRelease(0));
  EXPECT_OK(cuDevicePrimaryCtxGetState(0, &flags, &active));
  EXPECT_EQ(active, 0);
  EXPECT_RESULT(CUDA_ERROR_CONTEXT_IS_DESTROYED, cuMemFree(address));
}

TEST_F(ContextTest, LimitsKnowTheirNames) {
  CUcontext context = nullptr;
  ASSERT_OK(cuCtxCreate(&context, 0, 0));
  std::size_t value = 0;
  EXPECT_OK(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 4096));
  EXPECT_OK(cuCtxGetLimit(&value, CU_LIMIT_STACK_SIZE));
  EXPECT_EQ(value, 4096u);
  EXPECT_RESULT(CUDA_ERROR_UNSUPPORTED_LIMIT, cuCtxGetLimit(&value, CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH));
  int least = 1, greatest = 1;
  EXPECT_OK(cuCtxGetStreamPriorityRange(&least, &greatest));
  EXPECT_LT(greatest, least);
}

TEST_F(ContextTest, IsOfItsThread) {
  CUcontext context = nullptr;
  ASSERT_OK(cuCtxCreate(&context, 0, 0));
  std::thread([] {
    CUcontext current = reinterpret_cast<CUcontext>(1);
    EXPECT_OK(cuCtxGetCurrent(&current));
    EXPECT_EQ(current, nullptr);
  }).join();
}

}  // namespace
