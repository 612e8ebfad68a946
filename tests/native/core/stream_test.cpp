// Streams and events, on every device.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "support/backends.h"
#include "support/handles.h"

namespace ki::test {
namespace {

class StreamTest : public testing::TestWithParam<std::string> {
 protected:
  Device device = open_device(GetParam().c_str());
  Stream stream = create_stream(device);
};

INSTANTIATE_TEST_SUITE_P(Devices, StreamTest, testing::ValuesIn(device_names()),
                         [](const auto& info) { return test_name(info.param); });

TEST_P(StreamTest, SynchronizingAnIdleStreamSucceeds) {
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_OK);
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_OK);
}

TEST_P(StreamTest, NotifyCallsBackOnceWhenTheWorkIsDone) {
  struct Told {
    std::atomic<int> calls = 0;
    std::atomic<ki_status> status = KI_STATUS_INTERNAL;
  } told;
  const auto callback = [](void* user_data, ki_status status) {
    auto& all = *static_cast<Told*>(user_data);
    all.status = status;
    ++all.calls;
  };
  ASSERT_EQ(ki_stream_notify(stream.get(), callback, &told), KI_STATUS_OK);
  if (GetParam() == "cpu") {
    EXPECT_EQ(told.calls, 1) << "the CPU calls back before it returns";
  }
  check(ki_stream_synchronize(stream.get()));
  EXPECT_EQ(told.calls, 1);
  EXPECT_EQ(told.status, KI_STATUS_OK);
  check(ki_stream_synchronize(stream.get()));
  EXPECT_EQ(told.calls, 1);
}

TEST(CpuStreamTest, TheCpuHasNoForeignStreams) {
  const Device device = open_device("cpu");
  const Stream stream = create_stream(device);
  int here = 0;
  void* native = &here;
  EXPECT_EQ(ki_stream_get_native(stream.get(), &native), KI_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(native, &here);
  for (const std::uintptr_t value : {0, 1, 2, 4096}) {
    ki_stream* wrapped = reinterpret_cast<ki_stream*>(8);
    EXPECT_EQ(ki_stream_wrap(device.get(), reinterpret_cast<void*>(value), &wrapped), KI_STATUS_NOT_SUPPORTED);
    EXPECT_EQ(wrapped, nullptr);
    EXPECT_STRNE(ki_last_error_message(), "");
  }
}

TEST_P(StreamTest, AnEventThatWasNeverRecordedCountsAsReached) {
  const Event event = create_event(device);
  std::int32_t reached = 7;
  EXPECT_EQ(ki_event_query(event.get(), &reached), KI_STATUS_OK);
  EXPECT_EQ(reached, 1);
  EXPECT_EQ(ki_event_synchronize(event.get()), KI_STATUS_OK);
  EXPECT_EQ(ki_stream_wait_event(stream.get(), event.get()), KI_STATUS_OK);
}

TEST_P(StreamTest, ARecordedEventIsReached) {
  const Event event = create_event(device);
  ASSERT_EQ(ki_event_record(event.get(), stream.get()), KI_STATUS_OK);
  ASSERT_EQ(ki_stream_wait_event(stream.get(), event.get()), KI_STATUS_OK);
  ASSERT_EQ(ki_event_synchronize(event.get()), KI_STATUS_OK);
  std::int32_t reached = 0;
  ASSERT_EQ(ki_event_query(event.get(), &reached), KI_STATUS_OK);
  EXPECT_EQ(reached, 1);
}

TEST_P(StreamTest, ElapsedTimeRunsFromTheEarlierEventToTheLater) {
  const Event start = create_event(device), stop = create_event(device);
  check(ki_event_record(start.get(), stream.get()));
  check(ki_event_synchronize(start.get()));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  check(ki_event_record(stop.get(), stream.get()));
  double forward = 0, backward = 0, none = 1;
  check(ki_event_synchronize(stop.get()));
  ASSERT_EQ(ki_event_elapsed(start.get(), stop.get(), &forward), KI_STATUS_OK);
  ASSERT_EQ(ki_event_elapsed(stop.get(), start.get(), &backward), KI_STATUS_OK);
  ASSERT_EQ(ki_event_elapsed(stop.get(), stop.get(), &none), KI_STATUS_OK);
  EXPECT_GE(forward, 1.99);  // a sleep is never shorter than asked for: this checks the unit, not a speed
  EXPECT_DOUBLE_EQ(backward, -forward);
  EXPECT_EQ(none, 0.0);
}

TEST_P(StreamTest, RecordingAgainForgetsTheEarlierTime) {
  const Event start = create_event(device), stop = create_event(device);
  check(ki_event_record(stop.get(), stream.get()));
  check(ki_event_record(start.get(), stream.get()));
  check(ki_event_record(stop.get(), stream.get()));
  check(ki_event_synchronize(stop.get()));
  double milliseconds = -1;
  ASSERT_EQ(ki_event_elapsed(start.get(), stop.get(), &milliseconds), KI_STATUS_OK);
  EXPECT_GE(milliseconds, 0.0);
}

TEST_P(StreamTest, NoTimeElapsesBetweenEventsThatWereNotRecorded) {
  const Event recorded = create_event(device), never = create_event(device);
  check(ki_event_record(recorded.get(), stream.get()));
  double milliseconds = 77;
  EXPECT_TRUE(refused(ki_event_elapsed(never.get(), recorded.get(), &milliseconds), KI_STATUS_INVALID_ARGUMENT, "start",
                      {"recorded"}));
  EXPECT_TRUE(refused(ki_event_elapsed(recorded.get(), never.get(), &milliseconds), KI_STATUS_INVALID_ARGUMENT, "stop",
                      {"recorded"}));
  EXPECT_EQ(milliseconds, 77);
}

TEST_P(StreamTest, EventsOfAnotherDeviceAreRefused) {
  const Device other = open_device(GetParam().c_str());
  const Event foreign = create_event(other);
  EXPECT_TRUE(refused(ki_event_record(foreign.get(), stream.get()), KI_STATUS_INVALID_ARGUMENT, "stream"));
  EXPECT_TRUE(refused(ki_stream_wait_event(stream.get(), foreign.get()), KI_STATUS_INVALID_ARGUMENT, "event"));
}

/// Each stream does its work in order, and events order the work of several.
TEST_P(StreamTest, AnEventOrdersTheWorkOfTwoStreams) {
  const Stream second = create_stream(device);
  const Buffer a = create_buffer(device, 4096), b = create_buffer(device, 4096);
  const Event filled = create_event(device), copied = create_event(device);
  for (std::uint8_t round = 1; round < 10; ++round) {
    check(ki_stream_wait_event(stream.get(), copied.get()));  // from the second round on
    check(ki_fill(stream.get(), data_of(a), round, 4096));
    check(ki_event_record(filled.get(), stream.get()));
    check(ki_stream_wait_event(second.get(), filled.get()));
    check(ki_copy(second.get(), data_of(b), data_of(a), 4096));
    check(ki_event_record(copied.get(), second.get()));
    std::uint8_t got[4096];
    check(ki_copy(second.get(), got, data_of(b), 4096));
    EXPECT_EQ(got[0], round);
    EXPECT_EQ(got[4095], round);
  }
}

}  // namespace
}  // namespace ki::test
