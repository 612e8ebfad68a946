// What is refused of the arguments of the backward pass and of combining.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "attention/attention_problem.h"
#include "support/handles.h"

namespace ki::test {
namespace {

constexpr std::size_t kFloatsEach = 4096;
constexpr float kUntouched = 42;

/// Memory for some tensors, on the CPU.
class Places {
 public:
  explicit Places(std::size_t tensors) : memory_(tensors * kFloatsEach, kUntouched) {}
  ki_tensor place(std::initializer_list<std::int64_t> shape, ki_dtype dtype = KI_DTYPE_FLOAT32) {
    return dense_view(dtype, memory_.data() + placed_++ * kFloatsEach, shape);
  }
  bool untouched() const { return std::ranges::count(memory_, kUntouched) == std::ssize(memory_); }

 private:
  std::vector<float> memory_;
  std::size_t placed_ = 0;
};

/// A valid backward problem: batch 2, seq_q 5, seq_k 7, heads 6 and 3, head_dim 8 and 4, with a bias.
struct BackwardFixture {
  BackwardFixture() {
    problem = parts.view();
    problem.bias = &bias;
    gradients.struct_size = sizeof(gradients);
    gradients.grad_output = &grad_output;
    gradients.grad_query = &grad_query;
    gradients.grad_key = &grad_key;
    gradients.grad_value = &grad_value;
    gradients.grad_bias = &grad_bias;
  }
  BackwardFixture(const BackwardFixture&) = delete;
  BackwardFixture& operator=(const BackwardFixture&) = delete;

  ki_status run() const { return ki_attention_backward(stream.get(), &problem, &gradients, nullptr, 0); }
  ki_status size() const {
    std::uint64_t bytes = 0;
    return ki_attention_backward_workspace(device.get(), &problem, &gradients, &bytes);
  }

  Device device = open_device("cpu", nullptr, 2);
  Stream stream = create_stream(device);
  Places places = Places(11);
  AttentionProblem parts{.query = places.place({2, 5, 6, 8}),
                         .key = places.place({2, 7, 3, 8}),
                         .value = places.place({2, 7, 3, 4}),
                         .output = places.place({2, 5, 6, 4}),
                         .logsumexp = places.place({2, 6, 5})};
  ki_tensor bias = places.place({1, 6, 5, 7});
  ki_tensor grad_output = places.place({2, 5, 6, 4}), grad_query = places.place({2, 5, 6, 8});
  ki_tensor grad_key = places.place({2, 7, 3, 8}), grad_value = places.place({2, 7, 3, 4});
  ki_tensor grad_bias = places.place({1, 6, 5, 7});
  ki_attention_problem problem{};
  ki_attention_gradients gradients{};
};

/// A valid problem of three parts, to be added to a fourth.
struct CombineFixture {
  CombineFixture() {
    problem.struct_size = sizeof(problem);
    problem.flags = KI_ATTENTION_COMBINE_ACCUMULATE;
    problem.partial_outputs = &partial_outputs;
    problem.partial_logsumexps = &partial_logsumexps;
    problem.output = &output;
    problem.logsumexp = &logsumexp;
  }
  CombineFixture(const CombineFixture&) = delete;
  CombineFixture& operator=(const CombineFixture&) = delete;

  ki_status run() const { return ki_attention_combine(stream.get(), &problem); }

  Device device = open_device("cpu", nullptr, 2);
  Stream stream = create_stream(device);
  Places places = Places(4);
  ki_tensor partial_outputs = places.place({3, 2, 5, 6, 4}), partial_logsumexps = places.place({3, 2, 6, 5});
  ki_tensor output = places.place({2, 5, 6, 4}), logsumexp = places.place({2, 6, 5});
  ki_attention_combine_problem problem{};
};

/// One way to spoil a valid problem, and how it must be refused.
template <typename Fixture>
struct Bad {
  std::string name;
  std::function<void(Fixture&)> spoil;
  std::string argument;
  std::vector<std::string> texts;
  ki_status status;

  Bad(std::string name, std::function<void(Fixture&)> spoil, std::string argument, std::vector<std::string> texts = {},
      ki_status status = KI_STATUS_INVALID_ARGUMENT)
      : name(std::move(name)),
        spoil(std::move(spoil)),
        argument(std::move(argument)),
        texts(std::move(texts)),
        status(status) {}

  testing::AssertionResult is_refused(ki_status got) const {
    testing::AssertionResult result = refused(got, status, argument);
    for (const std::string& text : texts) {
      if (result) result = refused(got, status, argument, {text});
    }
    return result;
  }
};

template <typename Fixture>
void PrintTo(const Bad<Fixture>& bad, std::ostream* stream) {
  *stream << bad.name;
}

std::vector<Bad<BackwardFixture>> bad_gradients() {
  using F = BackwardFixture;
  static ki_attention_cache cache{};
  cache.struct_size = sizeof(cache);
  return {
      {"Size", [](F& f) { f.gradients.struct_size = 2; }, "gradients", {"struct_size"}},
      {"Flags",
       [](F& f) { f.gradients.flags = static_cast<ki_attention_backward_flags>(4); },
       "gradients.flags",
       {"4"}},
      {"ForwardFlags", [](F& f) { f.problem.flags = static_cast<ki_attention_flags>(1 << 20); }, "problem.flags"},
      {"NoGradOutput", [](F& f) { f.gradients.grad_output = nullptr; }, "grad_output", {"NULL"}},
      {"NoGradQuery", [](F& f) { f.gradients.grad_query = nullptr; }, "grad_query", {"NULL"}},
      {"NoGradKey", [](F& f) { f.gradients.grad_key = nullptr; }, "grad_key", {"NULL"}},
      {"NoGradValue", [](F& f) { f.gradients.grad_value = nullptr; }, "grad_value", {"NULL"}},
      {"NoLogsumexp", [](F& f) { f.problem.logsumexp = nullptr; }, "logsumexp", {"NULL", "backward"}},
      {"GradBiasWithoutBias", [](F& f) { f.problem.bias = nullptr; }, "grad_bias", {"no bias"}},
      {"GradOutputShape", [](F& f) { f.grad_output.shape[3] = 8; }, "grad_output", {"[2, 5, 6, 8]", "[2, 5, 6, 4]"}},
      {"GradQueryShape", [](F& f) { f.grad_query.shape[1] = 7; }, "grad_query", {"[2, 7, 6, 8]", "query"}},
      {"GradKeyShape", [](F& f) { f.grad_key.shape[2] = 6; }, "grad_key", {"[2, 7, 6, 8]", "[2, 7, 3, 8]"}},
      {"GradValueShape", [](F& f) { f.grad_value.shape[0] = 1; }, "grad_value", {"[1, 7, 3, 4]"}},
      {"GradBiasShape", [](F& f) { f.grad_bias.shape[0] = 2; }, "grad_bias", {"[2, 6, 5, 7]", "[1, 6, 5, 7]"}},
      {"GradQueryDtype", [](F& f) { f.grad_query.dtype = KI_DTYPE_FLOAT16; }, "grad_query", {"float16", "float32"}},
      {"GradBiasDtype", [](F& f) { f.grad_bias.dtype = KI_DTYPE_BFLOAT16; }, "grad_bias", {"bfloat16", "float32"}},
      {"GradKeyRank", [](F& f) { f.grad_key.rank = 3; }, "grad_key", {"rank"}},
      {"GradValueElsewhere", [](F& f) { f.grad_value.device_ordinal = 3; }, "grad_value", {"3"}},
      {"GradValueRepeats", [](F& f) { f.grad_value.strides[1] = 0; }, "grad_value", {"itself"}},
      {"GradQueryIsTheQuery", [](F& f) { f.grad_query.data = f.parts.query.data; }, "grad_query", {"overlap", "query"}},
      {"GradKeyIsTheGradQuery",
       [](F& f) { f.grad_key.data = f.grad_query.data; },
       "grad_key",
       {"overlap", "grad_query"}},
      {"GradBiasIsTheGradOutput", [](F& f) { f.grad_bias.data = f.grad_output.data; }, "grad_bias", {"grad_output"}},
      {"GradKeyWithoutMemory", [](F& f) { f.grad_key.data = nullptr; }, "grad_key", {"NULL"}},
      {"Cache", [](F& f) { f.problem.cache = &cache; }, "cache", {"gradients"}, KI_STATUS_NOT_SUPPORTED},
      {"NarrowerKeys",
       [](F& f) { f.parts.key.dtype = f.parts.value.dtype = KI_DTYPE_FLOAT16; },
       "key",
       {"float16", "float32"},
       KI_STATUS_NOT_SUPPORTED},
  };
}

std::vector<Bad<CombineFixture>> bad_parts() {
  using F = CombineFixture;
  return {
      {"Size", [](F& f) { f.problem.struct_size = 0; }, "problem", {"struct_size"}},
      {"Flags", [](F& f) { f.problem.flags = static_cast<ki_attention_combine_flags>(2); }, "problem.flags", {"2"}},
      {"NoParts", [](F& f) { f.problem.partial_outputs = nullptr; }, "partial_outputs", {"NULL"}},
      {"NoLogsumexps", [](F& f) { f.problem.partial_logsumexps = nullptr; }, "partial_logsumexps", {"NULL"}},
      {"NoOutput", [](F& f) { f.problem.output = nullptr; }, "output", {"NULL"}},
      {"NothingToAddTo", [](F& f) { f.problem.logsumexp = nullptr; }, "logsumexp", {"NULL", "part"}},
      {"Rank", [](F& f) { f.partial_outputs.rank = 4; }, "partial_outputs", {"rank", "parts"}},
      {"Parts", [](F& f) { f.partial_logsumexps.shape[0] = 2; }, "partial_logsumexps", {"parts", "[2, 2, 6, 5]"}},
      {"Batch", [](F& f) { f.partial_outputs.shape[1] = 1; }, "partial_outputs", {"batch", "[3, 1, 5, 6, 4]"}},
      {"Length", [](F& f) { f.partial_outputs.shape[2] = 4; }, "partial_outputs", {"seq_q", "[2, 5, 6, 4]"}},
      {"Heads", [](F& f) { f.partial_outputs.shape[3] = 3; }, "partial_outputs", {"heads_q"}},
      {"HeadDim", [](F& f) { f.partial_outputs.shape[4] = 2; }, "partial_outputs", {"head_dim_v"}},
      {"LogsumexpsHeads", [](F& f) { f.partial_logsumexps.shape[2] = 5; }, "partial_logsumexps", {"heads_q"}},
      {"LogsumexpLength", [](F& f) { f.logsumexp.shape[2] = 6; }, "logsumexp", {"seq_q", "[2, 6, 6]"}},
      {"OutputDtype", [](F& f) { f.output.dtype = KI_DTYPE_INT8; }, "output", {"int8"}},
      {"PartsDtype", [](F& f) { f.partial_outputs.dtype = KI_DTYPE_FLOAT16; }, "partial_outputs", {"float16"}},
      {"LogsumexpsDtype",
       [](F& f) { f.partial_logsumexps.dtype = KI_DTYPE_FLOAT16; },
       "partial_logsumexps",
       {"float32"}},
      {"OutputIsAPart", [](F& f) { f.output.data = f.partial_outputs.data; }, "output", {"overlap", "partial_outputs"}},
      {"LogsumexpRepeats", [](F& f) { f.logsumexp.strides[0] = 0; }, "logsumexp", {"itself"}},
      {"Elsewhere", [](F& f) { f.output.device_kind = KI_DEVICE_KIND_CUDA; }, "output", {"cuda"}},
      {"HeadDimTooLarge",
       [](F& f) {
         f.partial_outputs = dense_view(KI_DTYPE_FLOAT32, f.partial_outputs.data, {1, 1, 1, 1, 257});
         f.partial_logsumexps = dense_view(KI_DTYPE_FLOAT32, f.partial_logsumexps.data, {1, 1, 1, 1});
         f.output = dense_view(KI_DTYPE_FLOAT32, f.output.data, {1, 1, 1, 257});
         f.logsumexp = dense_view(KI_DTYPE_FLOAT32, f.logsumexp.data, {1, 1, 1});
       },
       "output",
       {"257", "256"},
       KI_STATUS_NOT_SUPPORTED},
  };
}

class AttentionBadGradients : public testing::TestWithParam<Bad<BackwardFixture>> {};

TEST_P(AttentionBadGradients, AreRefusedBeforeAnythingIsWritten) {
  BackwardFixture fixture;
  GetParam().spoil(fixture);
  EXPECT_TRUE(GetParam().is_refused(fixture.run()));
  if (GetParam().name != "GradKeyWithoutMemory") {  // a workspace is sized before there is memory
    EXPECT_TRUE(GetParam().is_refused(fixture.size()));
  }
  EXPECT_TRUE(fixture.places.untouched());
}

class AttentionBadParts : public testing::TestWithParam<Bad<CombineFixture>> {};

TEST_P(AttentionBadParts, AreRefusedBeforeAnythingIsWritten) {
  CombineFixture fixture;
  GetParam().spoil(fixture);
  EXPECT_TRUE(GetParam().is_refused(fixture.run()));
  EXPECT_TRUE(fixture.places.untouched());
}

const auto name_of = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Table, AttentionBadGradients, testing::ValuesIn(bad_gradients()), name_of);
INSTANTIATE_TEST_SUITE_P(Table, AttentionBadParts, testing::ValuesIn(bad_parts()), name_of);

TEST(AttentionBadGradientsCall, NullHandlesAndPointersAreRefused) {
  BackwardFixture f;
  std::uint64_t size = 0;
  EXPECT_TRUE(refused(ki_attention_backward(nullptr, &f.problem, &f.gradients, nullptr, 0), KI_STATUS_INVALID_ARGUMENT,
                      "stream"));
  EXPECT_TRUE(refused(ki_attention_backward(f.stream.get(), nullptr, &f.gradients, nullptr, 0),
                      KI_STATUS_INVALID_ARGUMENT, "problem"));
  EXPECT_TRUE(refused(ki_attention_backward(f.stream.get(), &f.problem, nullptr, nullptr, 0),
                      KI_STATUS_INVALID_ARGUMENT, "gradients"));
  EXPECT_TRUE(refused(ki_attention_backward_workspace(nullptr, &f.problem, &f.gradients, &size),
                      KI_STATUS_INVALID_ARGUMENT, "device"));
  EXPECT_TRUE(refused(ki_attention_backward_workspace(f.device.get(), &f.problem, &f.gradients, nullptr),
                      KI_STATUS_INVALID_ARGUMENT, "size_bytes"));
  EXPECT_TRUE(refused(ki_attention_combine(f.stream.get(), nullptr), KI_STATUS_INVALID_ARGUMENT, "problem"));
  const CombineFixture c;
  EXPECT_TRUE(refused(ki_attention_combine(nullptr, &c.problem), KI_STATUS_INVALID_ARGUMENT, "stream"));
  EXPECT_TRUE(f.places.untouched());
  EXPECT_TRUE(c.places.untouched());
}

TEST(AttentionBadGradientsCall, AWorkspaceThatDoesNotFitIsRefused) {
  BackwardFixture f;
  std::uint64_t needed = 0;
  check(ki_attention_backward_workspace(f.device.get(), &f.problem, &f.gradients, &needed));
  ASSERT_GT(needed, 0U);
  const Buffer workspace = create_buffer(f.device, needed);
  EXPECT_TRUE(refused(ki_attention_backward(f.stream.get(), &f.problem, &f.gradients, data_of(workspace), needed - 1),
                      KI_STATUS_INVALID_ARGUMENT, "workspace", {std::to_string(needed - 1), std::to_string(needed)}));
  EXPECT_TRUE(f.places.untouched());
  check(ki_attention_backward(f.stream.get(), &f.problem, &f.gradients, data_of(workspace), needed));
}

/// The fixtures are valid as long as nobody spoils them.
TEST(AttentionBadGradientsFixture, IsValidUnspoiled) {
  BackwardFixture backward;
  EXPECT_EQ(backward.run(), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_FALSE(backward.places.untouched());
  CombineFixture combine;
  EXPECT_EQ(combine.run(), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_FALSE(combine.places.untouched());
}

}  // namespace
}  // namespace ki::test
