#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "long_convolution/convolution_gradient_run.h"
#include "support/backends.h"
#include "support/not_supported.h"
#include "support/random.h"
#include "support/virtual_gpu.h"

// What holds of every long convolution, whatever it computes: shifts, sums, bits that do not depend on how it is run, accuracy
// where rows are as long as they may be.
namespace ki::test {
namespace {

Array zeros_but(const Shape& shape, std::int64_t at, double value) {
  Array array(shape);
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    if (array.index(i).back() == at) array.values[i] = value;
  }
  return array;
}

template <class Test>
void on_every_backend(Test test) {
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] { test(backend.open()); });
  }
  not_supported.report();
}

std::vector<LongConvolutionCase> property_cases() {
  std::vector<LongConvolutionCase> cases;
  for (const std::int64_t fft_size : {0, 256}) {
    LongConvolutionCase c{.batch = 3, .channels = 1, .length = 600, .filter_length = 200};
    c.fft_size = fft_size;
    cases.push_back(c);
    c.circular = true;
    c.length = 577;
    cases.push_back(c);
  }
  return cases;
}

class ConvolutionProperties : public testing::TestWithParam<LongConvolutionCase> {};

INSTANTIATE_TEST_SUITE_P(Cases, ConvolutionProperties, testing::ValuesIn(property_cases()),
                         [](const auto& info) { return info.param.name(); });

TEST_P(ConvolutionProperties, AnImpulseGivesTheFilterWhereItStands) {
  on_every_backend([](const Device& device) {
    for (const std::int64_t at : {0, 1, 255, 500}) {
      LongConvolutionData data(GetParam());
      data.input.write(zeros_but(data.input.shape(), at, 1));
      const Array got = run_long_convolution(data, device).output;
      const Array filter = data.filter.read();
      const std::int64_t length = GetParam().length;
      for (std::int64_t t = 0; t < length; ++t) {
        const std::int64_t j = GetParam().circular ? (t - at + length) % length : t - at;
        const double want = j >= 0 && j < GetParam().filter_length ? filter({0, j}) : 0;
        // The filter has a norm of about 1.
        ASSERT_NEAR(got({1, 0, t}), want, 16 * 0x1p-24) << "an impulse at " << at << ", element " << t;
      }
    }
  });
}

TEST_P(ConvolutionProperties, AFilterOfOneTapDelays) {
  on_every_backend([](const Device& device) {
    for (const std::int64_t tap : {0, 1, 199}) {
      LongConvolutionData data(GetParam());
      data.filter.write(zeros_but(data.filter.shape(), tap, 1));
      const Array got = run_long_convolution(data, device).output;
      const Array input = data.input.read();
      const std::int64_t length = GetParam().length;
      for (std::int64_t t = 0; t < length; ++t) {
        const std::int64_t from = GetParam().circular ? (t - tap + length) % length : t - tap;
        // The input has values of about 1: the errors of a row of them are a few units each.
        ASSERT_NEAR(got({2, 0, t}), from >= 0 ? input({2, 0, from}) : 0, 64 * 0x1p-24) << "tap " << tap << ", " << t;
      }
    }
  });
}

TEST_P(ConvolutionProperties, SumsGiveSums) {
  on_every_backend([](const Device& device) {
    LongConvolutionData first(GetParam()), second(GetParam()), both(GetParam());
    Random random(11);
    Array a = first.input.read(), b = a, sum = a;
    for (std::size_t i = 0; i < a.values.size(); ++i) {
      // Multiples of 2^-10 below 8, so that the combination is exact.
      a.values[i] = std::round(random.uniform() * 1024) / 1024;
      b.values[i] = std::round(random.uniform() * 1024) / 1024;
      sum.values[i] = 2 * a.values[i] - 0.5 * b.values[i];
    }
    first.input.write(a);
    second.input.write(b);
    both.input.write(sum);
    const Array of_a = run_long_convolution(first, device).output, of_b = run_long_convolution(second, device).output,
                of_both = run_long_convolution(both, device).output;
    for (std::size_t i = 0; i < sum.values.size(); ++i) {
      ASSERT_NEAR(of_both.values[i], 2 * of_a.values[i] - 0.5 * of_b.values[i], 400 * 0x1p-24) << i;
    }
  });
}

/// Cases with rows to pair, blocks to share, and gradients to sum.
std::vector<ConvolutionGradientCase> determinism_cases() {
  LongConvolutionCase c{.batch = 5, .channels = 3, .length = 1500, .filter_length = 400};
  c.input_gate = c.output_gate = true;
  c.skip = Skip::float32;
  std::vector<ConvolutionGradientCase> cases{{c}};
  c.fft_size = 1024;
  c.dtype = KI_DTYPE_BFLOAT16;
  cases.push_back({c});
  c.fft_size = 0;
  c.circular = true;
  c.length = 999;
  cases.push_back({c});
  c.length = c.fft_size = 1024;
  c.mask = {32, MaskedBlocks::outside, {0, 1}};
  cases.push_back({c});
  return cases;
}

class ConvolutionDeterminism : public testing::TestWithParam<ConvolutionGradientCase> {};

TEST_P(ConvolutionDeterminism, BitsDoNotDependOnThreadsScheduleWorkspaceOrRepetition) {
  const ConvolutionGradientData data(GetParam());
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      const LongConvolutionOutcome want = run_long_convolution(data.forward, backend.open());
      const ConvolutionGradients want_gradients = run_backward(data, backend.open());
      const auto expect_the_same = [&](const Device& device) {
        for (const Workspace workspace : {Workspace::of_stream, Workspace::of_caller}) {
          const LongConvolutionOutcome got = run_long_convolution(data.forward, device, workspace);
          EXPECT_TRUE(got.bits == want.bits);
          EXPECT_EQ(got.stray_write, std::nullopt);
          const ConvolutionGradients gradients = run_backward(data, device, workspace);
          EXPECT_TRUE(gradients.bits == want_gradients.bits);
          EXPECT_EQ(gradients.stray_write, std::nullopt);
        }
      };
      if (backend.device == "cpu") {
        for (const int threads : {1, 2, 3, 5, 16}) {
          expect_the_same(open_device("cpu", backend.target.c_str(), threads));
        }
      } else {
        for (const char* schedule : {"reverse", "random"}) {
          choose_schedule(schedule);
          expect_the_same(backend.open());
        }
      }
    });
  }
  not_supported.report();
}

INSTANTIATE_TEST_SUITE_P(Cases, ConvolutionDeterminism, testing::ValuesIn(determinism_cases()),
                         [](const auto& info) { return info.param.name(); });

/// Rows ride in pairs as the parts of complex ones: what one has reaches its neighbour only as rounding errors.
TEST(ConvolutionRows, LeaveTheirNeighboursZero) {
  on_every_backend([](const Device& device) {
    const LongConvolutionData original({.batch = 4, .channels = 2, .length = 500, .filter_length = 300});
    for (std::int64_t row = 0; row < 4; ++row) {
      LongConvolutionData data = original.copy();
      Array input = data.input.read();
      for (std::size_t i = 0; i < input.values.size(); ++i) {
        if (input.index(i)[0] != row) input.values[i] = 0;
      }
      data.input.write(input);
      const LongConvolutionOutcome outcome = run_long_convolution(data, device);
      for (std::size_t i = 0; i < input.values.size(); ++i) {
        if (input.index(i)[0] == row) continue;
        ASSERT_NEAR(outcome.output.values[i], 0, 64 * 0x1p-24) << "row " << row << ", element " << i;
      }
    }
  });
}

/// Long rows that are too few for all threads are shared by them.
TEST(ConvolutionRows, HaveTheSameBitsWhenThreadsShareThem) {
  std::vector<LongConvolutionCase> cases{{.batch = 1, .channels = 1, .length = 131072, .filter_length = 131072},
                                         {.batch = 1, .channels = 3, .length = 70001, .filter_length = 70001},
                                         {.batch = 3, .channels = 1, .length = 65536, .filter_length = 300}};
  cases[1].dtype = KI_DTYPE_FLOAT16;
  cases[1].input_gate = cases[1].output_gate = true;
  cases[2].circular = true;
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    if (backend.device != "cpu") continue;
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      for (const LongConvolutionCase& c : cases) {
        const LongConvolutionData data(c);
        const Device one = open_device("cpu", backend.target.c_str(), 1);
        const LongConvolutionOutcome want = run_long_convolution(data, one);
        for (const int threads : {2, 3, 16}) {
          const Device many = open_device("cpu", backend.target.c_str(), threads);
          const LongConvolutionOutcome got = run_long_convolution(data, many, Workspace::of_caller);
          EXPECT_TRUE(got.bits == want.bits) << c.name() << ", " << threads << " threads";
          EXPECT_EQ(got.stray_write, std::nullopt);
        }
      }
    });
  }
  not_supported.report();
}

/// Where a mask keeps low frequencies only, a backend may compute at a lower rate, at which tones above are easily taken for
/// others. A pure tone and a filter that resonates with another one are the worst there is.
TEST(ConvolutionMasks, LetNoMaskedToneThrough) {
  constexpr std::int64_t kLength = 1024;
  const auto tone = [](const Shape& shape, std::int64_t frequency) {
    Array array(shape);
    for (std::size_t i = 0; i < array.values.size(); ++i) {
      const std::int64_t turns = array.index(i).back() * frequency % kLength;
      array.values[i] = std::cos(2 * std::numbers::pi * static_cast<double>(turns) / static_cast<double>(kLength));
    }
    return array;
  };
  on_every_backend([&](const Device& device) {
    for (const std::int64_t blocks : {4, 8, 16, 64}) {  // of which the first is kept
      LongConvolutionCase c{.batch = 1, .channels = 1, .length = kLength, .filter_length = kLength, .circular = true};
      c.fft_size = kLength;
      c.mask = {kLength / 2 / blocks, MaskedBlocks::outside, {0, 1}};
      const std::int64_t kept = kLength / 2 / blocks - 1;
      for (std::int64_t rate = kLength; rate > 2 * kept; rate /= 2) {
        LongConvolutionData data(c);
        data.input.write(tone(data.input.shape(), rate / 2 - kept));
        data.filter.write(tone(data.filter.shape(), kept));
        const LongConvolutionOutcome outcome = run_long_convolution(data, device);
        const Array want = LongConvolutionExpectation(data).output.reference;
        double error = 0;
        for (std::size_t i = 0; i < want.values.size(); ++i) {
          error += std::pow(outcome.output.values[i] - want.values[i], 2);
        }
        // The rounding errors of a tone are alike in every period, and may all add up: twice log2(points) units of |x| |k|.
        EXPECT_LE(std::sqrt(error), 20 * outcome.precision.unit * kLength / 2)
            << "one of " << blocks << " blocks, half a rate of " << rate;
      }
    }
  });
}

/// As long as transforms are: the errors of all their points still are those of a few units for each doubling.
TEST(ConvolutionAccuracy, HoldsUpToFourMillionPointsOnTheCpu) {
  if (device_names().front() != "cpu") GTEST_SKIP() << "the CPU is not wanted";
  const Device device = open_device("cpu");
  NotSupportedList not_supported;
  not_supported.run({"cpu", "", 0}, [&] {
    for (const auto& [length, filter_length] :
         {std::pair<std::int64_t, std::int64_t>{2097152, 2097152}, {300007, 65536}}) {
      LongConvolutionCase c{.batch = 1, .channels = 1, .length = length, .filter_length = filter_length};
      c.contents = filter_length == length ? ConvolutionContents::normal : ConvolutionContents::decaying;
      SCOPED_TRACE(c.name());
      const LongConvolutionData data(c);
      const LongConvolutionExpectation expectation(data);
      const LongConvolutionOutcome outcome = run_long_convolution(data, device);
      EXPECT_TRUE(is_right(data, outcome, expectation));
      const TransformError error = transform_error(c.dtype, outcome.output, expectation.output, outcome.precision);
      RecordProperty("row_error", std::to_string(error.row));
      std::cout << c.name() << ": a row's error is " << error.row << " of what is allowed, an element's "
                << error.element << "\n";
    }
  });
  not_supported.report();
}

}  // namespace
}  // namespace ki::test
