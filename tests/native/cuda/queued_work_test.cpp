// Work is queued: calls return before it is done, events and notifications follow it, and freeing waits for it. A host
// function holds the stream up until a test lets it go.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "cuda/driver_api.h"
#include "cuda/test_kernels.h"
#include "support/device_bytes.h"

namespace ki::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Holds a stream up until open() or for ten seconds, so that no mistake hangs a test.
class Gate {
 public:
  explicit Gate(ki_stream* stream) { KI_CALL_DRIVER(cuLaunchHostFunc, native(stream), wait, this); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  void open() { open_ = true; }
  /// Whether it gave up waiting: something waited for the stream that should not have.
  bool gave_up() const { return gave_up_; }

 private:
  static void CUDA_CB wait(void* user_data) {
    Gate& gate = *static_cast<Gate*>(user_data);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!gate.open_ && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    gate.gave_up_ = !gate.open_;
  }
  std::atomic<bool> open_{false}, gave_up_{false};
};

using CudaQueuedWork = CudaTest;

bool reached(const Event& event) {
  std::int32_t answer = -1;
  check(ki_event_query(event.get(), &answer));
  return answer == 1;
}

TEST_F(CudaQueuedWork, AnEventIsReachedWhenTheWorkBeforeItIsDone) {
  const Event before = create_event(device), behind = create_event(device);
  check(ki_event_record(before.get(), stream.get()));
  Gate gate(stream.get());
  check(ki_event_record(behind.get(), stream.get()));
  check(ki_event_synchronize(before.get()));
  EXPECT_TRUE(reached(before));
  EXPECT_FALSE(reached(behind));
  double milliseconds = 77;
  EXPECT_TRUE(refused(ki_event_elapsed(before.get(), behind.get(), &milliseconds), KI_STATUS_INVALID_ARGUMENT, "stop",
                      {"not reached"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  gate.open();
  check(ki_event_synchronize(behind.get()));
  EXPECT_TRUE(reached(behind));
  check(ki_event_elapsed(before.get(), behind.get(), &milliseconds));
  EXPECT_GE(milliseconds, 2.9) << "the gate was shut that long";
  EXPECT_LT(milliseconds, 60'000);
}

TEST_F(CudaQueuedWork, ANotificationComesAfterTheWorkAndOnce) {
  Gate gate(stream.get());
  std::atomic<int> calls{0};
  const auto count = [](void* user_data, ki_status status) {
    *static_cast<std::atomic<int>*>(user_data) += status == KI_STATUS_OK ? 1 : 100;
  };
  check(ki_stream_notify(stream.get(), count, &calls));
  EXPECT_EQ(calls, 0);
  gate.open();
  check(ki_stream_synchronize(stream.get()));
  EXPECT_EQ(calls, 1);
}

TEST_F(CudaQueuedWork, FillsAndCopiesOfDeviceAndPinnedMemoryAreQueued) {
  const Buffer a = upload(device, stream, Bytes(4096, 1)), b = upload(device, stream, Bytes(4096, 2));
  const Buffer pinned = upload(device, stream, Bytes(4096, 3), KI_MEMORY_KIND_PINNED);
  const auto* const seen = reinterpret_cast<const volatile std::uint8_t*>(data_of(pinned));
  Gate gate(stream.get());
  check(ki_fill(stream.get(), data_of(a), 9, 4096));
  check(ki_copy(stream.get(), data_of(b), data_of(a), 4096));
  check(ki_copy(stream.get(), data_of(pinned), data_of(b), 4096));
  check(ki_fill(stream.get(), data_of(pinned), 8, 100));
  EXPECT_EQ(seen[0], 3) << "nothing has run yet";
  gate.open();
  check(ki_stream_synchronize(stream.get()));
  EXPECT_EQ(seen[0], 8);
  EXPECT_EQ(seen[100], 9);
  EXPECT_EQ(seen[4095], 9);
}

TEST_F(CudaQueuedWork, ABufferClosedWhileAKernelUsesItStaysUntilThatIsDone) {
  make_primary_current();
  const TestKernels kernels;
  Buffer buffer = upload(device, stream, Bytes(4096, 0));
  Gate gate(stream.get());
  kernels.launch("add_one", native(stream.get()), AddOneParams{reinterpret_cast<unsigned*>(data_of(buffer)), 1024}, 32);
  std::thread opener([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    gate.open();
  });
  buffer.reset();  // waits: a free that did not would leave the kernel without memory
  opener.join();
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_OK) << ki_last_error_message();
}

TEST_F(CudaQueuedWork, WorkOfAnotherStreamDoesNotHoldUpOurs) {
  const Stream other = create_stream(device);
  Gate gate(other.get());
  const Buffer buffer = create_buffer(device, 4096);
  check(ki_fill(stream.get(), data_of(buffer), 5, 4096));
  EXPECT_EQ(download(stream, buffer), Bytes(4096, 5));
  const Event event = create_event(device);
  check(ki_event_record(event.get(), other.get()));
  EXPECT_FALSE(reached(event));
  EXPECT_FALSE(gate.gave_up());
  gate.open();
  check(ki_stream_synchronize(other.get()));
}

TEST_F(CudaQueuedWork, AnIdleStreamOfOursDoesNotWaitForTheDefaultStream) {
  make_primary_current();
  const Stream legacy = wrap(device, nullptr);
  Gate gate(legacy.get());
  const Event event = create_event(device);
  check(ki_event_record(event.get(), stream.get()));
  check(ki_event_synchronize(event.get()));
  EXPECT_FALSE(gate.gave_up());
  gate.open();
  check(ki_stream_synchronize(legacy.get()));
}

}  // namespace
}  // namespace ki::test
