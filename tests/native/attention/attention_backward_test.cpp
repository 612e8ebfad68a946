#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "attention/gradient_run.h"
#include "support/backends.h"
#include "support/not_supported.h"
#include "support/random.h"
#include "support/virtual_gpu.h"

namespace ki::test {
namespace {

class AttentionBackward : public testing::TestWithParam<GradientCase> {};

TEST_P(AttentionBackward, MatchesTheFormulaOnEveryBackend) {
  const GradientData data(GetParam());
  const GradientExpectation expectation(data);
  ASSERT_FALSE(backends().empty());
  std::string target;
  Gradients last;
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name() + ", seed " + std::to_string(seed_of(GetParam().name())));
    not_supported.run(backend, [&] {
      Gradients gradients = run_backward(data, backend.open(), Workspace::of_caller);
      EXPECT_TRUE(is_right(data, gradients, expectation));
      if (!target.empty() && backend.target == target) {
        EXPECT_TRUE(gradients.bits == last.bits) << "the number of threads changed the result";
      }
      target = backend.target;
      last = std::move(gradients);
    });
  }
  not_supported.report();
}

std::string name_of(const testing::TestParamInfo<GradientCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Table, AttentionBackward, testing::ValuesIn(gradient_cases()), name_of);

/// The same bits in every run, whatever order blocks and threads take.
class AttentionBackwardDeterminism : public testing::TestWithParam<GradientCase> {};

TEST_P(AttentionBackwardDeterminism, BitsDoNotDependOnScheduleThreadsWorkspaceOrRepetition) {
  const GradientData data(GetParam());
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      const Gradients want = run_backward(data, backend.open());
      const auto expect_the_same = [&](const Device& device) {
        for (const Workspace workspace : {Workspace::of_stream, Workspace::of_caller}) {
          const Gradients got = run_backward(data, device, workspace);
          EXPECT_TRUE(got.bits == want.bits);
          EXPECT_EQ(got.stray_write, std::nullopt);
        }
      };
      if (backend.device == "cpu") {
        for (const int threads : {1, 2, 5, 16}) {
          expect_the_same(open_device("cpu", backend.target.c_str(), threads));
        }
      } else {
        for (const char* schedule : {"forward", "reverse", "random"}) {
          choose_schedule(schedule);
          expect_the_same(backend.open());
        }
      }
    });
  }
  not_supported.report();
}

std::vector<GradientCase> deterministic_cases() {
  AttentionCase c{
      .seq_q = 70, .seq_k = 90, .heads_q = 6, .heads_kv = 2, .head_dim = 40, .head_dim_v = 24, .causal = true};
  c.batch = 2;
  c.bias = {.shared = Shared::everything};
  std::vector<GradientCase> cases{{c, true, true}};
  c.dtype = KI_DTYPE_BFLOAT16;
  c.seq_q = 200;
  c.head_dim = c.head_dim_v = 64;
  c.placement = Placement::aligned;
  c.bias.reset();
  cases.push_back({c, true, true});
  c.dtype = KI_DTYPE_FLOAT16;
  c.packed_q = {65, 0, 130};
  c.packed_k = {1, 30, 140};
  c.dropout = 0.25F;
  cases.push_back({c, true, true});
  for (const Placement placement : {Placement::dense, Placement::aligned}) {  // of which CUDA's fast kernels take one
    AttentionCase w{.dtype = KI_DTYPE_FLOAT16, .seq_q = 260, .seq_k = 300, .heads_q = 2, .heads_kv = 1};
    w.head_dim = w.head_dim_v = 64;
    w.placement = placement;
    w.window = {70, 20};
    w.sink_count = 3;
    cases.push_back({w, true, true});
  }
  return cases;
}

/// Many chunks of keys, which different threads add to the gradients of the same queries and, for two heads, of the same bias.
TEST(AttentionBackwardOrder, ThreadsOfTheCpuShareSumsInOneOrder) {
  for (const std::int64_t heads : {1, 2}) {
    AttentionCase c{.seq_q = 700, .seq_k = 2000, .heads_q = heads, .heads_kv = heads, .head_dim = 8, .head_dim_v = 8};
    c.bias = {.shared = Shared::heads};
    const GradientData data({c, heads == 2, true});
    const Gradients want = run_backward(data, open_device("cpu", nullptr, 1));
    const Device device = open_device("cpu", nullptr, 4);
    for (int run = 0; run < 10; ++run) EXPECT_TRUE(run_backward(data, device).bits == want.bits);
  }
}

/// A window that crosses several chunks of keys and blocks of queries, of one head alone.
TEST(AttentionBackwardOrder, ThreadsOfTheCpuShareAWindowInOneOrder) {
  AttentionCase c{.seq_q = 3000, .seq_k = 3000, .head_dim = 8, .head_dim_v = 8};
  c.window = {700, 0};
  for (const bool has_bias : {false, true}) {
    if (has_bias) c.bias = {.shared = Shared::queries};
    const GradientData data({c, true, true});
    const Gradients want = run_backward(data, open_device("cpu", nullptr, 1));
    EXPECT_TRUE(is_right(data, want, GradientExpectation(data)));
    for (const int threads : {2, 5, 16}) {
      const Device device = open_device("cpu", nullptr, threads);
      for (int run = 0; run < 2; ++run) EXPECT_TRUE(run_backward(data, device).bits == want.bits);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, AttentionBackwardDeterminism, testing::ValuesIn(deterministic_cases()), name_of);

}  // namespace
}  // namespace ki::test
