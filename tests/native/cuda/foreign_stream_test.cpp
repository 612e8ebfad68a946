// Streams and contexts of other libraries: whatever CUstream comes in, the call runs in its context, and the caller's own
// current context stays as it was.
#include <cstdint>
#include <thread>
#include <vector>

#include "cuda/driver_api.h"
#include "cuda/test_kernels.h"
#include "support/device_bytes.h"

namespace ki::test {
namespace {

using Bytes = std::vector<std::uint8_t>;
using CudaForeignStream = CudaTest;

/// Fills, copies, records and waits on a stream that shares a context with `memory`, of 256 bytes.
void use(const Device& device, const Stream& stream, void* memory) {
  check(ki_fill(stream.get(), memory, 7, 256));
  const Event done = create_event(device);
  check(ki_event_record(done.get(), stream.get()));
  check(ki_event_synchronize(done.get()));
  EXPECT_EQ(download(stream, memory, 256), Bytes(256, 7));
  const Bytes bytes = counting_bytes(100);
  check(ki_copy(stream.get(), static_cast<std::byte*>(memory) + 50, bytes.data(), bytes.size()));
  check(ki_stream_synchronize(stream.get()));
  const Bytes got = download(stream, memory, 256);
  EXPECT_EQ(Bytes(got.begin() + 50, got.begin() + 150), bytes);
  EXPECT_EQ(got[49], 7);
  EXPECT_EQ(got[150], 7);
}

TEST_F(CudaForeignStream, OurOwnGoesOutAndComesInAgain) {
  const Stream again = wrap(device, native(stream.get()));
  EXPECT_EQ(native(again.get()), native(stream.get()));
  const Buffer buffer = create_buffer(device, 256);
  use(device, again, data_of(buffer));
}

TEST_F(CudaForeignStream, TheSpecialStreamsAreStreamsOfTheDevice) {
  for (const std::uintptr_t value : {0, 1, 2}) {
    SCOPED_TRACE(value);
    const Stream special = wrap(device, reinterpret_cast<CUstream>(value));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(native(special.get())), value);
    const Buffer buffer = create_buffer(device, 256);
    use(device, special, data_of(buffer));
    EXPECT_EQ(current_context(), nullptr);
  }
}

TEST_F(CudaForeignStream, AStreamOfAForeignContextRunsInThatContext) {
  const ForeignContext foreign;
  CUstream handle = nullptr;
  KI_CALL_DRIVER(cuStreamCreate, &handle, CU_STREAM_NON_BLOCKING);
  CUdeviceptr memory = 0;
  KI_CALL_DRIVER(cuMemAlloc, &memory, 256);
  const Stream wrapped = wrap(device, handle);
  use(device, wrapped, pointer(memory));
  EXPECT_EQ(current_context(), foreign.get());

  std::thread([&] {  // where no context is current
    use(device, wrapped, pointer(memory));
    EXPECT_EQ(current_context(), nullptr);
  })
      .join();
  KI_CALL_DRIVER(cuMemFree, memory);
  KI_CALL_DRIVER(cuStreamDestroy, handle);
}

TEST_F(CudaForeignStream, TheSpecialStreamsAreThoseOfTheContextThatWasCurrent) {
  const ForeignContext foreign;
  const TestKernels kernels;  // in that context
  CUdeviceptr memory = 0;
  KI_CALL_DRIVER(cuMemAlloc, &memory, 256);
  const Stream wrapped = wrap(device, nullptr);
  check(ki_fill(wrapped.get(), pointer(memory), 1, 256));
  kernels.launch("add_one", nullptr, AddOneParams{static_cast<unsigned*>(pointer(memory)), 64}, 2);
  const Bytes got = download(wrapped, pointer(memory), 256);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i % 4 == 0 ? 2 : 1) << i;
  KI_CALL_DRIVER(cuMemFree, memory);
}

TEST_F(CudaForeignStream, TheCallersContextStaysCurrentWhateverIsCalled) {
  const ForeignContext foreign;
  const Stream more = create_stream(device);
  const Buffer buffer = create_buffer(device, 256), pinned = create_buffer(device, 256, KI_MEMORY_KIND_PINNED);
  use(device, stream, data_of(buffer));
  use(device, stream, data_of(pinned));
  const Event event = create_event(device);
  check(ki_event_record(event.get(), stream.get()));
  check(ki_stream_wait_event(more.get(), event.get()));
  check(ki_stream_notify(
      stream.get(), [](void*, ki_status) {}, nullptr));
  check(ki_stream_synchronize(stream.get()));
  EXPECT_EQ(current_context(), foreign.get());
  open_device("cuda:0");
  EXPECT_EQ(current_context(), foreign.get());
  EXPECT_NE(ki_stream_wrap(nullptr, nullptr, nullptr), KI_STATUS_OK);
  EXPECT_EQ(current_context(), foreign.get());
}

TEST_F(CudaForeignStream, ClosingAWrapperLeavesTheStreamAlone) {
  const ForeignContext foreign;
  CUstream handle = nullptr;
  KI_CALL_DRIVER(cuStreamCreate, &handle, CU_STREAM_NON_BLOCKING);
  wrap(device, handle).reset();
  EXPECT_EQ(KI_DRIVER(cuStreamQuery)(handle), CUDA_SUCCESS);
  KI_CALL_DRIVER(cuStreamDestroy, handle);
}

TEST_F(CudaForeignStream, AnEventOfOneContextOrdersAStreamOfAnother) {
  const ForeignContext foreign;
  CUstream handle = nullptr;
  KI_CALL_DRIVER(cuStreamCreate, &handle, CU_STREAM_NON_BLOCKING);
  const Stream theirs = wrap(device, handle);
  const Buffer pinned = create_buffer(device, 1 << 16, KI_MEMORY_KIND_PINNED);  // both contexts reach it
  const Buffer ours = create_buffer(device, 1 << 16);
  const Event event = create_event(device);
  for (std::uint8_t round = 1; round < 6; ++round) {
    check(ki_fill(theirs.get(), data_of(pinned), round, 1 << 16));
    check(ki_event_record(event.get(), theirs.get()));
    check(ki_stream_wait_event(stream.get(), event.get()));
    check(ki_copy(stream.get(), data_of(ours), data_of(pinned), 1 << 16));
    check(ki_event_record(event.get(), stream.get()));  // the same event, now in our context
    check(ki_stream_wait_event(theirs.get(), event.get()));
    EXPECT_EQ(download(stream, ours), Bytes(1 << 16, round));
  }
  KI_CALL_DRIVER(cuStreamDestroy, handle);
}

TEST_F(CudaForeignStream, TimeIsNotMeasuredAcrossContexts) {
  const ForeignContext foreign;
  const Stream theirs = wrap(device, nullptr);
  const Event start = create_event(device), stop = create_event(device);
  check(ki_event_record(start.get(), stream.get()));
  check(ki_event_record(stop.get(), theirs.get()));
  check(ki_event_synchronize(start.get()));
  check(ki_event_synchronize(stop.get()));
  double milliseconds = 77;
  EXPECT_TRUE(refused(ki_event_elapsed(start.get(), stop.get(), &milliseconds), KI_STATUS_INVALID_ARGUMENT, "stop",
                      {"context"}));
  EXPECT_EQ(milliseconds, 77);
}

}  // namespace
}  // namespace ki::test
