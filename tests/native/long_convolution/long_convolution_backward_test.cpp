#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "long_convolution/convolution_gradient_run.h"
#include "support/backends.h"
#include "support/not_supported.h"
#include "support/random.h"

namespace ki::test {
namespace {

class LongConvolutionBackward : public testing::TestWithParam<ConvolutionGradientCase> {};

TEST_P(LongConvolutionBackward, MatchesTheFormulaOnEveryBackend) {
  const ConvolutionGradientData data(GetParam());
  const ConvolutionGradientExpectation expectation(data);
  ASSERT_FALSE(backends().empty());
  std::string target;
  ConvolutionGradients last;
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name() + ", seed " + std::to_string(seed_of(GetParam().name())));
    not_supported.run(backend, [&] {
      ConvolutionGradients gradients = run_backward(data, backend.open(), Workspace::of_caller);
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

std::string name_of(const testing::TestParamInfo<ConvolutionGradientCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Table, LongConvolutionBackward, testing::ValuesIn(convolution_gradient_cases()), name_of);

}  // namespace
}  // namespace ki::test
