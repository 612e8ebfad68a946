// A variant that is written outside of the product works: the document mask, against the formula with the same mask.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "attention/cuda/launch_plan.h"
#include "cuda/launch.h"
#include "cuda_kernels/own_variant/document_mask.h"
#include "reference/attention_reference.h"
#include "support/random.h"
#include "support/tensor_data.h"
#include "support/tolerance.h"

namespace ki::attention::cuda {
namespace {

using test::Array;
using test::TensorData;

constexpr std::int64_t kTokens = 333, kHeads = 2, kHeadDim = 64;

// Lengths of the documents: some shorter than a tile of keys, some longer than two of queries, and single tokens.
const std::vector<int> kDocuments{3, 1, 60, 200, 1, 68};

// Device memory with the contents of a tensor.
class Upload {
 public:
  Upload(Device& device, Stream& stream, const void* bytes, std::int64_t size)
      : buffer_(device.create_buffer(KI_MEMORY_KIND_DEVICE, static_cast<std::uint64_t>(size))) {
    stream.copy(buffer_->data(), bytes, static_cast<std::uint64_t>(size));
  }
  void* data() const { return buffer_->data(); }

 private:
  std::unique_ptr<Buffer> buffer_;
};

class OwnVariant : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (cuda_backend().device_count() == 0) GTEST_SKIP() << "no CUDA device: " << cuda_backend().why_not_auto();
    device = cuda_backend().open(0, {});
    stream = device->create_stream();
  }

  std::shared_ptr<Device> device;
  std::unique_ptr<Stream> stream;
};

TensorData random_tensor(std::uint32_t seed) {
  test::Random random(seed);
  Array values({kTokens, kHeads, kHeadDim});
  for (double& x : values.values) x = random.normal();
  TensorData tensor(KI_DTYPE_FLOAT16, values.shape, {.misalign = 0});
  tensor.write(values);
  return tensor;
}

std::vector<std::int32_t> document_of_each_token() {
  std::vector<std::int32_t> documents;
  for (std::size_t i = 0; i < kDocuments.size(); ++i) {
    documents.insert(documents.end(), static_cast<std::size_t>(kDocuments[i]), static_cast<std::int32_t>(i));
  }
  return documents;
}

TEST_P(OwnVariant, ADocumentSeesItself) {
  const std::vector<std::int32_t> documents = document_of_each_token();
  ASSERT_EQ(documents.size(), static_cast<std::size_t>(kTokens));
  TensorData query = random_tensor(1), key = random_tensor(2), value = random_tensor(3), output = random_tensor(4);
  Array values = value.read();
  values({5, 0, 7}) = NAN;  // in a document of 60 tokens: the others must not notice
  value.write(values);

  const auto upload = [&](const TensorData& tensor, ki_tensor& view) {
    Upload memory(*device, *stream, tensor.memory()->data(), tensor.memory()->size());
    view = tensor.view();
    view.device_kind = KI_DEVICE_KIND_CUDA;
    view.data = static_cast<std::byte*>(memory.data()) + tensor.offset_bytes();
    // The batch of 1 that attention expects.
    view.rank = 4;
    for (int i = 3; i > 0; --i) {
      view.shape[i] = view.shape[i - 1];
      view.strides[i] = view.strides[i - 1];
    }
    view.shape[0] = 1;
    return memory;
  };
  ki_tensor query_view, key_view, value_view, output_view;
  const Upload on_device[] = {upload(query, query_view), upload(key, key_view), upload(value, value_view),
                              upload(output, output_view)};
  const Upload device_documents(*device, *stream, documents.data(), kTokens * 4);

  ki_attention_problem given{};
  given.struct_size = sizeof given;
  given.flags = GetParam() ? KI_ATTENTION_CAUSAL : KI_ATTENTION_NONE;
  given.query = &query_view;
  given.key = &key_view;
  given.value = &value_view;
  given.output = &output_view;
  const Problem problem = read_problem(&given, device->info());

  const TileSize tile = variant_tile(kHeadDim);
  KernelParams<DocumentMaskParams> params{};
  params.forward = forward_params(problem, tile);
  params.variant = {static_cast<const std::int32_t*>(device_documents.data()), kTokens};
  const ki::cuda::Kernel kernel{"document_mask", "document_attention", static_cast<unsigned>(tile.threads()),
                                static_cast<unsigned>(tile.shared_bytes())};
  ki::cuda::launch(*stream, kernel, {static_cast<unsigned>(forward_blocks(problem, params.forward))}, &params,
                   sizeof params);
  stream->copy(output.memory()->data(), on_device[3].data(), static_cast<std::uint64_t>(output.memory()->size()));
  stream->synchronize();

  test::AttentionArguments arguments;
  arguments.query = query.read();
  arguments.key = key.read();
  arguments.value = value.read();
  arguments.scale = 0.125;
  arguments.causal = GetParam();
  Array mask({kHeads, kTokens, kTokens});
  for (std::int64_t h = 0; h < kHeads; ++h) {
    for (std::int64_t i = 0; i < kTokens; ++i) {
      for (std::int64_t j = 0; j < kTokens; ++j) mask({h, i, j}) = documents[i] == documents[j] ? 1 : 0;
    }
  }
  arguments.mask = mask;
  EXPECT_TRUE(test::matches(KI_DTYPE_FLOAT16, output.read(),
                            {attention_reference(arguments).output, attention_naive(arguments, KI_DTYPE_FLOAT16).output,
                             attention_magnitude(arguments).output}));
}

INSTANTIATE_TEST_SUITE_P(Masks, OwnVariant, testing::Bool(),
                         [](const auto& info) { return info.param ? "Causal" : "BothDirections"; });

}  // namespace
}  // namespace ki::attention::cuda
