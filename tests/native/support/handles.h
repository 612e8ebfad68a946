#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>

#include "kernels_interop.h"

// Owners of the C ABI's handles. Creating one that the library refuses throws, which fails the test.
namespace ki::test {

struct CloseHandle {
  void operator()(ki_device* handle) const { ki_device_close(handle); }
  void operator()(ki_stream* handle) const { ki_stream_close(handle); }
  void operator()(ki_event* handle) const { ki_event_close(handle); }
  void operator()(ki_buffer* handle) const { ki_buffer_close(handle); }
  void operator()(ki_long_convolution_plan* handle) const { ki_long_convolution_plan_close(handle); }
};

using Device = std::unique_ptr<ki_device, CloseHandle>;
using Stream = std::unique_ptr<ki_stream, CloseHandle>;
using Event = std::unique_ptr<ki_event, CloseHandle>;
using Buffer = std::unique_ptr<ki_buffer, CloseHandle>;

/// What the library refuses because a device cannot do it.
struct NotSupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check(ki_status status) {
  if (status == KI_STATUS_OK) return;
  if (status == KI_STATUS_NOT_SUPPORTED) {
    throw NotSupported(std::string(ki_last_error_argument()) + " " + ki_last_error_message());
  }
  throw std::runtime_error(std::string(ki_status_name(status)) + ": " + ki_last_error_message());
}

inline Device open_device(const char* name, const char* target = nullptr, int thread_count = 0) {
  ki_device_options options{};
  options.struct_size = sizeof(options);
  options.target = target;
  options.thread_count = thread_count;
  ki_device* device = nullptr;
  check(ki_device_open(name, &options, &device));
  return Device(device);
}

inline Stream create_stream(const Device& device) {
  ki_stream* stream = nullptr;
  check(ki_stream_create(device.get(), &stream));
  return Stream(stream);
}

inline Event create_event(const Device& device) {
  ki_event* event = nullptr;
  check(ki_event_create(device.get(), &event));
  return Event(event);
}

inline Buffer create_buffer(const Device& device, std::uint64_t size_bytes,
                            ki_memory_kind kind = KI_MEMORY_KIND_DEVICE) {
  ki_buffer* buffer = nullptr;
  check(ki_buffer_create(device.get(), kind, size_bytes, &buffer));
  return Buffer(buffer);
}

inline std::byte* data_of(const Buffer& buffer) {
  void* data = nullptr;
  check(ki_buffer_get_data(buffer.get(), &data));
  return static_cast<std::byte*>(data);
}

inline ki_device_info info_of(const Device& device) {
  ki_device_info info{};
  info.struct_size = sizeof(info);
  check(ki_device_get_info(device.get(), &info));
  return info;
}

/// The call was refused with this status, naming this argument, and the message holds each of these texts.
inline testing::AssertionResult refused(ki_status got, ki_status want, const std::string& argument,
                                        std::initializer_list<std::string> texts = {}) {
  if (got != want) {
    return testing::AssertionFailure() << "status is " << ki_status_name(got) << ", want " << ki_status_name(want)
                                       << "; last message: " << ki_last_error_message();
  }
  const std::string message = ki_last_error_message();
  if (ki_last_error_argument() != argument) {
    return testing::AssertionFailure() << "argument is '" << ki_last_error_argument() << "', want '" << argument
                                       << "'; message: " << message;
  }
  if (message.empty()) return testing::AssertionFailure() << "the message is empty";
  for (const std::string& text : texts) {
    if (message.find(text) == std::string::npos) {
      return testing::AssertionFailure() << "'" << text << "' is not in the message: " << message;
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace ki::test
