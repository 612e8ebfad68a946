#include <gtest/gtest.h>

#include <string>

#include "attention/attention_cases.h"
#include "attention/attention_run.h"
#include "support/backends.h"
#include "support/random.h"

namespace ki::test {
namespace {

class AttentionForward : public testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionForward, MatchesTheFormulaOnEveryBackend) {
  const AttentionData data(GetParam());
  const AttentionExpectation expectation(data);
  ASSERT_FALSE(backends().empty());
  std::string target;
  std::vector<std::uint32_t> bits;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name() + ", seed " + std::to_string(seed_of(GetParam().name())));
    const AttentionOutcome outcome = run_attention(data, backend.open(), Workspace::of_caller);
    EXPECT_TRUE(is_right(data, outcome, expectation));
    if (!target.empty() && backend.target == target) {
      EXPECT_EQ(outcome.bits, bits) << "the number of threads changed the result";
    }
    target = backend.target;
    bits = outcome.bits;
  }
}

std::string name_of(const testing::TestParamInfo<AttentionCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Table, AttentionForward, testing::ValuesIn(attention_cases()), name_of);

}  // namespace
}  // namespace ki::test
