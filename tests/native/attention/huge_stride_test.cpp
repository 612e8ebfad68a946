#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "attention/attention_problem.h"
#include "attention/attention_run.h"
#include "support/backends.h"
#include "support/dtype.h"

// Offsets beyond 2^31 elements: address space is reserved, and only the pages of the few rows in it are ever touched.
namespace ki::test {
namespace {

constexpr std::int64_t kHugeStride = (std::int64_t{1} << 31) + 72;

/// Reserved address space for `rows` rows that lie kHugeStride elements apart.
class SparseMemory {
 public:
  SparseMemory(ki_dtype dtype, std::int64_t rows)
      : size_(static_cast<std::size_t>((rows * kHugeStride) * element_size(dtype))),
        data_(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (data_ == MAP_FAILED) throw std::runtime_error("cannot reserve address space");
  }
  SparseMemory(const SparseMemory&) = delete;
  SparseMemory& operator=(const SparseMemory&) = delete;
  ~SparseMemory() { munmap(data_, size_); }

  void* data() const { return data_; }

 private:
  std::size_t size_;
  void* data_;
};

/// Which dimension of every tensor takes the huge stride.
struct HugeDimension {
  const char* name;
  int dimension;
};

class AttentionHugeStride : public testing::TestWithParam<HugeDimension> {};

/// Calls visit(i, address) for each element of a view, in row-major order.
template <typename Visit>
void for_each(const ki_tensor& t, Visit visit) {
  const Shape shape(t.shape, t.shape + t.rank);
  const Array index_of(shape);
  for (std::size_t i = 0; i < index_of.values.size(); ++i) {
    const Shape index = index_of.index(i);
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < index.size(); ++d) offset += index[d] * t.strides[d];
    visit(i, static_cast<std::byte*>(t.data) + offset * element_size(t.dtype));
  }
}

TEST_P(AttentionHugeStride, EveryElementIsFoundAndWritten) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    constexpr std::int64_t kBatch = 2, kSeq = 3, kHeads = 2, kDim = 20;
    const std::int64_t rows = GetParam().dimension == 1 ? kSeq : 2;
    const SparseMemory memory[4] = {{dtype, rows}, {dtype, rows}, {dtype, rows}, {dtype, rows}};
    const SparseMemory logsumexp_memory(KI_DTYPE_FLOAT32, 2);

    const AttentionData data({.dtype = dtype,
                              .batch = kBatch,
                              .seq_q = kSeq,
                              .seq_k = kSeq,
                              .heads_q = kHeads,
                              .heads_kv = kHeads,
                              .head_dim = kDim,
                              .head_dim_v = kDim});
    const AttentionExpectation want(data);
    AttentionProblem built;
    const auto make = [&](const SparseMemory& where) {
      ki_tensor view = dense_view(dtype, where.data(), {kBatch, kSeq, kHeads, kDim});
      view.strides[GetParam().dimension] = kHugeStride;
      return view;
    };
    const auto fill = [&](const ki_tensor& view, const TensorData& from) {
      const Array values = from.read();
      for_each(view, [&](std::size_t i, std::byte* address) { store(dtype, address, values.values[i]); });
    };
    built.query = make(memory[0]);
    built.key = make(memory[1]);
    built.value = make(memory[2]);
    built.output = make(memory[3]);
    built.logsumexp = dense_view(KI_DTYPE_FLOAT32, logsumexp_memory.data(), {kBatch, kHeads, kSeq});
    built.logsumexp->strides[GetParam().dimension == 2 ? 1 : 0] = kHugeStride;
    fill(built.query, data.query);
    fill(built.key, data.key);
    fill(built.value, data.value);

    for (const SimdTarget& target : simd_targets()) {
      if (!target.usable) continue;
      SCOPED_TRACE(std::string(dtype_name(dtype)) + " on " + target.name);
      const Device device = open_device("cpu", target.name.c_str());
      const Stream stream = create_stream(device);
      const ki_attention_problem problem = built.view();
      ASSERT_EQ(ki_attention_forward(stream.get(), &problem, nullptr, 0), KI_STATUS_OK) << ki_last_error_message();
      Array output(want.output.reference.shape), logsumexp(want.logsumexp.reference.shape);
      const auto read = [](const ki_tensor& view, Array& into) {
        for_each(view, [&](std::size_t i, std::byte* address) {
          into.values[i] = load(view.dtype, address);
          store(view.dtype, address, std::nan(""));  // so that the next run must write it
        });
      };
      read(built.output, output);
      read(*built.logsumexp, logsumexp);
      EXPECT_TRUE(matches(dtype, output, want.output));
      EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, logsumexp, want.logsumexp));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dimensions, AttentionHugeStride,
                         testing::Values(HugeDimension{"batch", 0}, HugeDimension{"sequence", 1},
                                         HugeDimension{"heads", 2}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ki::test
