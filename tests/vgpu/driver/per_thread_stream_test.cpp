// A program that is compiled with CUDA_API_PER_THREAD_DEFAULT_STREAM: cuda.h maps the same names to other symbols, under
// which the null stream is the calling thread's own.
#define CUDA_API_PER_THREAD_DEFAULT_STREAM
#include <thread>

#include "driver/test_support.h"

namespace {

class PerThread : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    ASSERT_EQ(vgpu_set("patience", "3600000"), 0);
    memory = allocate(4);
    ASSERT_OK(cuMemAllocHost(reinterpret_cast<void**>(&seen), 4));
    ASSERT_OK(cuMemsetD32(memory, 0, 1));
    ASSERT_OK(cuCtxSynchronize());
  }

  CUdeviceptr memory = 0;
  int* seen = nullptr;  // pinned
};

TEST_F(PerThread, TheNullStreamsOfTwoThreadsAreIndependent) {
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, nullptr));
  std::thread([&] {
    EXPECT_OK(cuCtxSetCurrent(context));
    EXPECT_OK(cuMemcpyDtoHAsync(seen, memory, 4, nullptr));  // not ordered behind the fill
    EXPECT_OK(cuStreamSynchronize(nullptr));
    EXPECT_EQ(*seen, 0);
    EXPECT_OK(cuCtxSetCurrent(nullptr));
  }).join();
  int value = 0;
  ASSERT_OK(cuMemcpyDtoH(&value, memory, 4));  // in this thread's stream
  EXPECT_EQ(value, 1);
}

TEST_F(PerThread, TheLegacyStreamIsStillThereUnderItsName) {
  ASSERT_OK(cuMemsetD32Async(memory, 1, 1, CU_STREAM_LEGACY));
  ASSERT_OK(launch_add_to(memory, 5, 1, nullptr));  // a blocking stream: waits for the legacy one
  ASSERT_OK(cuMemcpyDtoHAsync(seen, memory, 4, CU_STREAM_LEGACY));
  ASSERT_OK(cuStreamSynchronize(CU_STREAM_LEGACY));
  EXPECT_EQ(*seen, 6);
}

TEST_F(PerThread, EventsGraphsAndHostFunctionsFollow) {
  unsigned long long id = 0, own = 0;
  EXPECT_OK(cuStreamGetId(nullptr, &id));
  EXPECT_OK(cuStreamGetId(CU_STREAM_PER_THREAD, &own));
  EXPECT_EQ(id, own);
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  function("add_to");
  ASSERT_OK(cuStreamBeginCapture(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL));  // the legacy stream would refuse
  ASSERT_OK(launch_add_to(memory, 7, 1, nullptr));
  ASSERT_OK(cuStreamEndCapture(nullptr, &graph));
  ASSERT_OK(cuGraphInstantiate(&exec, graph, 0));
  ASSERT_OK(cuGraphLaunch(exec, nullptr));
  CUevent event = nullptr;
  static int called;
  called = 0;
  ASSERT_OK(cuLaunchHostFunc(
      nullptr, [](void*) { called = 1; }, nullptr));
  ASSERT_OK(cuEventCreate(&event, 0));
  ASSERT_OK(cuEventRecord(event, nullptr));
  ASSERT_OK(cuEventSynchronize(event));
  EXPECT_EQ(called, 1);
  int value = 0;
  ASSERT_OK(cuMemcpy(reinterpret_cast<CUdeviceptr>(&value), memory, 4));
  EXPECT_EQ(value, 7);
}

}  // namespace
