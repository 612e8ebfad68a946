#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "attention/attention_cases.h"
#include "attention/attention_run.h"
#include "support/backends.h"
#include "support/not_supported.h"
#include "support/random.h"

namespace ki::test {
namespace {

class AttentionForward : public testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionForward, MatchesTheFormulaOnEveryBackend) {
  const AttentionData data(GetParam());
  AttentionJudge judge(data);
  ASSERT_FALSE(backends().empty());
  std::string target;
  AttentionOutcome last;
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name() + ", seed " + std::to_string(seed_of(GetParam().name())));
    not_supported.run(backend, [&] {
      AttentionOutcome outcome = run_attention(data, backend.open(), Workspace::of_caller);
      EXPECT_TRUE(judge.is_right(outcome));
      if (!target.empty() && backend.target == target) {
        EXPECT_EQ(outcome.bits, last.bits) << "the number of threads changed the result";
        EXPECT_EQ(outcome.appended_bits, last.appended_bits) << "the number of threads changed what was appended";
      }
      target = backend.target;
      last = std::move(outcome);
    });
  }
  not_supported.report();
}

std::string name_of(const testing::TestParamInfo<AttentionCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Table, AttentionForward, testing::ValuesIn(attention_cases()), name_of);

}  // namespace
}  // namespace ki::test
