#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "support/handles.h"

namespace ki::test {
namespace {

class StreamTest : public testing::Test {
 protected:
  Device device = open_device("cpu");
  Stream stream = create_stream(device);
};

TEST_F(StreamTest, SynchronizingAnIdleStreamSucceeds) {
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_OK);
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_OK);
}

TEST_F(StreamTest, NotifyCallsBackOnceBeforeItReturnsOnTheCpu) {
  struct Told {
    int calls = 0;
    ki_status status = KI_STATUS_INTERNAL;
  } told;
  const auto callback = [](void* user_data, ki_status status) {
    auto& all = *static_cast<Told*>(user_data);
    ++all.calls;
    all.status = status;
  };
  ASSERT_EQ(ki_stream_notify(stream.get(), callback, &told), KI_STATUS_OK);
  EXPECT_EQ(told.calls, 1);
  EXPECT_EQ(told.status, KI_STATUS_OK);
}

TEST_F(StreamTest, TheCpuHasNoForeignStreams) {
  void* native = &device;
  EXPECT_EQ(ki_stream_get_native(stream.get(), &native), KI_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(native, &device);
  for (const std::uintptr_t value : {0, 1, 2, 4096}) {
    ki_stream* wrapped = reinterpret_cast<ki_stream*>(8);
    EXPECT_EQ(ki_stream_wrap(device.get(), reinterpret_cast<void*>(value), &wrapped), KI_STATUS_NOT_SUPPORTED);
    EXPECT_EQ(wrapped, nullptr);
    EXPECT_STRNE(ki_last_error_message(), "");
  }
}

TEST_F(StreamTest, AnEventThatWasNeverRecordedCountsAsReached) {
  const Event event = create_event(device);
  std::int32_t reached = 7;
  EXPECT_EQ(ki_event_query(event.get(), &reached), KI_STATUS_OK);
  EXPECT_EQ(reached, 1);
  EXPECT_EQ(ki_event_synchronize(event.get()), KI_STATUS_OK);
  EXPECT_EQ(ki_stream_wait_event(stream.get(), event.get()), KI_STATUS_OK);
}

TEST_F(StreamTest, ARecordedEventIsReached) {
  const Event event = create_event(device);
  ASSERT_EQ(ki_event_record(event.get(), stream.get()), KI_STATUS_OK);
  ASSERT_EQ(ki_stream_wait_event(stream.get(), event.get()), KI_STATUS_OK);
  ASSERT_EQ(ki_event_synchronize(event.get()), KI_STATUS_OK);
  std::int32_t reached = 0;
  ASSERT_EQ(ki_event_query(event.get(), &reached), KI_STATUS_OK);
  EXPECT_EQ(reached, 1);
}

TEST_F(StreamTest, ElapsedTimeRunsFromTheEarlierEventToTheLater) {
  const Event start = create_event(device), stop = create_event(device);
  check(ki_event_record(start.get(), stream.get()));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  check(ki_event_record(stop.get(), stream.get()));
  double forward = 0, backward = 0, none = 1;
  ASSERT_EQ(ki_event_elapsed(start.get(), stop.get(), &forward), KI_STATUS_OK);
  ASSERT_EQ(ki_event_elapsed(stop.get(), start.get(), &backward), KI_STATUS_OK);
  ASSERT_EQ(ki_event_elapsed(stop.get(), stop.get(), &none), KI_STATUS_OK);
  EXPECT_GE(forward, 2.0);  // a sleep is never shorter than asked for: this checks the unit, not a speed
  EXPECT_DOUBLE_EQ(backward, -forward);
  EXPECT_EQ(none, 0.0);
}

TEST_F(StreamTest, RecordingAgainForgetsTheEarlierTime) {
  const Event start = create_event(device), stop = create_event(device);
  check(ki_event_record(stop.get(), stream.get()));
  check(ki_event_record(start.get(), stream.get()));
  check(ki_event_record(stop.get(), stream.get()));
  double milliseconds = -1;
  ASSERT_EQ(ki_event_elapsed(start.get(), stop.get(), &milliseconds), KI_STATUS_OK);
  EXPECT_GE(milliseconds, 0.0);
}

TEST_F(StreamTest, NoTimeElapsesBetweenEventsThatWereNotRecorded) {
  const Event recorded = create_event(device), never = create_event(device);
  check(ki_event_record(recorded.get(), stream.get()));
  double milliseconds = 77;
  EXPECT_TRUE(refused(ki_event_elapsed(never.get(), recorded.get(), &milliseconds), KI_STATUS_INVALID_ARGUMENT, "start",
                      {"recorded"}));
  EXPECT_TRUE(refused(ki_event_elapsed(recorded.get(), never.get(), &milliseconds), KI_STATUS_INVALID_ARGUMENT, "stop",
                      {"recorded"}));
  EXPECT_EQ(milliseconds, 77);
}

TEST_F(StreamTest, EventsOfAnotherDeviceAreRefused) {
  const Device other = open_device("cpu");
  const Event foreign = create_event(other);
  EXPECT_TRUE(refused(ki_event_record(foreign.get(), stream.get()), KI_STATUS_INVALID_ARGUMENT, "stream"));
  EXPECT_TRUE(refused(ki_stream_wait_event(stream.get(), foreign.get()), KI_STATUS_INVALID_ARGUMENT, "event"));
}

}  // namespace
}  // namespace ki::test
