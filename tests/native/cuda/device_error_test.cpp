// An error of queued work breaks its context: it surfaces at the next synchronisation, stays, reaches who waits, and nothing
// crashes or leaks.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "cuda/driver_api.h"
#include "cuda/test_kernels.h"
#include "support/virtual_gpu.h"

namespace ki::test {
namespace {

class CudaDeviceError : public CudaTest {
 protected:
  void SetUp() override {
    CudaTest::SetUp();
    if (IsSkipped()) return;
    make_primary_current();
  }

  /// Queues a kernel that stores to address 16, where nothing is.
  void break_context() {
    const TestKernels kernels;
    kernels.launch("store", native(stream.get()), StoreParams{reinterpret_cast<unsigned*>(16), 1});
  }

  void TearDown() override {
    take_findings();  // on the virtual GPU the fault is one, and these tests want it
    CudaTest::TearDown();
  }
};

TEST_F(CudaDeviceError, SurfacesAtTheNextSynchronisationAndStays) {
  const std::int64_t handles = ki_live_handle_count();
  {
    const Buffer buffer = create_buffer(device, 64);
    const Event event = create_event(device);
    break_context();
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(refused(ki_stream_synchronize(stream.get()), KI_STATUS_DEVICE_ERROR, "", {"CUDA_ERROR_"}));
    }
    EXPECT_EQ(ki_fill(stream.get(), data_of(buffer), 1, 64), KI_STATUS_DEVICE_ERROR);
    EXPECT_EQ(ki_event_record(event.get(), stream.get()), KI_STATUS_DEVICE_ERROR);
    ki_buffer* none = nullptr;
    EXPECT_EQ(ki_buffer_create(device.get(), KI_MEMORY_KIND_DEVICE, 64, &none), KI_STATUS_DEVICE_ERROR);
    EXPECT_EQ(none, nullptr);
  }
  stream.reset();
  EXPECT_EQ(ki_live_handle_count(), handles - 1);
}

TEST_F(CudaDeviceError, SurfacesAtAnEventToo) {
  const Event event = create_event(device);
  break_context();
  const ki_status recorded = ki_event_record(event.get(), stream.get());
  EXPECT_TRUE(recorded == KI_STATUS_OK || recorded == KI_STATUS_DEVICE_ERROR) << ki_status_name(recorded);
  if (recorded == KI_STATUS_OK) {
    EXPECT_EQ(ki_event_synchronize(event.get()), KI_STATUS_DEVICE_ERROR);
    std::int32_t reached = 7;
    EXPECT_EQ(ki_event_query(event.get(), &reached), KI_STATUS_DEVICE_ERROR);
  }
}

TEST_F(CudaDeviceError, ReachesANotificationExactlyOnce) {
  struct Told {
    std::atomic<int> calls{0};
    std::atomic<ki_status> status{KI_STATUS_OK};
  } told;
  const auto tell = [](void* user_data, ki_status status) {
    auto& all = *static_cast<Told*>(user_data);
    all.status = status;
    ++all.calls;
  };
  break_context();
  const ki_status queued = ki_stream_notify(stream.get(), tell, &told);
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_DEVICE_ERROR);
  if (queued == KI_STATUS_OK) {
    for (int i = 0; i < 1000 && told.calls == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(told.calls, 1);
    EXPECT_EQ(told.status, KI_STATUS_DEVICE_ERROR);
  } else {
    EXPECT_EQ(queued, KI_STATUS_DEVICE_ERROR);
    EXPECT_EQ(told.calls, 0) << "a call that fails does not call back";
  }
  const int calls = told.calls;
  EXPECT_EQ(ki_stream_notify(stream.get(), tell, &told), KI_STATUS_DEVICE_ERROR);
  EXPECT_EQ(told.calls, calls);
}

TEST_F(CudaDeviceError, LeavesTheCpuAlone) {
  break_context();
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_DEVICE_ERROR);
  const Device cpu = open_device("cpu");
  const Stream work = create_stream(cpu);
  const Buffer buffer = create_buffer(cpu, 64);
  EXPECT_EQ(ki_fill(work.get(), data_of(buffer), 1, 64), KI_STATUS_OK);
}

}  // namespace
}  // namespace ki::test
