#include <gtest/gtest.h>

#include <string>

#include "butterfly/butterfly_case.h"
#include "support/backends.h"

// Butterfly convolutions and their gradients on every backend, against the formula.
namespace ki::test {
namespace {

class Butterfly : public testing::TestWithParam<ButterflyCase> {};

TEST_P(Butterfly, OutputMatchesTheFormula) {
  const ButterflyData data(GetParam());
  const ButterflyReferenceInputs inputs = data.inputs();
  const Expected expected{butterfly_forward(inputs), butterfly_forward(inputs, Arithmetic::naive),
                          butterfly_forward(inputs, Arithmetic::absolute)};
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    EXPECT_TRUE(matches(GetParam().dtype, run_butterfly_forward(data, backend.open()).read(), expected));
  }
}

TEST_P(Butterfly, GradientsMatchTheFormula) {
  const ButterflyData data(GetParam());
  const ButterflyReferenceInputs inputs = data.inputs();
  const Array grad_output = data.grad_output.read();
  const auto reference = butterfly_backward(inputs, grad_output);
  const auto naive = butterfly_backward(inputs, grad_output, Arithmetic::naive);
  const auto absolute = butterfly_backward(inputs, grad_output, Arithmetic::absolute);
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const ButterflyGradientTensors got = run_butterfly_backward(data, backend.open());
    for (const auto& [name, tensor, want] : all_gradients(got)) {
      SCOPED_TRACE(name);
      EXPECT_TRUE(matches(tensor->dtype(), tensor->read(), {reference.*want, naive.*want, absolute.*want}));
    }
  }
}

std::string name_of(const testing::TestParamInfo<ButterflyCase>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Table, Butterfly, testing::ValuesIn(butterfly_cases()), name_of);

}  // namespace
}  // namespace ki::test
