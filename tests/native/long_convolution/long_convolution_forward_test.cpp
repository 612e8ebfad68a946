#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "long_convolution/long_convolution_cases.h"
#include "long_convolution/long_convolution_run.h"
#include "support/backends.h"
#include "support/not_supported.h"
#include "support/random.h"

namespace ki::test {
namespace {

class LongConvolutionForward : public testing::TestWithParam<LongConvolutionCase> {};

TEST_P(LongConvolutionForward, MatchesTheFormulaOnEveryBackend) {
  const LongConvolutionData data(GetParam());
  const LongConvolutionExpectation expectation(data);
  ASSERT_FALSE(backends().empty());
  std::string target;
  LongConvolutionOutcome last;
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name() + ", seed " + std::to_string(seed_of(GetParam().name())));
    not_supported.run(backend, [&] {
      LongConvolutionOutcome outcome = run_long_convolution(data, backend.open(), Workspace::of_caller);
      EXPECT_TRUE(is_right(data, outcome, expectation));
      if (!target.empty() && backend.target == target) {
        EXPECT_TRUE(outcome.bits == last.bits) << "the number of threads changed the result";
      }
      target = backend.target;
      last = std::move(outcome);
    });
  }
  not_supported.report();
}

std::string name_of(const testing::TestParamInfo<LongConvolutionCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Table, LongConvolutionForward, testing::ValuesIn(long_convolution_cases()), name_of);

}  // namespace
}  // namespace ki::test
