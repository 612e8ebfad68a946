#include "support/handles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "attention/attention_run.h"
#include "support/backends.h"

namespace ki::test {
namespace {

class DeviceHandles : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Devices, DeviceHandles, testing::ValuesIn(device_names()),
                         [](const auto& info) { return test_name(info.param); });

TEST_P(DeviceHandles, TheLiveCountFollowsEveryHandle) {
  const std::int64_t before = ki_live_handle_count();
  {
    const Device device = open_device(GetParam().c_str());
    EXPECT_EQ(ki_live_handle_count(), before + 1);
    const Stream stream = create_stream(device);
    EXPECT_EQ(ki_live_handle_count(), before + 2);
    const Event event = create_event(device);
    EXPECT_EQ(ki_live_handle_count(), before + 3);
    const Buffer buffer = create_buffer(device, 0);
    EXPECT_EQ(ki_live_handle_count(), before + 4);
  }
  EXPECT_EQ(ki_live_handle_count(), before);
}

TEST(Handles, RefusedCallsLeaveNone) {
  const std::int64_t before = ki_live_handle_count();
  ki_device* device = nullptr;
  EXPECT_NE(ki_device_open("nothing", nullptr, &device), KI_STATUS_OK);
  ki_stream* stream = nullptr;
  EXPECT_NE(ki_stream_create(nullptr, &stream), KI_STATUS_OK);
  ki_event* event = nullptr;
  EXPECT_NE(ki_event_create(nullptr, &event), KI_STATUS_OK);
  ki_buffer* buffer = nullptr;
  EXPECT_NE(ki_buffer_create(nullptr, KI_MEMORY_KIND_DEVICE, 8, &buffer), KI_STATUS_OK);
  EXPECT_EQ(ki_live_handle_count(), before);
}

TEST_P(DeviceHandles, CloseInAnyOrder) {
  const std::int64_t before = ki_live_handle_count();
  std::array<int, 4> order{0, 1, 2, 3};
  do {
    Device device = open_device(GetParam().c_str(), nullptr, 2);
    Stream stream = create_stream(device);
    Event event = create_event(device);
    Buffer buffer = create_buffer(device, 128);
    for (const int which : order) {
      if (stream != nullptr && event != nullptr) {
        EXPECT_EQ(ki_event_record(event.get(), stream.get()), KI_STATUS_OK);
        EXPECT_EQ(ki_event_synchronize(event.get()), KI_STATUS_OK);
      }
      if (stream != nullptr && buffer != nullptr) {
        EXPECT_EQ(ki_fill(stream.get(), data_of(buffer), 1, 128), KI_STATUS_OK);
      }
      switch (which) {
        case 0: device.reset(); break;
        case 1: stream.reset(); break;
        case 2: event.reset(); break;
        default: buffer.reset();
      }
    }
    EXPECT_EQ(ki_live_handle_count(), before);
  } while (std::ranges::next_permutation(order).found);
}

TEST(Handles, AStreamComputesAfterItsDeviceWasClosed) {
  const AttentionData data(scheduling_cases()[5]);
  const Device other = open_device("cpu", nullptr, 3);
  const AttentionOutcome want = run_attention(data, other);
  Device device = open_device("cpu", nullptr, 3);
  const Stream stream = create_stream(device);
  device.reset();
  EXPECT_TRUE(run_attention(data, other, stream.get()).bits == want.bits);
}

TEST(Handles, ClosingNullDoesNothing) {
  const std::int64_t before = ki_live_handle_count();
  ki_device_close(nullptr);
  ki_stream_close(nullptr);
  ki_event_close(nullptr);
  ki_buffer_close(nullptr);
  EXPECT_EQ(ki_live_handle_count(), before);
}

TEST(Handles, NullIsRefusedEverywhere) {
  const Device device = open_device("cpu");
  const Stream stream = create_stream(device);
  const Event event = create_event(device);
  const Buffer buffer = create_buffer(device, 8);
  ki_device_info info{};
  info.struct_size = sizeof(info);
  ki_device* new_device = nullptr;
  ki_stream* new_stream = nullptr;
  ki_event* new_event = nullptr;
  ki_buffer* new_buffer = nullptr;
  void* pointer = nullptr;
  std::uint64_t size = 0;
  std::int32_t reached = 0;
  double milliseconds = 0;
  std::uint8_t byte = 0;
  const auto ignore = [](void*, ki_status) {};

  const std::pair<const char*, std::function<ki_status()>> calls[] = {
      {"count", [&] { return ki_device_count(nullptr); }},
      {"info", [&] { return ki_device_describe(0, nullptr); }},
      {"name", [&] { return ki_device_open(nullptr, nullptr, &new_device); }},
      {"device", [&] { return ki_device_open("cpu", nullptr, nullptr); }},
      {"device", [&] { return ki_device_get_info(nullptr, &info); }},
      {"info", [&] { return ki_device_get_info(device.get(), nullptr); }},
      {"callback", [&] { return ki_probe(nullptr, nullptr); }},
      {"device", [&] { return ki_stream_create(nullptr, &new_stream); }},
      {"stream", [&] { return ki_stream_create(device.get(), nullptr); }},
      {"device", [&] { return ki_stream_wrap(nullptr, nullptr, &new_stream); }},
      {"stream", [&] { return ki_stream_wrap(device.get(), nullptr, nullptr); }},
      {"stream", [&] { return ki_stream_get_native(nullptr, &pointer); }},
      {"stream", [&] { return ki_stream_synchronize(nullptr); }},
      {"stream", [&] { return ki_stream_notify(nullptr, ignore, nullptr); }},
      {"callback", [&] { return ki_stream_notify(stream.get(), nullptr, nullptr); }},
      {"stream", [&] { return ki_stream_wait_event(nullptr, event.get()); }},
      {"event", [&] { return ki_stream_wait_event(stream.get(), nullptr); }},
      {"device", [&] { return ki_event_create(nullptr, &new_event); }},
      {"event", [&] { return ki_event_create(device.get(), nullptr); }},
      {"event", [&] { return ki_event_record(nullptr, stream.get()); }},
      {"stream", [&] { return ki_event_record(event.get(), nullptr); }},
      {"event", [&] { return ki_event_query(nullptr, &reached); }},
      {"reached", [&] { return ki_event_query(event.get(), nullptr); }},
      {"event", [&] { return ki_event_synchronize(nullptr); }},
      {"start", [&] { return ki_event_elapsed(nullptr, event.get(), &milliseconds); }},
      {"stop", [&] { return ki_event_elapsed(event.get(), nullptr, &milliseconds); }},
      {"milliseconds", [&] { return ki_event_elapsed(event.get(), event.get(), nullptr); }},
      {"device", [&] { return ki_buffer_create(nullptr, KI_MEMORY_KIND_DEVICE, 8, &new_buffer); }},
      {"buffer", [&] { return ki_buffer_create(device.get(), KI_MEMORY_KIND_DEVICE, 8, nullptr); }},
      {"buffer", [&] { return ki_buffer_get_data(nullptr, &pointer); }},
      {"data", [&] { return ki_buffer_get_data(buffer.get(), nullptr); }},
      {"buffer", [&] { return ki_buffer_get_size(nullptr, &size); }},
      {"size_bytes", [&] { return ki_buffer_get_size(buffer.get(), nullptr); }},
      {"stream", [&] { return ki_copy(nullptr, &byte, &byte, 1); }},
      {"destination", [&] { return ki_copy(stream.get(), nullptr, &byte, 1); }},
      {"source", [&] { return ki_copy(stream.get(), &byte, nullptr, 1); }},
      {"stream", [&] { return ki_fill(nullptr, &byte, 0, 1); }},
      {"destination", [&] { return ki_fill(stream.get(), nullptr, 0, 1); }},
  };
  int call = 0;
  for (const auto& [argument, run] : calls) {
    EXPECT_TRUE(refused(run(), KI_STATUS_INVALID_ARGUMENT, argument, {"NULL"})) << "call " << call;
    ++call;
  }
}

}  // namespace
}  // namespace ki::test
