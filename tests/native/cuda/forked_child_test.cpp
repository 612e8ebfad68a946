// CUDA does not survive a fork: a child hears so clearly, may use the CPU, and may close what it inherited.
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "cuda/driver_api.h"
#include "support/device_bytes.h"

namespace ki::test {
namespace {

using CudaForkedChild = CudaTest;

bool says_forked() { return std::strstr(ki_last_error_message(), "fork") != nullptr; }

/// Runs in the child; 0 is success, else which expectation failed.
int check_child(Device& device, Stream& stream, Buffer& buffer, Event& event) {
  if (ki_stream_synchronize(stream.get()) != KI_STATUS_DEVICE_ERROR || !says_forked()) return 1;
  if (ki_fill(stream.get(), data_of(buffer), 1, 64) != KI_STATUS_DEVICE_ERROR || !says_forked()) return 2;
  if (ki_event_record(event.get(), stream.get()) != KI_STATUS_DEVICE_ERROR || !says_forked()) return 3;
  ki_device* opened = nullptr;
  if (ki_device_open("cuda:0", nullptr, &opened) != KI_STATUS_DEVICE_ERROR || !says_forked()) return 4;
  std::int32_t count = 0;
  if (ki_device_count(&count) != KI_STATUS_OK || count != 1) return 5;
  if (ki_device_open("auto", nullptr, &opened) != KI_STATUS_OK) return 6;
  const Device chosen(opened);
  const ki_device_info info = info_of(chosen);
  if (std::string(info.name) != "cpu" || std::strstr(info.reason, "fork") == nullptr) return 7;
  const Stream work = create_stream(chosen);
  std::uint8_t bytes[64];
  if (ki_fill(work.get(), bytes, 3, 64) != KI_STATUS_OK || bytes[63] != 3) return 8;
  bool probed = false;
  const auto look = [](void* user_data, const ki_probe_entry* entry) {
    if (std::strstr(entry->detail, "fork") != nullptr) *static_cast<bool*>(user_data) = true;
  };
  if (ki_probe(look, &probed) != KI_STATUS_OK || !probed) return 9;
  buffer.reset();
  event.reset();
  stream.reset();
  device.reset();
  return 0;
}

TEST_F(CudaForkedChild, IsToldAndMayUseTheCpuAndCloseWhatItInherited) {
  Buffer buffer = upload(device, stream, std::vector<std::uint8_t>(64, 5));
  Event event = create_event(device);
  check(ki_event_record(event.get(), stream.get()));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    int failed = 100;
    try {
      failed = check_child(device, stream, buffer, event);
    } catch (...) {
    }
    _exit(failed);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "the child died of signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "which expectation of check_child failed";
  EXPECT_EQ(download(stream, buffer), std::vector<std::uint8_t>(64, 5)) << "the parent goes on";
}

}  // namespace
}  // namespace ki::test
