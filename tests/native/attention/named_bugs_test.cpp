#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "attention/attention_run.h"
#include "attention/gradient_run.h"
#include "support/backends.h"
#include "support/not_supported.h"

// Bugs that other implementations of attention are known to have had, each as a test of its own.
namespace ki::test {
namespace {

struct NamedBug {
  const char* name;
  const char* what;  ///< went wrong
  AttentionCase attention_case;
  bool has_gradients = false;
};

void PrintTo(const NamedBug& bug, std::ostream* stream) { *stream << bug.what; }

AttentionCase cached(ki_dtype dtype, std::vector<std::int64_t> used, std::int64_t room) {
  AttentionCase c{.dtype = dtype, .seq_k = room, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .head_dim_v = 64};
  c.batch = std::ssize(used);
  c.used = std::move(used);
  c.cache = CacheCase{};
  return c;
}

AttentionCase with_pages(AttentionCase c, std::int64_t page_size) {
  c.cache->page_size = page_size;
  return c;
}

std::vector<NamedBug> named_bugs() {
  std::vector<NamedBug> bugs;
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16}) {
    const auto add = [&](const char* name, const char* what, AttentionCase c, bool has_gradients = false) {
      c.dtype = dtype;
      bugs.push_back({name, what, c, has_gradients});
    };
    add("NanInUnusedCachePadding", "weights of 0 were multiplied with the NaN of rows behind the last key",
        with_pages(cached(dtype, {5, 17, 64}, 128), 64));

    AttentionCase c{.heads_q = 4, .heads_kv = 2, .head_dim = 40, .head_dim_v = 24};
    c.packed_q = {9, 4, 7};
    c.packed_k = {9, 1, 30};
    add("KeySequenceOfOneTokenInAPackedBackward", "its gradients were not written, or were its neighbour's", c, true);

    c.packed_q = {9, 0, 7};
    c.packed_k = {9, 5, 30};
    c.causal = true;
    add("QueryLengthZeroInABatch", "the gradients of keys that no query has stayed unwritten", c, true);

    c = cached(dtype, {300, 411}, 420);
    c.head_dim_v = 40;
    c.split_count = 5;
    add("SplitsWithValuesNarrowerThanKeys", "partial outputs were combined with the strides of head_dim", c);
    c.head_dim = 24;
    c.head_dim_v = 96;
    add("SplitsWithValuesWiderThanKeys", "partial outputs were combined with the strides of head_dim", c);

    c = with_pages(cached(dtype, {4000, 1}, 4096), 16);
    c.heads_q = 2;
    c.heads_kv = 1;
    add("AutomaticSplitsOnAPagedCache", "a split began in the middle of a page, and was read from the page's begin", c);

    c = {.seq_q = 40, .seq_k = 50, .heads_q = 4, .heads_kv = 2, .head_dim = 32, .head_dim_v = 32};
    c.mask = MaskCase{};  // every seventh row
    add("FullyMaskedRows", "exp(-inf - -inf) made them NaN, or the mean of all values", c, true);
    c.mask.reset();
    c.bias = {.hides = true};
    add("RowsThatABiasHidesFully", "exp(-inf - -inf) made them NaN, or the mean of all values", c, true);

    c = {.seq_q = 70, .seq_k = 20, .heads_q = 4, .heads_kv = 2, .head_dim = 32, .head_dim_v = 32, .causal = true};
    add("CausalWithMoreQueriesThanKeys", "the diagonal began at the first query, not at the last key", c, true);
  }
  return bugs;
}

class AttentionNamedBug : public testing::TestWithParam<NamedBug> {};

TEST_P(AttentionNamedBug, DoesNotOccur) {
  const AttentionData data(GetParam().attention_case);
  AttentionJudge judge(data);
  std::optional<GradientData> gradients;
  std::optional<GradientExpectation> expectation;
  if (GetParam().has_gradients) {
    gradients.emplace(GradientCase{GetParam().attention_case});
    expectation.emplace(*gradients);
  }
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      EXPECT_TRUE(judge.is_right(run_attention(data, backend.open(), Workspace::of_caller)));
      if (!gradients) return;
      EXPECT_TRUE(is_right(*gradients, run_backward(*gradients, backend.open(), Workspace::of_caller), *expectation));
    });
  }
  not_supported.report();
}

INSTANTIATE_TEST_SUITE_P(Known, AttentionNamedBug, testing::ValuesIn(named_bugs()), [](const auto& info) {
  return std::string(info.param.name) + (info.param.attention_case.dtype == KI_DTYPE_FLOAT32 ? "_f32" : "_f16");
});

/// Whatever lies where no key is, the same bits come out.
TEST(AttentionPadding, DoesNotChangeABit) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_BFLOAT16}) {
    const AttentionData poisoned(with_pages(cached(dtype, {5, 17, 64}, 128), 16));
    AttentionData clean = poisoned.copy();
    for (TensorData* tensor : {&clean.key, &clean.value}) {
      Array values = tensor->read();
      for (double& x : values.values) x = x != x ? 3.0 : x;
      tensor->write(values);
    }
    NotSupportedList not_supported;
    for (const Backend& backend : backends()) {
      SCOPED_TRACE(backend.name());
      not_supported.run(backend, [&] {
        const Device device = backend.open();
        EXPECT_TRUE(run_attention(poisoned, device).bits == run_attention(clean, device).bits);
      });
    }
    not_supported.report();
  }
}

}  // namespace
}  // namespace ki::test
