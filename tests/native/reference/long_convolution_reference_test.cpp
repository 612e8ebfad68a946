#include "reference/long_convolution_reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "reference/cyclic_convolution.h"
#include "reference/long_convolution_gradients.h"
#include "support/random.h"

// The references against numbers worked out by hand, against one another, and the gradients against finite differences.
namespace ki::test {
namespace {

using Values = std::vector<double>;

Array array_of(Shape shape, Values values) {
  Array array(std::move(shape));
  array.values = std::move(values);
  return array;
}

Array random_array(Random& random, Shape shape) {
  Array array(std::move(shape));
  for (double& x : array.values) x = random.normal();
  return array;
}

Values random_values(Random& random, std::int64_t count) { return random_array(random, {count}).values; }

void expect_near(const Values& got, const Values& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], tolerance) << "element " << i;
}

TEST(CyclicConvolution, OfSmallSequences) {
  const Values a{1, 2, 3}, b{10, 20};
  EXPECT_EQ(convolve_directly(a, b, 0, 5), (Values{10, 40, 70, 60, 0}));
  EXPECT_EQ(convolve_directly(a, b, 0, 2), (Values{10, 40}));
  EXPECT_EQ(convolve_directly(a, b, 3, 3), (Values{70, 40, 70}));
  EXPECT_EQ(convolve_directly(a, b, 2, 2), (Values{80, 100}));
  EXPECT_EQ(convolve_directly(a, b, 1, 1), (Values{180}));
  EXPECT_EQ(correlate(a, b, 0, 3), (Values{50, 80, 30}));  // 1*10 + 2*20, 2*10 + 3*20, 3*10
  EXPECT_EQ(correlate(a, b, 3, 3), (Values{50, 80, 50}));  // the last: 3*10 + 1*20
  EXPECT_EQ(correlate(b, a, 0, 3), (Values{50, 20, 0}));   // 10*1 + 20*2, 20*1
  EXPECT_EQ(correlate(b, a, 3, 3), (Values{50, 50, 80}));  // 10*3 + 20*1, 10*2 + 20*3
  EXPECT_EQ(convolve_directly({}, b, 0, 2), (Values{0, 0}));
  EXPECT_EQ(correlate(a, {}, 0, 2), (Values{0, 0}));
}

TEST(CyclicConvolution, ByTransformIsTheDirectOne) {
  Random random(1);
  for (const auto& [a_size, b_size, period] : {std::tuple<std::int64_t, std::int64_t, std::int64_t>{1, 1, 0},
                                               {5, 300, 0},
                                               {1000, 999, 0},
                                               {700, 701, 701},
                                               {90, 33, 33},
                                               {3000, 1, 0},
                                               {2, 3, 1}}) {
    const Values a = random_values(random, a_size), b = random_values(random, b_size);
    const std::int64_t count = period == 0 ? a_size + b_size - 1 : period;
    expect_near(convolve_by_transform(a, b, period, count), convolve_directly(a, b, period, count), 1e-11);
  }
}

TEST(CyclicConvolution, FastTransformIsThePlainOne) {
  Random random(2);
  for (const std::int64_t points : {1, 2, 8, 256, 1024}) {
    const Values x = random_values(random, points == 8 ? 21 : points / 2 + 1);
    const auto fast = fast_fourier_transform(x, points), plain = discrete_fourier_transform(x, points);
    ASSERT_EQ(fast.size(), plain.size());
    for (std::size_t f = 0; f < fast.size(); ++f) EXPECT_LT(std::abs(fast[f] - plain[f]), 1e-11);
  }
}

TEST(CyclicConvolution, TransformsOfKnownSequences) {
  const auto impulse = discrete_fourier_transform(Values{0, 1, 0, 0}, 4);
  EXPECT_NEAR(impulse[1].real(), 0, 1e-15);
  EXPECT_NEAR(impulse[1].imag(), -1, 1e-15);  // exp(-2 pi i / 4)
  const auto ones = discrete_fourier_transform(Values{1, 1, 1, 1}, 4);
  EXPECT_NEAR(ones[0].real(), 4, 1e-15);
  EXPECT_NEAR(std::abs(ones[1]) + std::abs(ones[2]), 0, 1e-15);
}

TEST(LongConvolutionReference, OfOneRowByHand) {
  LongConvolutionArguments a{array_of({1, 1, 3}, {1, 2, 3}), array_of({1, 2}, {10, -4})};
  EXPECT_EQ(long_convolution_reference(a).output.values, (Values{10, 16, 22}));
  a.circular = true;
  EXPECT_EQ(long_convolution_reference(a).output.values, (Values{-2, 16, 22}));
  a.filter = array_of({1, 4}, {10, -4, 0, 5});  // folds: the last tap stands on the first
  EXPECT_EQ(long_convolution_reference(a).output.values, (Values{3, 26, 37}));
  a.circular = false;
  EXPECT_EQ(long_convolution_reference(a).output.values, (Values{10, 16, 22}));
  a.squash = 4.5;
  EXPECT_EQ(long_convolution_reference(a).output.values, (Values{5.5, 11, 16.5}));
}

TEST(LongConvolutionReference, GatesAndSkipByHand) {
  LongConvolutionArguments a{array_of({1, 1, 3}, {1, 2, 3}), array_of({1, 2}, {10, -4})};
  a.input_gate = array_of({1, 1, 3}, {1, 0, -1});    // x = 1, 0, -3; c = 10, -4, -30
  a.output_gate = array_of({1, 1, 3}, {2, 0.5, 1});  // 20, -2, -30
  a.skip = array_of({1}, {100});
  EXPECT_EQ(long_convolution_reference(a).output.values, (Values{120, 198, 270}));
}

TEST(LongConvolutionReference, GoesOnFromAState) {
  LongConvolutionArguments a{array_of({1, 1, 2}, {1, 2}), array_of({1, 4}, {10, 1, 0, 3})};
  a.state = array_of({1, 1, 3}, {7, 8, 9});
  // 10*1 + 1*9 + 3*7, 10*2 + 1*1 + 3*8
  const LongConvolutionResult result = long_convolution_reference(a);
  EXPECT_EQ(result.output.values, (Values{40, 45}));
  EXPECT_EQ(result.state.values, (Values{9, 1, 2}));
}

TEST(LongConvolutionReference, PiecesWithAStateAreTheWhole) {
  Random random(3);
  LongConvolutionArguments whole{random_array(random, {2, 3, 23}), random_array(random, {3, 9})};
  whole.input_gate = random_array(random, {2, 3, 23});
  const Array want = long_convolution_reference(whole).output;
  std::int64_t begin = 0;
  Array state({2, 3, 8});
  for (const std::int64_t length : {4, 0, 1, 11, 7}) {
    LongConvolutionArguments piece{Array({2, 3, length}), whole.filter};
    piece.input_gate = Array({2, 3, length});
    piece.state = state;
    for (std::int64_t row = 0; row < 6; ++row) {
      for (std::int64_t t = 0; t < length; ++t) {
        piece.input({row / 3, row % 3, t}) = whole.input({row / 3, row % 3, begin + t});
        (*piece.input_gate)({row / 3, row % 3, t}) = (*whole.input_gate)({row / 3, row % 3, begin + t});
      }
    }
    const LongConvolutionResult got = long_convolution_reference(piece);
    for (std::int64_t row = 0; row < 6; ++row) {
      for (std::int64_t t = 0; t < length; ++t) {
        EXPECT_EQ(got.output({row / 3, row % 3, t}), want({row / 3, row % 3, begin + t}));
      }
    }
    state = got.state;
    begin += length;
  }
}

TEST(LongConvolutionReference, MasksAreProjectionsOfTheFilter) {
  Random random(4);
  const Values filter = random_values(random, 5);
  FrequencyMask mask{16, 3, {true, true, true}};
  Values whole = filter;
  whole.resize(16);
  expect_near(masked(filter, mask), whole, 1e-14);
  mask.kept = {false, false, false};
  EXPECT_EQ(masked(filter, mask), Values(16));
  mask.block = 1;
  mask.kept = {true, false, false, false, false, false, false, false};  // the mean alone
  double sum = 0;
  for (const double tap : filter) sum += tap;
  expect_near(masked(filter, mask), Values(16, sum / 16), 1e-14);
  mask.kept = {false, false, false, false, false, false, false, true};  // the last block has the frequency 8, too
  Values sequence(16);
  for (std::size_t t = 0; t < 16; ++t) sequence[t] = t % 2 == 0 ? 1 : -1;
  expect_near(masked(sequence, mask), sequence, 1e-14);
  mask.kept = {true, false, true, false, false, true, true, false};
  expect_near(masked(masked(filter, mask), mask), masked(filter, mask), 1e-14);
}

TEST(LongConvolutionReference, AMaskMultipliesTheSpectrumOfTheSums) {
  // c = inverse transform of mask * transform of k * transform of x, all of 32 points.
  Random random(5);
  LongConvolutionArguments a{random_array(random, {1, 1, 20}), random_array(random, {1, 13})};
  a.mask = {32, 4, {true, false, true, false}};
  const Array got = long_convolution_reference(a).output;
  const auto x = discrete_fourier_transform(a.input.values, 32), k = discrete_fourier_transform(a.filter.values, 32);
  for (std::int64_t t = 0; t < 20; ++t) {
    double sum = 0;
    for (std::int64_t f = 0; f < 32; ++f) {
      const auto i = static_cast<std::size_t>(std::min(f, 32 - f));
      if (!a.mask->keeps(static_cast<std::int64_t>(i))) continue;
      const std::complex<double> product = f <= 16 ? x[i] * k[i] : std::conj(x[i] * k[i]);
      sum += (product * std::polar(1.0, 2 * M_PI * static_cast<double>(f * t) / 32)).real() / 32;
    }
    EXPECT_NEAR(got({0, 0, t}), sum, 1e-13);
  }
}

LongConvolutionArguments random_arguments(std::uint64_t seed, std::int64_t length, std::int64_t filter_length) {
  Random random(seed);
  return {random_array(random, {2, 3, length}), random_array(random, {3, filter_length})};
}

double weighted_output(const LongConvolutionArguments& a, const Array& weights) {
  const Array output = long_convolution_reference(a).output;
  double sum = 0;
  for (std::size_t e = 0; e < output.values.size(); ++e) sum += weights.values[e] * output.values[e];
  return sum;
}

/// The convolution is linear in each of its tensors, squashing apart, so that differences are exact but for rounding.
void expect_differences(LongConvolutionArguments& a, Array& variable, const Array& gradient, const Array& weights) {
  constexpr double kStep = 1e-4;
  ASSERT_EQ(variable.shape, gradient.shape);
  for (std::size_t e = 0; e < variable.values.size(); ++e) {
    const double x = variable.values[e];
    variable.values[e] = x + kStep;
    const double above = weighted_output(a, weights);
    variable.values[e] = x - kStep;
    const double below = weighted_output(a, weights);
    variable.values[e] = x;
    EXPECT_NEAR(gradient.values[e], (above - below) / (2 * kStep), 1e-9) << "element " << to_string(variable.index(e));
  }
}

void expect_gradients(LongConvolutionArguments a) {
  Random random(77);
  const Array weights = random_array(random, a.input.shape);
  const LongConvolutionGradients gradients = gradients_reference(a, weights);
  expect_differences(a, a.input, gradients.input, weights);
  expect_differences(a, a.filter, gradients.filter, weights);
  if (a.input_gate) expect_differences(a, *a.input_gate, gradients.input_gate, weights);
  if (a.output_gate) expect_differences(a, *a.output_gate, gradients.output_gate, weights);
  if (a.skip) expect_differences(a, *a.skip, gradients.skip, weights);
}

void add_gates(LongConvolutionArguments& a) {
  Random random(78);
  a.input_gate = random_array(random, a.input.shape);
  a.output_gate = random_array(random, a.input.shape);
  a.skip = random_array(random, {a.channels()});
}

TEST(LongConvolutionGradients, AreTheDifferencesOfThePlainOne) {
  expect_gradients(random_arguments(10, 7, 4));
  expect_gradients(random_arguments(11, 4, 7));
  expect_gradients(random_arguments(12, 1, 1));
}

TEST(LongConvolutionGradients, AreTheDifferencesWithEachFeature) {
  LongConvolutionArguments a = random_arguments(13, 6, 4);
  add_gates(a);
  expect_gradients(a);
  a = random_arguments(14, 7, 3);
  a.circular = true;
  expect_gradients(a);
  a = random_arguments(15, 5, 13);  // folds twice
  a.circular = true;
  expect_gradients(a);
  a = random_arguments(16, 6, 4);
  a.squash = 0.5;
  expect_gradients(a);
  a = random_arguments(17, 6, 4);
  a.mask = {16, 2, {true, false, true, false}};
  expect_gradients(a);
}

TEST(LongConvolutionGradients, AreTheDifferencesWithAllFeatures) {
  LongConvolutionArguments a = random_arguments(18, 8, 11);
  add_gates(a);
  a.squash = 0.3;
  a.circular = true;
  a.mask = {8, 3, {false, true}};
  expect_gradients(a);
  a.circular = false;
  a.mask = {16, 3, {false, true, true}};
  expect_gradients(a);
}

TEST(LongConvolutionGradients, OfSquashedTapsAreZero) {
  LongConvolutionArguments a{array_of({1, 1, 3}, {1, 2, 3}), array_of({1, 3}, {0.5, -0.5, 0.75})};
  a.squash = 0.5;
  EXPECT_EQ(gradients_reference(a, Array({1, 1, 3}, 1)).filter.values, (Values{0, 0, 1}));
}

}  // namespace
}  // namespace ki::test
