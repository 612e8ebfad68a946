// Streams and events: what is ordered, and that what is not ordered shows.
#include <atomic>
#include <chrono>
#include <thread>

#include "driver/test_support.h"

namespace {

class Streams : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    ASSERT_OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
    ASSERT_OK(cuStreamCreate(&b, CU_STREAM_NON_BLOCKING));
    ASSERT_OK(cuEventCreate(&event, CU_EVENT_DEFAULT));
    memory = allocate(4);
    ASSERT_OK(cuMemAllocHost(reinterpret_cast<void**>(&seen), 8));
    seen[0] = seen[1] = -1;
    ASSERT_EQ(vgpu_set("patience", "3600000"), 0);  // nothing happens just because the machine is busy
    ASSERT_OK(cuMemsetD32(memory, 0, 1));
    ASSERT_OK(cuCtxSynchronize());
  }

  CUstream a = nullptr, b = nullptr;
  CUevent event = nullptr;
  CUdeviceptr memory = 0;
  int* seen = nullptr;  // pinned
};

TEST_F(Streams, WorkIsNotDoneBeforeSomebodyWaits) {
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, a));
  ASSERT_OK(cuMemcpyDtoHAsync(seen, memory, 4, a));
  EXPECT_EQ(seen[0], -1);
  ASSERT_OK(cuStreamSynchronize(a));
  EXPECT_EQ(seen[0], 1);
}

TEST_F(Streams, AMissingWaitShows) {
  for (const char* schedule : {"forward", "reverse", "random"}) {
    ASSERT_EQ(vgpu_set("schedule", schedule), 0);
    ASSERT_OK(cuMemsetD32(memory, 0, 1));
    ASSERT_OK(cuCtxSynchronize());
    ASSERT_OK(cuMemsetD32Async(memory, 1, 1, a));
    ASSERT_OK(cuMemcpyDtoHAsync(seen, memory, 4, b));  // should have waited for a
    ASSERT_OK(cuStreamSynchronize(b));
    EXPECT_EQ(seen[0], 0) << schedule;
    ASSERT_OK(cuStreamSynchronize(a));
    ASSERT_OK(cuMemsetD32Async(memory, 2, 1, a));
    ASSERT_OK(cuEventRecord(event, a));
    ASSERT_OK(cuStreamWaitEvent(b, event, 0));
    ASSERT_OK(cuMemcpyDtoHAsync(seen, memory, 4, b));
    ASSERT_OK(cuStreamSynchronize(b));
    EXPECT_EQ(seen[0], 2) << schedule;
  }
}

TEST_F(Streams, TheScheduleOrdersWhatIsFree) {
  const auto last_writer = [&](const char* schedule, const char* seed) {
    EXPECT_EQ(vgpu_set("schedule", schedule), 0);
    EXPECT_EQ(vgpu_set("seed", seed), 0);
    EXPECT_OK(cuMemsetD32Async(memory, 1, 1, a));
    EXPECT_OK(cuMemsetD32Async(memory, 2, 1, b));
    EXPECT_OK(cuCtxSynchronize());
    return download(memory, 1)[0];
  };
  EXPECT_EQ(last_writer("forward", "0"), 2);
  EXPECT_EQ(last_writer("reverse", "0"), 1);
  int ones = 0;
  for (int seed = 0; seed < 64; ++seed) ones += last_writer("random", std::to_string(seed).c_str()) == 1;
  EXPECT_GT(ones, 8);
  EXPECT_LT(ones, 56);
}

TEST_F(Streams, AnEventIsThePlaceWhereItWasRecordedLast) {
  ASSERT_OK(cuStreamWaitEvent(b, event, 0));  // never recorded: no wait
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, a));
  ASSERT_OK(cuEventRecord(event, a));
  ASSERT_OK(cuMemsetD32Async(memory, 2, 1, a));
  ASSERT_OK(cuStreamWaitEvent(b, event, 0));
  ASSERT_OK(cuEventRecord(event, a));  // the wait above keeps to the earlier place
  ASSERT_OK(cuMemcpyDtoHAsync(seen, memory, 4, b));
  ASSERT_OK(cuStreamSynchronize(b));
  EXPECT_EQ(seen[0], 1);
  ASSERT_OK(cuEventSynchronize(event));
  EXPECT_EQ(download(memory, 1)[0], 2);
}

TEST_F(Streams, TheLegacyStreamWaitsForBlockingOnesAndTheyForIt) {
  CUstream blocking = nullptr;
  ASSERT_OK(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, blocking));
  ASSERT_OK(cuMemcpyDtoHAsync(&seen[0], memory, 4, CU_STREAM_LEGACY));
  ASSERT_OK(cuMemsetD32Async(memory, 2, 1, nullptr));
  ASSERT_OK(cuMemcpyDtoHAsync(&seen[1], memory, 4, blocking));
  ASSERT_OK(cuStreamSynchronize(blocking));
  EXPECT_EQ(seen[0], 1);
  EXPECT_EQ(seen[1], 2);
  // A non-blocking stream has no part in that.
  ASSERT_OK(cuMemsetD32Async(memory, 3, 1, a));
  ASSERT_OK(cuMemcpyDtoHAsync(&seen[0], memory, 4, nullptr));
  ASSERT_OK(cuStreamSynchronize(nullptr));
  EXPECT_EQ(seen[0], 2);
  ASSERT_OK(cuStreamSynchronize(a));
  // The calling thread's stream is a blocking one, another in each thread.
  ASSERT_OK(cuMemsetD32Async(memory, 4, 1, CU_STREAM_PER_THREAD));
  std::thread([&] {
    EXPECT_OK(cuCtxSetCurrent(context));
    EXPECT_OK(cuMemcpyDtoHAsync(&seen[0], memory, 4, CU_STREAM_PER_THREAD));
    EXPECT_OK(cuStreamSynchronize(CU_STREAM_PER_THREAD));
    EXPECT_EQ(seen[0], 3);
    EXPECT_OK(cuCtxSetCurrent(nullptr));
  }).join();
  ASSERT_OK(cuMemcpyDtoHAsync(&seen[1], memory, 4, nullptr));
  ASSERT_OK(cuStreamSynchronize(nullptr));
  EXPECT_EQ(seen[1], 4);
}

TEST_F(Streams, ADestroyedStreamDoesItsWork) {
  CUstream blocking = nullptr;
  ASSERT_OK(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
  ASSERT_OK(cuMemsetD32Async(memory, 8, 1, blocking));
  ASSERT_OK(cuStreamDestroy(blocking));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuStreamQuery(blocking));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy(blocking));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy(nullptr));
  EXPECT_EQ(download(memory, 1)[0], 8);
}

TEST_F(Streams, QueriesMakeProgress) {
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, a));
  ASSERT_OK(cuEventRecord(event, a));
  EXPECT_RESULT(CUDA_ERROR_NOT_READY, cuEventQuery(event));
  while (cuEventQuery(event) == CUDA_ERROR_NOT_READY) std::this_thread::yield();
  EXPECT_OK(cuEventQuery(event));
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, b));
  EXPECT_RESULT(CUDA_ERROR_NOT_READY, cuStreamQuery(b));
  while (cuStreamQuery(b) == CUDA_ERROR_NOT_READY) std::this_thread::yield();
  EXPECT_OK(cuStreamQuery(b));
}

TEST_F(Streams, HostFunctionsComeThoughNobodyWaits) {
  static std::atomic<int> order;
  static std::atomic<CUresult> inside, status;
  order = 0;
  ASSERT_OK(cuMemsetD32Async(memory, 9, 1, a));
  ASSERT_OK(cuMemcpyDtoHAsync(seen, memory, 4, a));
  ASSERT_OK(cuLaunchHostFunc(
      a,
      [](void* data) {
        int count = 0;
        inside = cuDeviceGetCount(&count);  // the driver may not be called here
        order = *static_cast<int*>(data);
      },
      seen));
  while (order == 0) std::this_thread::yield();
  EXPECT_EQ(order, 9);
  EXPECT_EQ(inside, CUDA_ERROR_NOT_PERMITTED);
  status = CUDA_ERROR_UNKNOWN;
  static CUstream told;
  ASSERT_OK(cuStreamAddCallback(
      a,
      [](CUstream stream, CUresult result, void*) {
        told = stream;
        status = result;
      },
      nullptr, 0));
  while (status == CUDA_ERROR_UNKNOWN) std::this_thread::yield();
  EXPECT_EQ(status, CUDA_SUCCESS);
  EXPECT_EQ(told, a);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuLaunchHostFunc(a, nullptr, nullptr));
}

// A host function may wait for the thread that queues work; that thread must not be kept out of the driver meanwhile.
TEST_F(Streams, AHostFunctionMayTakeItsTime) {
  static std::atomic<bool> entered, go;
  entered = go = false;
  ASSERT_OK(cuLaunchHostFunc(
      a,
      [](void*) {
        entered = true;
        while (!go) std::this_thread::yield();
      },
      nullptr));
  while (!entered) std::this_thread::yield();
  CUdeviceptr more = 0;
  EXPECT_OK(cuMemAlloc(&more, 16));
  EXPECT_OK(cuMemsetD32Async(more, 1, 1, b));
  EXPECT_RESULT(CUDA_ERROR_NOT_READY, cuStreamQuery(a));
  go = true;
  EXPECT_OK(cuStreamSynchronize(a));
  EXPECT_OK(cuStreamSynchronize(b));
}

TEST_F(Streams, SayWhatTheyAre) {
  CUcontext owner = nullptr;
  unsigned flags = 9;
  int priority = 9;
  unsigned long long first = 0, second = 0;
  EXPECT_OK(cuStreamGetCtx(a, &owner));
  EXPECT_EQ(owner, context);
  EXPECT_OK(cuStreamGetCtx(nullptr, &owner));
  EXPECT_EQ(owner, context);
  EXPECT_OK(cuStreamGetFlags(a, &flags));
  EXPECT_EQ(flags, unsigned{CU_STREAM_NON_BLOCKING});
  EXPECT_OK(cuStreamGetId(a, &first));
  EXPECT_OK(cuStreamGetId(b, &second));
  EXPECT_NE(first, second);
  CUstream urgent = nullptr;
  EXPECT_OK(cuStreamCreateWithPriority(&urgent, 0, -100));
  EXPECT_OK(cuStreamGetPriority(urgent, &priority));
  EXPECT_EQ(priority, -5);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuStreamCreate(&urgent, 16));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuStreamCreate(nullptr, 0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(reinterpret_cast<CUstream>(event)));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuStreamWaitEvent(a, reinterpret_cast<CUevent>(b), 0));
}

TEST_F(Streams, EventsTellTheTimeBetween) {
  CUevent end = nullptr, plain = nullptr;
  ASSERT_OK(cuEventCreate(&end, CU_EVENT_BLOCKING_SYNC));
  ASSERT_OK(cuEventCreate(&plain, CU_EVENT_DISABLE_TIMING));
  float milliseconds = -1;
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, event, end));  // not recorded
  ASSERT_OK(cuEventRecord(event, a));
  ASSERT_OK(cuLaunchHostFunc(
      a, [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }, nullptr));
  ASSERT_OK(cuEventRecord(end, a));
  ASSERT_OK(cuEventRecord(plain, a));
  ASSERT_OK(cuEventSynchronize(end));
  EXPECT_OK(cuEventElapsedTime(&milliseconds, event, end));
  EXPECT_GE(milliseconds, 2.0f);
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, event, plain));
  ASSERT_OK(cuStreamSynchronize(a));
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, a));
  ASSERT_OK(cuEventRecord(end, a));
  EXPECT_RESULT(CUDA_ERROR_NOT_READY, cuEventElapsedTime(&milliseconds, event, end));
  EXPECT_OK(cuEventDestroy(end));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuEventSynchronize(end));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuEventCreate(&end, 64));
}

TEST_F(Streams, AnEventAndItsStreamAreOfOneContext) {
  CUcontext other = nullptr;
  ASSERT_OK(cuCtxCreate(&other, 0, 0));
  CUstream elsewhere = nullptr;
  ASSERT_OK(cuStreamCreate(&elsewhere, 0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuEventRecord(event, elsewhere));
  // Waiting across contexts is allowed.
  ASSERT_OK(cuMemsetD32Async(memory, 6, 1, a));
  ASSERT_OK(cuEventRecord(event, a));
  ASSERT_OK(cuStreamWaitEvent(elsewhere, event, 0));
  ASSERT_OK(cuMemcpyDtoHAsync(seen, memory, 4, elsewhere));
  ASSERT_OK(cuStreamSynchronize(elsewhere));
  EXPECT_EQ(seen[0], 6);
  EXPECT_OK(cuCtxDestroy(other));
}

}  // namespace
