// Offsets beyond 2^31 elements on CUDA devices: one tensor at a time has its positions that far apart. The virtual GPU's memory
// is sparse, so only the rows are ever touched.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "attention/attention_problem.h"
#include "attention/attention_run.h"
#include "support/backends.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

constexpr std::int64_t kHugeStride = (std::int64_t{1} << 31) + 72;  // elements; a multiple of 8 keeps rows aligned

/// A tensor [batch, position, head, column] of the host, copied row by row to a device and back.
class SpreadTensor {
 public:
  SpreadTensor(const Device& device, const Stream& stream, const TensorData& data, bool huge)
      : stream_(stream), host_(data.view()), device_(host_) {
    if (huge) {
      device_.strides[0] = host_.shape[2] * host_.shape[3];
      device_.strides[1] = kHugeStride;
      device_.strides[2] = host_.shape[3];
    }
    std::int64_t elements = 1;
    for (int i = 0; i < 4; ++i) elements += (host_.shape[i] - 1) * device_.strides[i];
    buffer_ = create_buffer(device, static_cast<std::uint64_t>(elements * element_size(host_.dtype)));
    const ki_device_info info = info_of(device);
    device_.device_kind = info.kind;
    device_.device_ordinal = info.ordinal;
    device_.data = data_of(buffer_);
    copy_rows(device_, host_);
  }

  void download() { copy_rows(host_, device_); }
  const ki_tensor& view() const { return device_; }

 private:
  static std::byte* row(const ki_tensor& t, std::int64_t batch, std::int64_t position, std::int64_t head) {
    const std::int64_t offset = batch * t.strides[0] + position * t.strides[1] + head * t.strides[2];
    return static_cast<std::byte*>(t.data) + offset * element_size(t.dtype);
  }

  void copy_rows(const ki_tensor& to, const ki_tensor& from) {
    const auto bytes = static_cast<std::uint64_t>(to.shape[3] * element_size(to.dtype));
    for (std::int64_t b = 0; b < to.shape[0]; ++b) {
      for (std::int64_t i = 0; i < to.shape[1]; ++i) {
        for (std::int64_t h = 0; h < to.shape[2]; ++h) {
          check(ki_copy(stream_.get(), row(to, b, i, h), row(from, b, i, h), bytes));
        }
      }
    }
    check(ki_stream_synchronize(stream_.get()));
  }

  const Stream& stream_;
  ki_tensor host_, device_;
  Buffer buffer_;
};

struct Heads {
  ki_dtype dtype;
  std::int64_t head_dim;
};

class AttentionHugeStrideOnCuda : public testing::TestWithParam<Heads> {};

TEST_P(AttentionHugeStrideOnCuda, EveryRowIsFoundAndWritten) {
  const AttentionData original({.dtype = GetParam().dtype,
                                .batch = 1,
                                .seq_q = 3,
                                .seq_k = 4,
                                .heads_q = 2,
                                .heads_kv = 2,
                                .head_dim = GetParam().head_dim,
                                .head_dim_v = GetParam().head_dim,
                                .causal = true,
                                .logsumexp = false,
                                .placement = Placement::aligned});
  const AttentionExpectation expectation(original);
  for (const std::string& name : device_names()) {
    if (!name.starts_with("cuda")) continue;
    const Device device = open_device(name.c_str(), nullptr);
    const Stream stream = create_stream(device);
    for (int i = 0; i < 8; ++i) {
      const int huge = i % 4, splits = i / 4 * 2;  // splits are the decode kernels' and the combine kernels' work
      SCOPED_TRACE(name + ", tensor " + std::to_string(huge) + ", splits " + std::to_string(splits));
      AttentionData data = original;
      data.output.write_sentinel();
      SpreadTensor query(device, stream, data.query, huge == 0), key(device, stream, data.key, huge == 1);
      SpreadTensor value(device, stream, data.value, huge == 2), output(device, stream, data.output, huge == 3);
      AttentionProblem built;
      built.query = query.view();
      built.key = key.view();
      built.value = value.view();
      built.output = output.view();
      built.flags = KI_ATTENTION_CAUSAL;
      ki_attention_problem problem = built.view();
      problem.split_count = splits;
      ASSERT_EQ(ki_attention_forward(stream.get(), &problem, nullptr, 0), KI_STATUS_OK) << ki_last_error_message();
      output.download();
      EXPECT_TRUE(matches(GetParam().dtype, data.output.read(), expectation.output));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Heads, AttentionHugeStrideOnCuda,
                         testing::Values(Heads{KI_DTYPE_FLOAT16, 64}, Heads{KI_DTYPE_BFLOAT16, 128},
                                         Heads{KI_DTYPE_FLOAT16, 20}, Heads{KI_DTYPE_FLOAT32, 20}),
                         [](const auto& info) {
                           return std::string(dtype_name(info.param.dtype)) + "_d" +
                                  std::to_string(info.param.head_dim);
                         });

}  // namespace
}  // namespace ki::test
