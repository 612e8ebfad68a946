#include "reference/butterfly_reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "support/random.h"

// The reference of butterfly convolutions, against what needs no butterfly: the sum of a convolution, and differences.
namespace ki::test {
namespace {

Array random_array(Shape shape, Random& random, double scale = 1) {
  Array array(std::move(shape));
  for (double& x : array.values) x = scale * random.normal();
  return array;
}

ButterflyReferenceInputs random_inputs(Random& random, int n1, int n2, std::int64_t length, std::int64_t taps) {
  const std::int64_t batch = 2, channels = 2;
  const Shape rows{batch, channels, length};
  const double first = std::sqrt(0.5 / n1), second = std::sqrt(0.5 / n2);
  return {n1,
          n2,
          KI_DTYPE_FLOAT32,
          random_array(rows, random),
          random_array({channels, taps}, random),
          random_array({n2, n1, n1, 2}, random, first),
          random_array({n1, n2, n2, 2}, random, second),
          random_array({n1, n2, n2, 2}, random, second),
          random_array({n2, n1, n1, 2}, random, first),
          random_array(rows, random),
          random_array(rows, random),
          random_array({channels}, random)};
}

TEST(ButterflyReference, WithTheCoefficientsOfTheDftIsTheConvolution) {
  Random random(seed_of("dft"));
  ButterflyReferenceInputs in = random_inputs(random, 4, 8, 20, 13);
  auto dft = dft_coefficients(4, 8);
  in.forward_first = dft.forward_first;
  in.forward_second = dft.forward_second;
  in.inverse_second = dft.inverse_second;
  in.inverse_first = dft.inverse_first;
  const Array output = butterfly_forward(in);
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t h = 0; h < 2; ++h) {
      for (std::int64_t t = 0; t < 20; ++t) {
        double c = 0;
        for (std::int64_t j = 0; j < 13 && j <= t; ++j) {
          c += in.filter({h, j}) * in.input({b, h, t - j}) * in.input_gate({b, h, t - j});
        }
        const double y = in.output_gate({b, h, t}) * c + in.skip({h}) * in.input({b, h, t});
        EXPECT_NEAR(output({b, h, t}), y, 1e-12);
      }
    }
  }
}

/// dL for L = sum(output * grad_output), along a random direction of one input; L is a polynomial of low degree, so
/// that differences of few points are exact but for rounding.
class ButterflyReferenceGradient : public testing::Test {
 protected:
  double loss(const ButterflyReferenceInputs& in) const {
    const Array output = butterfly_forward(in);
    double sum = 0;
    for (std::size_t i = 0; i < output.values.size(); ++i) sum += output.values[i] * grad_output.values[i];
    return sum;
  }

  void check(Array ButterflyReferenceInputs::*input, Array ButterflyReferenceGradients::*gradient, const char* name) {
    const Array direction = random_array((in.*input).shape, random);
    const auto moved = [&](double step) {
      ButterflyReferenceInputs there = in;
      for (std::size_t i = 0; i < direction.values.size(); ++i) {
        (there.*input).values[i] += step * direction.values[i];
      }
      return loss(there);
    };
    // Exact for polynomials of degree 4: the loss has at most degree 2 in any one input.
    const double step = 0.125;
    const double slope = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
    const ButterflyReferenceGradients gradients = butterfly_backward(in, grad_output);
    const Array& got = gradients.*gradient;
    double want = 0;
    for (std::size_t i = 0; i < direction.values.size(); ++i) want += got.values[i] * direction.values[i];
    EXPECT_NEAR(want, slope, 1e-9 * (1 + std::fabs(slope))) << name;
    EXPECT_GT(std::fabs(slope), 1e-3) << name << " would not show an error";
  }

  Random random{seed_of("gradients")};
  ButterflyReferenceInputs in = random_inputs(random, 4, 8, 27, 11);
  Array grad_output = random_array({2, 2, 27}, random);
};

TEST_F(ButterflyReferenceGradient, IsTheSlope) {
  using In = ButterflyReferenceInputs;
  using Out = ButterflyReferenceGradients;
  check(&In::input, &Out::grad_input, "input");
  check(&In::filter, &Out::grad_filter, "filter");
  check(&In::forward_first, &Out::grad_forward_first, "forward_first");
  check(&In::forward_second, &Out::grad_forward_second, "forward_second");
  check(&In::inverse_second, &Out::grad_inverse_second, "inverse_second");
  check(&In::inverse_first, &Out::grad_inverse_first, "inverse_first");
  check(&In::input_gate, &Out::grad_input_gate, "input_gate");
  check(&In::output_gate, &Out::grad_output_gate, "output_gate");
  check(&In::skip, &Out::grad_skip, "skip");
}

}  // namespace
}  // namespace ki::test
