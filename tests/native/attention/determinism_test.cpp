#include <gtest/gtest.h>

#include <string>

#include "attention/attention_cases.h"
#include "attention/attention_run.h"
#include "support/backends.h"

// Results are bit-equal whatever the number of threads, whoever's workspace is used, and however often they are computed.
namespace ki::test {
namespace {

class AttentionDeterminism : public testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionDeterminism, BitsDoNotDependOnThreadsWorkspaceOrRepetition) {
  const AttentionData data(GetParam());
  for (const SimdTarget& target : simd_targets()) {
    if (!target.usable) continue;
    const AttentionOutcome want = run_attention(data, open_device("cpu", target.name.c_str(), 1));
    EXPECT_EQ(want.stray_write, std::nullopt);
    for (const int threads : {1, 2, 3, 5, 16}) {
      const Device device = open_device("cpu", target.name.c_str(), threads);
      const Stream stream = create_stream(device);
      for (const Workspace workspace : {Workspace::of_stream, Workspace::of_caller, Workspace::of_stream}) {
        SCOPED_TRACE(target.name + ", " + std::to_string(threads) + " threads");
        const AttentionOutcome got = run_attention(data, device, stream.get(), workspace);
        EXPECT_EQ(got.stray_write, std::nullopt);
        EXPECT_TRUE(got.bits == want.bits);
      }
    }
  }
}

TEST_P(AttentionDeterminism, OutputDoesNotDependOnWhetherTheLogsumexpIsWanted) {
  AttentionData data(GetParam());
  ASSERT_TRUE(data.logsumexp);
  for (const Backend& backend : backends()) {
    const Device device = backend.open();
    data.logsumexp.emplace(KI_DTYPE_FLOAT32, Shape{GetParam().batch, GetParam().heads_q, GetParam().seq_q});
    const AttentionOutcome with = run_attention(data, device);
    data.logsumexp.reset();
    const AttentionOutcome without = run_attention(data, device);
    EXPECT_TRUE(without.bits ==
                std::vector<std::uint32_t>(with.bits.begin(),
                                           with.bits.begin() + static_cast<std::ptrdiff_t>(without.bits.size())));
  }
}

TEST_P(AttentionDeterminism, MatchesTheFormula) {
  const AttentionData data(GetParam());
  const AttentionExpectation expectation(data);
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    EXPECT_TRUE(is_right(data, run_attention(data, backend.open()), expectation));
  }
}

std::string name_of(const testing::TestParamInfo<AttentionCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Scheduling, AttentionDeterminism, testing::ValuesIn(scheduling_cases()), name_of);

}  // namespace
}  // namespace ki::test
