#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "attention/refusal_fixture.h"

namespace ki::test {
namespace {

/// One way to spoil a valid problem, and how it must be refused.
struct BadInput {
  std::string name;
  std::function<void(RefusalFixture&)> spoil;
  std::string argument;
  std::vector<std::string> texts{};  ///< what the message must hold
  ki_status status = KI_STATUS_INVALID_ARGUMENT;
};

void PrintTo(const BadInput& input, std::ostream* stream) { *stream << input.name; }

using Fixture = RefusalFixture;
constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

std::vector<BadInput> bad_problems() {
  return {
      {"ProblemSizeZero", [](Fixture& f) { f.problem.struct_size = 0; }, "problem", {"struct_size"}},
      {"ProblemSizeOfGarbage", [](Fixture& f) { f.problem.struct_size = 0xCDCDCDCD; }, "problem", {"struct_size"}},
      {"ProblemCutBeforeItsTensors", [](Fixture& f) { f.problem.struct_size = 16; }, "query"},
      {"UnknownFlag",
       [](Fixture& f) { f.problem.flags = static_cast<ki_attention_flags>(1 << 30); },
       "problem.flags",
       {"1073741824"}},
      {"NegativeFlags", [](Fixture& f) { f.problem.flags = static_cast<ki_attention_flags>(-1); }, "problem.flags"},
      {"ReservedSet", [](Fixture& f) { f.problem.reserved = 9; }, "problem.reserved", {"9"}},
      {"ScaleNaN",
       [](Fixture& f) {
         f.problem.flags = KI_ATTENTION_CUSTOM_SCALE;
         f.problem.scale = std::nanf("");
       },
       "problem.scale",
       {"nan"}},
      {"ScaleInfinite",
       [](Fixture& f) {
         f.problem.flags = KI_ATTENTION_CUSTOM_SCALE;
         f.problem.scale = -INFINITY;
       },
       "problem.scale",
       {"inf"}},
      {"NullQuery", [](Fixture& f) { f.problem.query = nullptr; }, "query", {"NULL"}},
      {"NullKey", [](Fixture& f) { f.problem.key = nullptr; }, "key", {"NULL"}},
      {"NullValue", [](Fixture& f) { f.problem.value = nullptr; }, "value", {"NULL"}},
      {"NullOutput", [](Fixture& f) { f.problem.output = nullptr; }, "output", {"NULL"}},
  };
}

std::vector<BadInput> bad_shapes() {
  return {
      {"KeyBatch", [](Fixture& f) { f.parts.key.shape[0] = 1; }, "key", {"batch", "[1, 7, 3, 8]", "[2, 5, 6, 8]"}},
      {"KeyCutBeforeItsShape", [](Fixture& f) { f.parts.key.struct_size = 24; }, "key"},
      {"KeyHeadDim", [](Fixture& f) { f.parts.key.shape[3] = 7; }, "key", {"head_dim", "[2, 7, 3, 7]", "[2, 5, 6, 8]"}},
      {"ValueBatch", [](Fixture& f) { f.parts.value.shape[0] = 3; }, "value", {"batch", "[3, 7, 3, 4]"}},
      {"ValueLength",
       [](Fixture& f) { f.parts.value.shape[1] = 6; },
       "value",
       {"seq_k", "[2, 6, 3, 4]", "[2, 7, 3, 8]"}},
      {"ValueHeads",
       [](Fixture& f) { f.parts.value.shape[2] = 6; },
       "value",
       {"heads_kv", "[2, 7, 6, 4]", "[2, 7, 3, 8]"}},
      {"OutputBatch", [](Fixture& f) { f.parts.output.shape[0] = 1; }, "output", {"batch", "[1, 5, 6, 4]"}},
      {"OutputLength",
       [](Fixture& f) { f.parts.output.shape[1] = 7; },
       "output",
       {"seq_q", "[2, 7, 6, 4]", "[2, 5, 6, 8]"}},
      {"OutputHeads", [](Fixture& f) { f.parts.output.shape[2] = 3; }, "output", {"heads_q", "[2, 5, 3, 4]"}},
      {"OutputHeadDim",
       [](Fixture& f) { f.parts.output.shape[3] = 3; },
       "output",
       {"head_dim_v", "[2, 5, 6, 3]", "[2, 7, 3, 4]"}},
      {"LogsumexpBatch", [](Fixture& f) { f.parts.logsumexp->shape[0] = 1; }, "logsumexp", {"batch", "[1, 6, 5]"}},
      {"LogsumexpHeads", [](Fixture& f) { f.parts.logsumexp->shape[1] = 3; }, "logsumexp", {"heads_q", "[2, 3, 5]"}},
      {"LogsumexpLength", [](Fixture& f) { f.parts.logsumexp->shape[2] = 7; }, "logsumexp", {"seq_q", "[2, 6, 7]"}},
      {"HeadsNoMultiple",
       [](Fixture& f) { f.parts.key.shape[2] = f.parts.value.shape[2] = 4; },
       "query",
       {"heads_q", "heads_kv", "6", "4", "[2, 5, 6, 8]", "[2, 7, 4, 8]"}},
      {"NoKeyHeads", [](Fixture& f) { f.parts.key.shape[2] = f.parts.value.shape[2] = 0; }, "query", {"heads_kv"}},
      {"HeadDimZero",
       [](Fixture& f) { f.parts.query.shape[3] = f.parts.key.shape[3] = 0; },
       "query",
       {"head_dim", "[2, 5, 6, 0]"}},
      {"ValueHeadDimZero",
       [](Fixture& f) { f.parts.value.shape[3] = f.parts.output.shape[3] = 0; },
       "value",
       {"head_dim_v", "[2, 7, 3, 0]"}},
      {"HeadDimTooLarge",
       [](Fixture& f) {
         f.parts.query = dense_view(KI_DTYPE_FLOAT32, f.parts.query.data, {1, 1, 1, 257});
         f.parts.key = dense_view(KI_DTYPE_FLOAT32, f.parts.key.data, {1, 1, 1, 257});
         f.parts.value = f.parts.output = dense_view(KI_DTYPE_FLOAT32, f.parts.value.data, {1, 1, 1, 4});
         f.parts.output.data = f.spare();
         f.parts.logsumexp = dense_view(KI_DTYPE_FLOAT32, f.parts.logsumexp->data, {1, 1, 1});
       },
       "query",
       {"257", "256"},
       KI_STATUS_NOT_SUPPORTED},
      {"ValueHeadDimTooLarge",
       [](Fixture& f) {
         f.parts.query = dense_view(KI_DTYPE_FLOAT32, f.parts.query.data, {1, 1, 1, 8});
         f.parts.key = dense_view(KI_DTYPE_FLOAT32, f.parts.key.data, {1, 1, 1, 8});
         f.parts.value = f.parts.output = dense_view(KI_DTYPE_FLOAT32, f.parts.value.data, {1, 1, 1, 300});
         f.parts.output.data = f.spare();
         f.parts.logsumexp = dense_view(KI_DTYPE_FLOAT32, f.parts.logsumexp->data, {1, 1, 1});
       },
       "value",
       {"300", "256"},
       KI_STATUS_NOT_SUPPORTED},
  };
}

/// What can be wrong with any tensor alone, for the one that `get` picks.
void add_bad_tensor(std::vector<BadInput>& all, const std::string& name, const std::string& argument,
                    std::function<ki_tensor&(Fixture&)> get) {
  const auto add = [&](const char* fault, std::function<void(ki_tensor&)> spoil, std::vector<std::string> texts = {}) {
    all.push_back({name + fault, [=](Fixture& f) { spoil(get(f)); }, argument, std::move(texts)});
  };
  add("SizeZero", [](ki_tensor& t) { t.struct_size = 0; }, {"struct_size"});
  add("SizeOfGarbage", [](ki_tensor& t) { t.struct_size = 0xFFFFFFFF; }, {"struct_size"});
  add("ReservedSet", [](ki_tensor& t) { t.reserved = 3; }, {"reserved", "3"});
  add("DtypeZero", [](ki_tensor& t) { t.dtype = static_cast<ki_dtype>(0); }, {"dtype"});
  add("DtypeUnknown", [](ki_tensor& t) { t.dtype = static_cast<ki_dtype>(77); }, {"dtype", "77"});
  add("RankTooSmall", [](ki_tensor& t) { --t.rank; }, {"rank", "batch"});
  add("RankTooLarge", [](ki_tensor& t) { ++t.rank; }, {"rank"});
  add("RankBeyondTheArray", [](ki_tensor& t) { t.rank = 1000; }, {"rank", "1000"});
  add("RankNegative", [](ki_tensor& t) { t.rank = -1; }, {"rank", "-1"});
  add("ShapeNegative", [](ki_tensor& t) { t.shape[1] = -7; }, {"negative", "-7"});
  add("StrideNegative", [](ki_tensor& t) { t.strides[0] = -64; }, {"stride", "-64", "negative"});
  add("LastStrideNotOne", [](ki_tensor& t) { t.strides[t.rank - 1] = 2; }, {"stride 2", "contiguous"});
  add("LastStrideZero", [](ki_tensor& t) { t.strides[t.rank - 1] = 0; }, {"contiguous"});
  add("StrideOverflows", [](ki_tensor& t) { t.strides[1] = kHuge / 2; }, {"["});
  add("SumOfReachesOverflows", [](ki_tensor& t) { t.strides[0] = t.strides[1] = kHuge / 8; });
  add("BytesOverflow", [](ki_tensor& t) { t.strides[0] = kHuge / 3; });
  add("ElementCountOverflows", [](ki_tensor& t) {
    t.shape[0] = t.shape[1] = std::int64_t{1} << 40;
    t.strides[0] = t.strides[1] = 0;
  });
  add("Misaligned", [](ki_tensor& t) { t.data = static_cast<char*>(t.data) + 2; }, {"aligned"});
  add("EndOfTheAddressSpace", [](ki_tensor& t) { t.data = reinterpret_cast<void*>(~std::uintptr_t{0} - 63); });
  add("OnAnotherKindOfDevice", [](ki_tensor& t) { t.device_kind = KI_DEVICE_KIND_CUDA; }, {"cuda", "cpu"});
  add("OnNoKindOfDevice", [](ki_tensor& t) { t.device_kind = static_cast<ki_device_kind>(0); });
  add("OnAnotherOrdinal", [](ki_tensor& t) { t.device_ordinal = 5; }, {"5"});
}

std::vector<BadInput> all_bad_inputs() {
  std::vector<BadInput> all = bad_problems();
  const std::vector<BadInput> shapes = bad_shapes();
  all.insert(all.end(), shapes.begin(), shapes.end());
  add_bad_tensor(all, "Query", "query", [](Fixture& f) -> ki_tensor& { return f.parts.query; });
  add_bad_tensor(all, "Key", "key", [](Fixture& f) -> ki_tensor& { return f.parts.key; });
  add_bad_tensor(all, "Value", "value", [](Fixture& f) -> ki_tensor& { return f.parts.value; });
  add_bad_tensor(all, "Output", "output", [](Fixture& f) -> ki_tensor& { return f.parts.output; });
  add_bad_tensor(all, "Logsumexp", "logsumexp", [](Fixture& f) -> ki_tensor& { return *f.parts.logsumexp; });
  all.push_back({"KeyDtypeDiffers",
                 [](Fixture& f) { f.parts.key.dtype = KI_DTYPE_INT32; },
                 "key",
                 {"dtype", "int32", "float32"}});
  all.push_back({"ValueDtypeDiffers",
                 [](Fixture& f) { f.parts.value.dtype = KI_DTYPE_BFLOAT16; },
                 "value",
                 {"dtype", "bfloat16", "float32", "key"}});
  all.push_back({"OutputDtypeDiffers",
                 [](Fixture& f) { f.parts.output.dtype = KI_DTYPE_FLOAT16; },
                 "output",
                 {"dtype", "float16", "float32"}});
  all.push_back({"LogsumexpNotFloat32",
                 [](Fixture& f) { f.parts.logsumexp->dtype = KI_DTYPE_FLOAT16; },
                 "logsumexp",
                 {"dtype", "float16", "float32"}});
  return all;
}

class AttentionBadInput : public testing::TestWithParam<BadInput> {};

TEST_P(AttentionBadInput, IsRefusedBeforeAnythingIsWritten) {
  RefusalFixture fixture;
  ASSERT_EQ(fixture.forward(fixture.spare(), 0), KI_STATUS_INVALID_ARGUMENT);  // leaves another message behind
  GetParam().spoil(fixture);
  const auto is_refused = [&](ki_status status) {
    testing::AssertionResult result = refused(status, GetParam().status, GetParam().argument);
    for (const std::string& text : GetParam().texts) {
      if (result) result = refused(status, GetParam().status, GetParam().argument, {text});
    }
    return result;
  };
  EXPECT_TRUE(is_refused(fixture.forward()));
  std::uint64_t size = 77;
  EXPECT_TRUE(is_refused(ki_attention_forward_workspace(fixture.device.get(), &fixture.problem, &size)));
  EXPECT_EQ(size, 77U);
  EXPECT_TRUE(fixture.untouched());
}

INSTANTIATE_TEST_SUITE_P(Table, AttentionBadInput, testing::ValuesIn(all_bad_inputs()),
                         [](const auto& info) { return info.param.name; });

TEST(AttentionBadInputFixture, IsValidUnspoiled) {
  RefusalFixture fixture;
  EXPECT_EQ(fixture.forward(), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_FALSE(fixture.untouched());
}

TEST(AttentionBadInputCall, NullHandlesAndPointersAreRefused) {
  RefusalFixture f;
  std::uint64_t size = 0;
  EXPECT_TRUE(refused(ki_attention_forward(nullptr, &f.problem, nullptr, 0), KI_STATUS_INVALID_ARGUMENT, "stream"));
  EXPECT_TRUE(
      refused(ki_attention_forward(f.stream.get(), nullptr, nullptr, 0), KI_STATUS_INVALID_ARGUMENT, "problem"));
  EXPECT_TRUE(
      refused(ki_attention_forward_workspace(nullptr, &f.problem, &size), KI_STATUS_INVALID_ARGUMENT, "device"));
  EXPECT_TRUE(
      refused(ki_attention_forward_workspace(f.device.get(), nullptr, &size), KI_STATUS_INVALID_ARGUMENT, "problem"));
  EXPECT_TRUE(refused(ki_attention_forward_workspace(f.device.get(), &f.problem, nullptr), KI_STATUS_INVALID_ARGUMENT,
                      "size_bytes"));
  EXPECT_TRUE(f.untouched());
}

TEST(AttentionBadInputCall, AWorkspaceIsSizedBeforeThereIsMemory) {
  RefusalFixture f;
  const std::uint64_t placed = f.workspace_bytes();
  for (ki_tensor* tensor : {&f.parts.query, &f.parts.key, &f.parts.value, &f.parts.output, &*f.parts.logsumexp}) {
    void* const data = std::exchange(tensor->data, nullptr);
    EXPECT_EQ(f.workspace_bytes(), placed);
    EXPECT_EQ(f.forward(), KI_STATUS_INVALID_ARGUMENT);
    EXPECT_NE(std::string(ki_last_error_message()).find("data is NULL, and shape ["), std::string::npos);
    tensor->data = data;
  }
  EXPECT_EQ(ki_last_error_argument(), std::string("logsumexp"));
  EXPECT_TRUE(f.untouched());
  for (ki_tensor* tensor : {&f.parts.query, &f.parts.key, &f.parts.value, &f.parts.output, &*f.parts.logsumexp}) {
    tensor->data = nullptr;
    EXPECT_EQ(f.workspace_bytes(), placed) << "with this and all before it";
  }
  f.parts.output.strides[0] = 0;
  std::uint64_t size = 0;
  EXPECT_TRUE(refused(ki_attention_forward_workspace(f.device.get(), &f.problem, &size), KI_STATUS_INVALID_ARGUMENT,
                      "output", {"itself"}));
  f.parts.output.strides[0] = 5 * 6 * 4;
  f.parts.value.shape[1] = 9;
  EXPECT_TRUE(refused(ki_attention_forward_workspace(f.device.get(), &f.problem, &size), KI_STATUS_INVALID_ARGUMENT,
                      "value", {"seq_k"}));
}

TEST(AttentionBadInputCall, AWorkspaceThatDoesNotFitIsRefused) {
  RefusalFixture f;
  const std::uint64_t needed = f.workspace_bytes();
  ASSERT_GT(needed, 0U);
  const Buffer workspace = create_buffer(f.device, needed + 128);
  std::byte* data = data_of(workspace);
  EXPECT_TRUE(refused(f.forward(data, needed - 1), KI_STATUS_INVALID_ARGUMENT, "workspace",
                      {std::to_string(needed - 1), std::to_string(needed)}));
  EXPECT_TRUE(refused(f.forward(data, 0), KI_STATUS_INVALID_ARGUMENT, "workspace"));
  EXPECT_TRUE(refused(f.forward(data + 32, needed), KI_STATUS_INVALID_ARGUMENT, "workspace", {"aligned", "64"}));
  EXPECT_TRUE(refused(f.forward(nullptr, needed), KI_STATUS_INVALID_ARGUMENT, "workspace", {"NULL"}));
  EXPECT_TRUE(f.untouched());
  EXPECT_EQ(f.forward(data, needed), KI_STATUS_OK);
  EXPECT_EQ(f.forward(data + 64, needed + 64), KI_STATUS_OK);
}

}  // namespace
}  // namespace ki::test
