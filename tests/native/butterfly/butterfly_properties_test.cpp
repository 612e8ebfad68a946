#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "butterfly/butterfly_case.h"
#include "support/backends.h"

// What holds of butterfly convolutions beside their formula.
namespace ki::test {
namespace {

/// The library's tables of coefficients, in a case's tensors.
void write_dft(ButterflyData& data, const Device& device) {
  const Stream stream = create_stream(device);
  Staging staging(device, stream.get());
  for (TensorData* table : {&data.forward_first, &data.forward_second, &data.inverse_second, &data.inverse_first}) {
    table->write_sentinel();
  }
  const ki_tensor *first = staging.place(data.forward_first), *second = staging.place(data.forward_second);
  const ki_tensor *inverse_second = staging.place(data.inverse_second), *inverse = staging.place(data.inverse_first);
  check(ki_butterfly_coefficients_dft(stream.get(), first, second, inverse_second, inverse));
  staging.download();
  const TensorData* written[] = {&data.forward_first, &data.forward_second, &data.inverse_second, &data.inverse_first};
  EXPECT_EQ(staging.changed_outside(written), std::nullopt);
}

class ButterflyDft : public testing::TestWithParam<ButterflyCase> {};

/// Each number is rounded once from double precision, which itself errs by less than 2^-50.
TEST_P(ButterflyDft, CoefficientsAreThoseOfTheTransform) {
  const ButterflyCoefficientArrays want = dft_coefficients(GetParam().n1, GetParam().n2);
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    ButterflyData data(GetParam());
    write_dft(data, backend.open());
    const std::pair<const TensorData*, const Array*> tables[] = {{&data.forward_first, &want.forward_first},
                                                                 {&data.forward_second, &want.forward_second},
                                                                 {&data.inverse_second, &want.inverse_second},
                                                                 {&data.inverse_first, &want.inverse_first}};
    for (const auto& [got, expected] : tables) {
      const Array values = got->read();
      ASSERT_EQ(values.values.size(), expected->values.size());
      for (std::size_t i = 0; i < values.values.size(); ++i) {
        const double x = expected->values[i];
        ASSERT_LE(std::fabs(values.values[i] - x), half_ulp(KI_DTYPE_FLOAT32, x) * 1.0001 + 0x1p-50) << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ButterflyDft,
                         testing::Values(ButterflyCase{.n1 = 16, .n2 = 16}, ButterflyCase{.n1 = 16, .n2 = 64},
                                         ButterflyCase{.n1 = 64, .n2 = 32}),
                         [](const auto& info) { return info.param.name(); });

/// c[t] = sum over j of k[j] x[t - j], modulo n.
Array circular_convolution(const Array& input, const Array& filter, std::int64_t n) {
  Array output(input.shape);
  const std::int64_t length = input.shape[2], taps = filter.shape[1];
  for (std::int64_t b = 0; b < input.shape[0]; ++b) {
    for (std::int64_t h = 0; h < input.shape[1]; ++h) {
      for (std::int64_t t = 0; t < length; ++t) {
        for (std::int64_t j = 0; j < taps; ++j) {
          const std::int64_t from = (t - j + n) % n;
          if (from < length) output({b, h, t}) += filter({h, j}) * input({b, h, from});
        }
      }
    }
  }
  return output;
}

double norm(const double* values, std::int64_t count) {
  double squares = 0;
  for (std::int64_t i = 0; i < count; ++i) squares += values[i] * values[i];
  return std::sqrt(squares);
}

/// |err| <= 4 (log2 n + 8) 2^-24 |x| |k|, the bound that the documentation gives.
void expect_convolution(const ButterflyData& data, const Device& device) {
  const ButterflyCase& c = data.butterfly_case;
  const Array input = data.input.read(), filter = data.filter.read();
  const Array want = circular_convolution(input, filter, std::int64_t{c.n1} * c.n2);
  const Array got = run_butterfly_forward(data, device).read();
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t h = 0; h < c.channels; ++h) {
      const double bound = 4 * (std::log2(c.n1 * c.n2) + 8) * 0x1p-24 * norm(input.row({b, h}), c.length) *
                           norm(filter.row({h}), c.filter_length);
      for (std::int64_t t = 0; t < c.length; ++t) {
        ASSERT_NEAR(got({b, h, t}), want({b, h, t}), bound) << "row " << b << ", " << h << ", time " << t;
      }
    }
  }
}

TEST(ButterflyProperties, WithTheCoefficientsOfTheDftItIsTheLongConvolution) {
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    for (const std::int64_t length : {100, 256}) {  // causal, and coming round
      ButterflyData data({.channels = 2, .length = length, .filter_length = 120});
      const Device device = backend.open();
      write_dft(data, device);
      expect_convolution(data, device);
    }
  }
}

/// So many rows that they are computed in several groups, of batch entries or of channels. What they need of memory and
/// time is too much for the virtual GPU, and which rows make a group is not the backend's business.
TEST(ButterflyProperties, ManyRowsAreTheLongConvolutionToo) {
  const Device device = open_device("cpu");
  for (const auto& [batch, channels] : {std::pair{3300, 1}, std::pair{1, 26300}}) {
    ButterflyData data({.batch = batch, .channels = channels, .length = 64, .filter_length = 5});
    write_dft(data, device);
    expect_convolution(data, device);
  }
}

/// The first batch entries of rows, from `first` on.
TensorData entries_of(const TensorData& rows, std::int64_t first, std::int64_t count) {
  const Array all = rows.read();
  Array part({count, all.shape[1], all.shape[2]});
  std::copy_n(all.row({first, 0}), std::ssize(part.values), part.values.begin());
  TensorData tensor(rows.dtype(), part.shape);
  tensor.write(part);
  return tensor;
}

/// Gradients of rows in several groups are those of the rows' parts together.
TEST(ButterflyProperties, GradientsAddUpOverGroups) {
  constexpr std::int64_t kBatch = 1640, kPart = 410;
  const Device device = open_device("cpu");
  const ButterflyData data({.batch = kBatch, .channels = 1, .length = 64, .filter_length = 9});
  const ButterflyGradientTensors whole = run_butterfly_backward(data, device);
  std::map<std::string, std::vector<double>> sums;
  for (std::int64_t first = 0; first < kBatch; first += kPart) {
    ButterflyData part = data;
    part.butterfly_case.batch = kPart;
    part.input = entries_of(data.input, first, kPart);
    part.grad_output = entries_of(data.grad_output, first, kPart);
    const ButterflyGradientTensors got = run_butterfly_backward(part, device);
    for (const auto& [name, tensor, want] : all_gradients(got)) {
      if (tensor == &got.grad_input) continue;
      const Array values = tensor->read();
      std::vector<double>& sum = sums[name];
      sum.resize(values.values.size());
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += values.values[i];
    }
  }
  for (const auto& [name, tensor, want] : all_gradients(whole)) {
    if (tensor == &whole.grad_input) continue;
    SCOPED_TRACE(name);
    std::vector<double> difference = tensor->read().values;
    const std::vector<double>& sum = sums[name];
    ASSERT_EQ(difference.size(), sum.size());
    for (std::size_t i = 0; i < sum.size(); ++i) difference[i] -= sum[i];
    EXPECT_LE(norm(difference.data(), std::ssize(sum)), 1e-5 * norm(sum.data(), std::ssize(sum)));
    EXPECT_GT(norm(sum.data(), std::ssize(sum)), 0);
  }
}

/// Errors of a whole tensor, in the Euclidean norm. The elements' tolerance grows with the absolute values that the stages
/// could add up to; here errors meet only what they did, which shows a part of a number that is lost or misplaced.
class ButterflyPrecision : public testing::TestWithParam<ki_dtype> {
 protected:
  void expect_close(const TensorData& got, const Array& want) const {
    // Of sums, that the products of parts allow: three parts of a float32, two for rows of 16 bits.
    const double of_sums = GetParam() == KI_DTYPE_FLOAT32 ? 0x1p-20 : 0x1p-15;
    const double bound = of_sums + half_ulp(got.dtype(), 1);
    std::vector<double> difference = got.read().values;
    ASSERT_EQ(difference.size(), want.values.size());
    for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= want.values[i];
    const std::int64_t count = std::ssize(difference);
    EXPECT_LE(norm(difference.data(), count), bound * norm(want.values.data(), count));
  }
};

TEST_P(ButterflyPrecision, IsThatOfTheType) {
  const ButterflyData data({.dtype = GetParam(),
                            .n1 = 16,
                            .n2 = 32,
                            .channels = 64,
                            .length = 400,
                            .gates = true,
                            .skip = KI_DTYPE_FLOAT32});
  const ButterflyReferenceInputs inputs = data.inputs();
  const Array output = butterfly_forward(inputs);
  const ButterflyReferenceGradients gradients = butterfly_backward(inputs, data.grad_output.read());
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const Device device = backend.open();
    expect_close(run_butterfly_forward(data, device), output);
    const ButterflyGradientTensors got = run_butterfly_backward(data, device);
    for (const auto& [name, tensor, want] : all_gradients(got)) {
      SCOPED_TRACE(name);
      expect_close(*tensor, gradients.*want);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, ButterflyPrecision,
                         testing::Values(KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16),
                         [](const auto& info) { return std::string(dtype_name(info.param)); });

std::vector<std::uint32_t> bits_of(const ButterflyGradientTensors& gradients) {
  std::vector<std::uint32_t> bits;
  for (const auto& [name, tensor, want] : all_gradients(gradients)) {
    const std::vector<std::uint32_t> more = tensor->read_bits();
    bits.insert(bits.end(), more.begin(), more.end());
  }
  return bits;
}

TEST(ButterflyProperties, BitsDoNotDependOnThreads) {
  const ButterflyData data(
      {.n1 = 16, .n2 = 32, .batch = 3, .channels = 70, .length = 300, .gates = true, .skip = KI_DTYPE_FLOAT32});
  for (const SimdTarget& target : simd_targets()) {
    if (!target.usable) continue;
    const Device one = open_device("cpu", target.name.c_str(), 1);
    const auto output = run_butterfly_forward(data, one).read_bits();
    const auto gradients = bits_of(run_butterfly_backward(data, one));
    for (const int threads : {2, 3, 7, 16}) {
      SCOPED_TRACE(target.name + ", " + std::to_string(threads) + " threads");
      const Device device = open_device("cpu", target.name.c_str(), threads);
      EXPECT_TRUE(run_butterfly_forward(data, device).read_bits() == output);
      EXPECT_TRUE(bits_of(run_butterfly_backward(data, device)) == gradients);
    }
  }
}

TEST(ButterflyProperties, AGradientDoesNotDependOnTheOthersThatAreWanted) {
  const ButterflyData data({.batch = 2, .channels = 3, .gates = true, .skip = KI_DTYPE_FLOAT32});
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const Device device = backend.open();
    const ButterflyGradientTensors all = run_butterfly_backward(data, device);
    const std::vector<ButterflyGradientCheck> wanted = all_gradients(all);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      SCOPED_TRACE(wanted[i].name);
      const ButterflyGradientTensors one = run_butterfly_backward(data, device, wanted[i].name);
      EXPECT_TRUE(all_gradients(one)[i].got->read_bits() == wanted[i].got->read_bits());
    }
  }
}

TEST(ButterflyProperties, ResultsRepeatBitForBit) {
  const ButterflyData data({.batch = 2, .channels = 5, .gates = true});
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const Device device = backend.open();
    EXPECT_TRUE(bits_of(run_butterfly_backward(data, device)) == bits_of(run_butterfly_backward(data, device)));
  }
}

/// A number that is not finite spoils its own row, and no other one.
TEST(ButterflyProperties, WhatIsNotFiniteStaysInItsRow) {
  ButterflyData data({.batch = 2, .channels = 3});
  const Array clean_input = data.input.read(), clean_gradient = data.grad_output.read();
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const Device device = backend.open();
    data.input.write(clean_input);
    data.grad_output.write(clean_gradient);
    const Array output = run_butterfly_forward(data, device).read();
    const Array gradient = run_butterfly_backward(data, device).grad_input.read();
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      Array input = clean_input, grad_output = clean_gradient;
      input({1, 1, 17}) = bad;
      grad_output({1, 1, 17}) = bad;
      data.input.write(input);
      data.grad_output.write(grad_output);
      const Array spoilt = run_butterfly_forward(data, device).read();
      const Array spoilt_gradient = run_butterfly_backward(data, device).grad_input.read();
      for (std::size_t i = 0; i < output.values.size(); ++i) {
        const Shape at = output.index(i);
        const bool is_bad_row = at[0] == 1 && at[1] == 1;
        EXPECT_EQ(std::isfinite(spoilt.values[i]), !is_bad_row) << to_string(at);
        EXPECT_EQ(std::isfinite(spoilt_gradient.values[i]), !is_bad_row) << to_string(at);
        if (is_bad_row) continue;
        EXPECT_EQ(spoilt.values[i], output.values[i]) << to_string(at);
        EXPECT_EQ(spoilt_gradient.values[i], gradient.values[i]) << to_string(at);
      }
    }
  }
}

/// Sums over no row are zero, and nothing else is written.
TEST(ButterflyProperties, AnEmptyBatchHasGradientsOfZero) {
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const Device device = backend.open();
    const ButterflyData data({.batch = 0, .channels = 2, .gates = true, .skip = KI_DTYPE_FLOAT32});
    EXPECT_TRUE(run_butterfly_forward(data, device).read().values.empty());
    const ButterflyGradientTensors got = run_butterfly_backward(data, device);
    for (const auto& [name, tensor, want] : all_gradients(got)) {
      SCOPED_TRACE(name);
      for (const double x : tensor->read().values) ASSERT_EQ(x, 0);
    }
  }
}

}  // namespace
}  // namespace ki::test
