// An operator that is given a workspace can be captured into a graph, which then computes what a call computes; what a graph
// cannot hold is refused without spoiling the capture.
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "attention/attention_problem.h"
#include "cuda/driver_api.h"
#include "support/device_bytes.h"

namespace ki::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

class CudaGraphCapture : public CudaTest {
 protected:
  void SetUp() override {
    CudaTest::SetUp();
    if (IsSkipped()) return;
    make_primary_current();
  }

  void begin(CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL) {
    KI_CALL_DRIVER(cuStreamBeginCapture, native(stream.get()), mode);
  }

  /// Ends the capture and runs the graph so many times.
  void end_and_run(int times) {
    CUgraph graph = nullptr;
    KI_CALL_DRIVER(cuStreamEndCapture, native(stream.get()), &graph);
    CUgraphExec exec = nullptr;
    KI_CALL_DRIVER(cuGraphInstantiateWithFlags, &exec, graph, 0);
    for (int i = 0; i < times; ++i) KI_CALL_DRIVER(cuGraphLaunch, exec, native(stream.get()));
    check(ki_stream_synchronize(stream.get()));
    KI_CALL_DRIVER(cuGraphExecDestroy, exec);
    KI_CALL_DRIVER(cuGraphDestroy, graph);
  }
};

TEST_F(CudaGraphCapture, HoldsFillsAndCopies) {
  const Buffer a = upload(device, stream, Bytes(4096, 1)), b = upload(device, stream, Bytes(4096, 2));
  const Buffer pinned = upload(device, stream, Bytes(4096, 3), KI_MEMORY_KIND_PINNED);
  begin();
  check(ki_copy(stream.get(), data_of(a), data_of(pinned), 4096));
  check(ki_copy(stream.get(), data_of(b), data_of(a), 4096));
  check(ki_fill(stream.get(), data_of(a), 4, 4096));
  end_and_run(0);
  EXPECT_EQ(download(stream, b), Bytes(4096, 2)) << "a capture runs nothing";
  begin();
  check(ki_copy(stream.get(), data_of(a), data_of(pinned), 4096));
  check(ki_copy(stream.get(), data_of(b), data_of(a), 4096));
  check(ki_fill(stream.get(), data_of(a), 4, 4096));
  end_and_run(2);
  EXPECT_EQ(download(stream, a), Bytes(4096, 4));
  EXPECT_EQ(download(stream, b), Bytes(4096, 3));
}

TEST_F(CudaGraphCapture, RefusesWhatItCannotHoldAndGoesOn) {
  const Buffer buffer = upload(device, stream, Bytes(64, 1));
  std::uint8_t pageable[64] = {};
  int calls = 0;
  const auto count = [](void* user_data, ki_status) { ++*static_cast<int*>(user_data); };
  const std::pair<const char*, std::function<ki_status()>> refusals[] = {
      {"wait of the host", [&] { return ki_stream_synchronize(stream.get()); }},
      {"notification", [&] { return ki_stream_notify(stream.get(), count, &calls); }},
      {"pageable", [&] { return ki_copy(stream.get(), pageable, data_of(buffer), 64); }},
      {"pageable", [&] { return ki_copy(stream.get(), data_of(buffer), pageable, 64); }},
      {"pageable", [&] { return ki_fill(stream.get(), pageable, 1, 64); }},
  };
  begin();
  for (const auto& [word, call] : refusals) {
    EXPECT_TRUE(refused(call(), KI_STATUS_NOT_SUPPORTED, "stream", {"captured", word}));
  }
  check(ki_fill(stream.get(), data_of(buffer), 6, 64));
  end_and_run(1);
  EXPECT_EQ(download(stream, buffer), Bytes(64, 6));
  EXPECT_EQ(calls, 0);
}

TEST_F(CudaGraphCapture, IsNotSpoiledByBuffersThatComeAndGoMeanwhile) {
  const Buffer buffer = upload(device, stream, Bytes(64, 1));
  begin();
  create_buffer(device, 1 << 20).reset();
  create_buffer(device, 64, KI_MEMORY_KIND_PINNED).reset();
  check(ki_fill(stream.get(), data_of(buffer), 6, 64));
  end_and_run(1);
  EXPECT_EQ(download(stream, buffer), Bytes(64, 6));
}

enum class Keys { plain, cached };

/// Attention over [1, 40, 2, 64] bfloat16, whose bytes are any. Where keys are cached, the last is appended first, and all
/// are split in three.
class CapturedAttention {
 public:
  CapturedAttention(const Device& device, const Stream& stream, Keys keys) : device_(device) {
    Bytes halves(kBytes);
    for (std::size_t i = 0; i < kBytes; i += 2) {  // bfloat16 of both signs between 1 and 2
      halves[i] = static_cast<std::uint8_t>(i * 37 / 2);
      halves[i + 1] = i % 3 == 0 ? 0xBF : 0x3F;
    }
    for (Buffer* buffer : {&query_, &key_, &value_, &output_}) *buffer = upload(device, stream, halves);
    const ki_device_info info = info_of(device);
    const auto view = [&](const Buffer& buffer) {
      ki_tensor tensor = dense_view(KI_DTYPE_BFLOAT16, data_of(buffer), {1, 40, 2, 64});
      tensor.device_kind = info.kind;
      tensor.device_ordinal = info.ordinal;
      return tensor;
    };
    parts_.query = view(query_);
    parts_.key = view(key_);
    parts_.value = view(value_);
    parts_.output = view(output_);
    problem_ = parts_.view();
    if (keys == Keys::cached) {
      used_ = upload(device, stream, {39, 0, 0, 0});
      for (Buffer* buffer : {&new_key_, &new_value_}) *buffer = upload(device, stream, Bytes(2 * 64 * 2, 0x3F));
      used_view_ = dense_view(KI_DTYPE_INT32, data_of(used_), {1});
      new_key_view_ = dense_view(KI_DTYPE_BFLOAT16, data_of(new_key_), {1, 1, 2, 64});
      new_value_view_ = dense_view(KI_DTYPE_BFLOAT16, data_of(new_value_), {1, 1, 2, 64});
      for (ki_tensor* tensor : {&used_view_, &new_key_view_, &new_value_view_}) {
        tensor->device_kind = info.kind;
        tensor->device_ordinal = info.ordinal;
      }
      cache_.struct_size = sizeof(cache_);
      cache_.new_key = &new_key_view_;
      cache_.new_value = &new_value_view_;
      problem_.cache = &cache_;
      problem_.seqused_k = &used_view_;
      problem_.split_count = 3;
    }
    check(ki_attention_forward_workspace(device.get(), &problem_, &workspace_bytes_));
    workspace_ = create_buffer(device, workspace_bytes_);
  }

  ki_status forward(const Stream& stream) const {
    return ki_attention_forward(stream.get(), &problem_, data_of(workspace_), workspace_bytes_);
  }
  const Buffer& output() const { return output_; }
  std::size_t output_bytes() const { return kBytes; }

 private:
  static constexpr std::size_t kBytes = 40 * 2 * 64 * 2;
  const Device& device_;
  Buffer query_, key_, value_, output_, workspace_, used_, new_key_, new_value_;
  ki_tensor used_view_{}, new_key_view_{}, new_value_view_{};
  ki_attention_cache cache_{};
  AttentionProblem parts_;
  ki_attention_problem problem_{};
  std::uint64_t workspace_bytes_ = 0;
};

TEST_F(CudaGraphCapture, HoldsAttentionWithAWorkspace) {
  for (const Keys keys : {Keys::plain, Keys::cached}) {
    SCOPED_TRACE(keys == Keys::cached ? "cached" : "plain");
    const CapturedAttention attention(device, stream, keys);
    begin();
    ASSERT_EQ(attention.forward(stream), KI_STATUS_OK) << ki_last_error_message();
    check(ki_fill(stream.get(), data_of(attention.output()), 0, 0));
    end_and_run(1);
    const Bytes captured = download(stream, attention.output());
    check(ki_fill(stream.get(), data_of(attention.output()), 0xEE, attention.output_bytes()));
    check(attention.forward(stream));
    EXPECT_EQ(download(stream, attention.output()), captured);
    EXPECT_NE(captured, Bytes(attention.output_bytes(), 0xEE));
  }
}

}  // namespace
}  // namespace ki::test
