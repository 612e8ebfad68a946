// Gradients of the short convolution: against the formula on every backend, and the formula against finite differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "short_convolution/short_reference.h"
#include "short_convolution/short_run.h"
#include "support/backends.h"
#include "support/not_supported.h"
#include "support/virtual_gpu.h"

namespace ki::test {
namespace {

class ShortConvolutionBackward : public testing::TestWithParam<ShortCase> {};

std::vector<ShortCase> backward_cases() {
  std::vector<ShortCase> cases = short_cases();
  for (ShortCase& c : cases) c.state = false;
  // Several slices of sums, and batch entries that share one.
  for (const bool last : {false, true}) {
    cases.push_back({.batch = 2, .channels = 9, .length = 5000, .width = 3, .channels_last = last});
    cases.push_back({.dtype = KI_DTYPE_BFLOAT16,
                     .batch = 300,
                     .channels = 2,
                     .length = 30,
                     .width = 4,
                     .channels_last = last,
                     .placement = ShortPlacement::aligned});
  }
  std::vector<std::string> names;
  std::erase_if(cases, [&](const ShortCase& c) {
    if (std::ranges::find(names, c.name()) != names.end()) return true;
    names.push_back(c.name());
    return false;
  });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Table, ShortConvolutionBackward, testing::ValuesIn(backward_cases()),
                         [](const auto& info) { return info.param.name(); });

std::vector<std::uint32_t> bits_of(const ShortData& data) {
  std::vector<std::uint32_t> bits = data.grad_input.read_bits();
  for (const auto& more :
       {data.grad_filter.read_bits(), data.grad_bias ? data.grad_bias->read_bits() : std::vector<std::uint32_t>()}) {
    bits.insert(bits.end(), more.begin(), more.end());
  }
  return bits;
}

void expect_gradients(const ShortData& data, const ShortGradients& want) {
  EXPECT_TRUE(matches(data.c.dtype, data.grad_input.read(), want.input)) << "grad_input";
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, data.grad_filter.read(), want.filter)) << "grad_filter";
  if (data.grad_bias) {
    EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, data.grad_bias->read(), want.bias)) << "grad_bias";
  }
}

TEST_P(ShortConvolutionBackward, IsWhatTheFormulaSays) {
  const ShortData original(GetParam());
  const ShortGradients want = short_gradients(original);
  NotSupportedList not_supported;
  std::string target;
  std::vector<std::uint32_t> bits;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      ShortData data = original.copy();
      EXPECT_EQ(run_short_backward(data, backend.open()), std::nullopt);
      expect_gradients(data, want);
      if (!target.empty() && backend.target == target) {
        EXPECT_EQ(bits_of(data), bits) << "bits depend on the number of threads";
      }
      target = backend.target;
      bits = bits_of(data);
    });
  }
  not_supported.report();
}

/// Any of the gradients alone has the bits that it has beside the others, and the others are not touched.
TEST(ShortConvolutionGradients, AreComputedOneByOneToo) {
  for (const bool last : {false, true}) {
    const ShortData original({.batch = 2, .channels = 10, .length = 70, .width = 5, .channels_last = last});
    for (const Backend& backend : backends()) {
      SCOPED_TRACE(backend.name());
      ShortData all = original.copy();
      run_short_backward(all, backend.open());
      for (int one = 0; one < 3; ++one) {
        ShortData data = original.copy();
        EXPECT_EQ(run_short_backward(data, backend.open(), {one == 0, one == 1, one == 2}), std::nullopt);
        EXPECT_EQ(data.grad_input.read_bits(), (one == 0 ? all : original).grad_input.read_bits());
        EXPECT_EQ(data.grad_filter.read_bits(), (one == 1 ? all : original).grad_filter.read_bits());
        EXPECT_EQ(data.grad_bias->read_bits(), (one == 2 ? all : original).grad_bias->read_bits());
      }
    }
  }
}

TEST(ShortConvolutionGradients, DoNotDependOnThreadsScheduleOrRepetition) {
  for (const bool last : {false, true}) {
    const ShortData original({.batch = 3, .channels = 40, .length = 3000, .width = 6, .channels_last = last});
    for (const Backend& backend : backends()) {
      SCOPED_TRACE(backend.name());
      ShortData want = original.copy();
      run_short_backward(want, backend.open());
      const auto expect_the_same = [&](const Device& device) {
        ShortData data = original.copy();
        run_short_backward(data, device);
        EXPECT_TRUE(bits_of(data) == bits_of(want));
      };
      if (backend.device == "cpu") {
        for (const int threads : {1, 2, 5}) expect_the_same(open_device("cpu", backend.target.c_str(), threads));
      } else {
        for (const char* schedule : {"reverse", "random"}) {
          choose_schedule(schedule);
          expect_the_same(backend.open());
        }
      }
    }
  }
}

/// An input that is NaN makes gradients of its taps NaN; a gradient of an output that is NaN, those of the inputs that
/// it met.
TEST(ShortConvolutionGradients, NanStaysWhereTheFormulaPutsIt) {
  for (const bool last : {false, true}) {
    for (const std::int64_t width : {3, 33, 100}) {
      for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16}) {
        ShortData original({.dtype = dtype, .channels = 19, .length = 150, .width = width, .channels_last = last});
        const ShortCase& c = original.c;
        Array input = original.input.read(), grad_output = original.grad_output.read();
        input.values[c.at(c.length, 0, 2, 148)] = std::nan("");  // met by taps 0 and 1
        input.values[c.at(c.length, 0, 18, 149)] = std::nan("");
        grad_output.values[c.at(c.length, 0, 4, 149)] = std::nan("");
        original.input.write(input);
        original.grad_output.write(grad_output);
        const ShortGradients want = short_gradients(original);
        for (const Backend& backend : backends()) {
          if (backend.thread_count == 3) continue;
          SCOPED_TRACE(backend.name() + " " + c.name());
          ShortData data = original.copy();
          run_short_backward(data, backend.open());
          expect_gradients(data, want);
        }
      }
    }
  }
}

/// The reference itself: sum(output * grad_output) changes with each number as its gradient says. It is linear in each,
/// so that a step of any size finds the gradient.
TEST(ShortConvolutionReference, HasTheGradientsThatFiniteDifferencesHave) {
  for (const bool last : {false, true}) {
    ShortData data({.batch = 2, .channels = 3, .length = 9, .width = 4, .channels_last = last});
    const ShortGradients gradients = short_gradients(data);
    const Array weights = data.grad_output.read();
    const auto loss = [&] {
      const Array output = short_convolution(data).reference;
      double sum = 0;
      for (std::size_t i = 0; i < output.values.size(); ++i) sum += output.values[i] * weights.values[i];
      return sum;
    };
    const auto compare = [&](TensorData& tensor, const Array& gradient) {
      const Array values = tensor.read();
      const double before = loss();
      for (std::size_t i = 0; i < values.values.size(); ++i) {
        Array moved = values;
        moved.values[i] = std::trunc(values.values[i]) + 2;
        tensor.write(moved);
        const double slope = (loss() - before) / (moved.values[i] - values.values[i]);
        EXPECT_NEAR(slope, gradient.values[i], 1e-9) << i;
      }
      tensor.write(values);
    };
    compare(data.input, gradients.input.reference);
    compare(data.filter, gradients.filter.reference);
    compare(*data.bias, gradients.bias.reference);
  }
}

}  // namespace
}  // namespace ki::test
