// Two CUDA devices in one process: each computes, and neither takes what belongs to the other.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "attention/attention_problem.h"
#include "attention/attention_run.h"

namespace ki::test {
namespace {

/// Before the driver is loaded.
const bool two_devices = setenv("VGPU_DEVICES", "2", 1) == 0;

class CudaTwoDevices : public testing::Test {
 protected:
  void SetUp() override {
    std::int32_t count = 0;
    check(ki_device_count(&count));
    if (count < 3) GTEST_SKIP() << "this machine's CUDA driver has fewer than two devices";
    for (int i = 0; i < 2; ++i) {
      devices[i] = open_device(i == 0 ? "cuda:0" : "cuda:1");
      streams[i] = create_stream(devices[i]);
    }
  }

  Device devices[2];
  Stream streams[2];
};

TEST_F(CudaTwoDevices, HaveNamesOfTheirOwn) {
  for (int i = 0; i < 2; ++i) {
    const ki_device_info info = info_of(devices[i]);
    EXPECT_EQ(std::string(info.name), "cuda:" + std::to_string(i));
    EXPECT_EQ(info.ordinal, i);
  }
  ki_device* third = nullptr;
  EXPECT_TRUE(refused(ki_device_open("cuda:2", nullptr, &third), KI_STATUS_DEVICE_NOT_FOUND, "name", {"cuda:2"}));
}

TEST_F(CudaTwoDevices, BothCompute) {
  AttentionCase attention_case;
  attention_case.dtype = KI_DTYPE_BFLOAT16;
  attention_case.seq_q = attention_case.seq_k = 70;
  attention_case.head_dim = attention_case.head_dim_v = 64;
  const AttentionData data(attention_case);
  const AttentionExpectation expectation(data);
  for (int i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    EXPECT_TRUE(is_right(data, run_attention(data, devices[i], streams[i].get()), expectation));
  }
}

TEST_F(CudaTwoDevices, AttentionRefusesTheOthersTensors) {
  AttentionProblem parts;
  Buffer buffers[4];
  ki_tensor* tensors[] = {&parts.query, &parts.key, &parts.value, &parts.output};
  for (int i = 0; i < 4; ++i) {
    buffers[i] = create_buffer(devices[0], 16 * sizeof(float));
    *tensors[i] = dense_view(KI_DTYPE_FLOAT32, data_of(buffers[i]), {1, 2, 1, 8});
    tensors[i]->device_kind = KI_DEVICE_KIND_CUDA;
  }
  parts.key.device_ordinal = 1;
  const ki_attention_problem problem = parts.view();
  EXPECT_TRUE(refused(ki_attention_forward(streams[0].get(), &problem, nullptr, 0), KI_STATUS_INVALID_ARGUMENT, "key",
                      {"cuda:1", "cuda:0"}));
}

TEST_F(CudaTwoDevices, StreamsRefuseTheOthersEvents) {
  const Event event = create_event(devices[1]);
  EXPECT_TRUE(refused(ki_event_record(event.get(), streams[0].get()), KI_STATUS_INVALID_ARGUMENT, "stream"));
  EXPECT_TRUE(refused(ki_stream_wait_event(streams[0].get(), event.get()), KI_STATUS_INVALID_ARGUMENT, "event"));
}

TEST_F(CudaTwoDevices, AStreamIsWrappedByItsOwnDeviceOnly) {
  void* native = nullptr;
  check(ki_stream_get_native(streams[1].get(), &native));
  ki_stream* wrapped = nullptr;
  EXPECT_TRUE(refused(ki_stream_wrap(devices[0].get(), native, &wrapped), KI_STATUS_INVALID_ARGUMENT, "native_stream",
                      {"cuda:1", "cuda:0"}));
  EXPECT_EQ(wrapped, nullptr);
}

TEST_F(CudaTwoDevices, BytesTravelByWayOfTheHost) {
  const Buffer first = create_buffer(devices[0], 64), second = create_buffer(devices[1], 64);
  check(ki_fill(streams[0].get(), data_of(first), 5, 64));
  std::uint8_t bytes[64] = {};
  check(ki_copy(streams[0].get(), bytes, data_of(first), 64));
  check(ki_stream_synchronize(streams[0].get()));
  check(ki_copy(streams[1].get(), data_of(second), bytes, 64));
  std::uint8_t back[64] = {};
  check(ki_copy(streams[1].get(), back, data_of(second), 64));
  check(ki_stream_synchronize(streams[1].get()));
  for (const std::uint8_t byte : back) EXPECT_EQ(byte, 5);
}

}  // namespace
}  // namespace ki::test
