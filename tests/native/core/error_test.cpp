#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/handles.h"

namespace ki::test {
namespace {

TEST(Errors, EveryStatusHasItsName) {
  EXPECT_STREQ(ki_status_name(KI_STATUS_OK), "KI_STATUS_OK");
  EXPECT_STREQ(ki_status_name(KI_STATUS_INVALID_ARGUMENT), "KI_STATUS_INVALID_ARGUMENT");
  EXPECT_STREQ(ki_status_name(KI_STATUS_NOT_SUPPORTED), "KI_STATUS_NOT_SUPPORTED");
  EXPECT_STREQ(ki_status_name(KI_STATUS_OUT_OF_MEMORY), "KI_STATUS_OUT_OF_MEMORY");
  EXPECT_STREQ(ki_status_name(KI_STATUS_DEVICE_NOT_FOUND), "KI_STATUS_DEVICE_NOT_FOUND");
  EXPECT_STREQ(ki_status_name(KI_STATUS_DEVICE_ERROR), "KI_STATUS_DEVICE_ERROR");
  EXPECT_STREQ(ki_status_name(KI_STATUS_INTERNAL), "KI_STATUS_INTERNAL");
  for (const int none : {-1, 7, 1 << 30}) EXPECT_STREQ(ki_status_name(static_cast<ki_status>(none)), "unknown status");
}

TEST(Errors, AThreadThatNeverFailedHasNone) {
  EXPECT_EQ(ki_stream_synchronize(nullptr), KI_STATUS_INVALID_ARGUMENT);
  std::thread([] {
    EXPECT_STREQ(ki_last_error_message(), "");
    EXPECT_STREQ(ki_last_error_argument(), "");
  }).join();
}

TEST(Errors, EachThreadKeepsItsOwn) {
  ki_device* device = nullptr;
  EXPECT_NE(ki_device_open("here", nullptr, &device), KI_STATUS_OK);
  std::thread([] {
    EXPECT_NE(ki_event_synchronize(nullptr), KI_STATUS_OK);
    EXPECT_STREQ(ki_last_error_argument(), "event");
  }).join();
  EXPECT_STREQ(ki_last_error_argument(), "name");
  EXPECT_NE(std::string(ki_last_error_message()).find("here"), std::string::npos);
}

TEST(Errors, SuccessKeepsTheLastFailure) {
  EXPECT_NE(ki_stream_synchronize(nullptr), KI_STATUS_OK);
  const std::string message = ki_last_error_message();
  const char* address = ki_last_error_message();
  const Device device = open_device("cpu");
  EXPECT_EQ(ki_last_error_message(), address);
  EXPECT_EQ(ki_last_error_message(), message);
  EXPECT_STREQ(ki_last_error_argument(), "stream");
}

TEST(Errors, AnAbsurdlyLongNameIsRefusedWithAMessageThatEnds) {
  ki_device* device = nullptr;
  const std::string name(100000, 'x');
  EXPECT_EQ(ki_device_open(name.c_str(), nullptr, &device), KI_STATUS_INVALID_ARGUMENT);
  EXPECT_LT(std::string(ki_last_error_message()).size(), name.size());
  EXPECT_STREQ(ki_last_error_argument(), "name");
}

}  // namespace
}  // namespace ki::test
