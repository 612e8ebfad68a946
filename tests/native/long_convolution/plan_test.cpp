#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "long_convolution/convolution_fixture.h"
#include "long_convolution/long_convolution_run.h"
#include "reference/cyclic_convolution.h"
#include "support/backends.h"
#include "support/not_supported.h"
#include "support/virtual_gpu.h"

// Plans of long convolution: their spectra, many calls of one plan, and versions of the structs.
namespace ki::test {
namespace {

std::vector<LongConvolutionCase> spectrum_cases() {
  std::vector<LongConvolutionCase> cases;
  for (const std::int64_t filter_length : {1, 2, 255, 256}) {
    LongConvolutionCase c{.batch = 1, .channels = 3, .length = 300, .filter_length = filter_length};
    c.fft_size = 256;
    cases.push_back(c);
  }
  LongConvolutionCase c{.batch = 1, .channels = 2, .length = 700, .filter_length = 300};
  c.squash = 0.03F;
  cases.push_back(c);
  c.fft_size = 1024;
  c.mask = {37, MaskedBlocks::scattered};
  c.filter_dtype = KI_DTYPE_BFLOAT16;
  cases.push_back(c);
  c = {.batch = 1, .channels = 2, .length = 333, .filter_length = 1000};  // folds
  c.circular = true;
  cases.push_back(c);
  c = {.batch = 1, .channels = 1, .length = 5000, .filter_length = 5000};
  cases.push_back(c);
  return cases;
}

/// [channels, frequencies, 2] on a device, and back.
struct SpectrumData {
  explicit SpectrumData(const LongConvolutionPlan& plan)
      : tensor(KI_DTYPE_FLOAT32, {info_of(plan).channels, info_of(plan).fft_size / 2 + 1, 2}) {}

  Array get(const Device& device, ki_stream* stream, const LongConvolutionPlan& plan) {
    tensor.write_sentinel();
    Staging staging(device, stream);
    check(ki_long_convolution_get_spectrum(stream, plan.get(), staging.place(tensor)));
    staging.download();
    const TensorData* written[] = {&tensor};
    EXPECT_EQ(staging.changed_outside(written), std::nullopt);
    return tensor.read();
  }

  void set(const Device& device, ki_stream* stream, const LongConvolutionPlan& plan, const Array& values) {
    tensor.write(values);
    Staging staging(device, stream);
    check(ki_long_convolution_set_spectrum(stream, plan.get(), staging.place(tensor)));
    check(ki_stream_synchronize(stream));
  }

  TensorData tensor;
};

/// Rows of a spectrum as matches() takes them: an element's error is measured by the sum of the taps, a row's by its own norm.
TransformExpected spectrum_expectation(const LongConvolutionArguments& arguments, std::int64_t fft_size) {
  LongConvolutionArguments unmasked = arguments;
  unmasked.mask.reset();
  Array reference = filter_spectrum(arguments, fft_size);
  reference.shape = {arguments.channels(), fft_size + 2};
  TransformExpected expected{reference, Array(reference.shape, 1), Array(reference.shape),
                             Array({arguments.channels()}), Array({arguments.channels()})};
  for (std::int64_t h = 0; h < arguments.channels(); ++h) {
    const std::vector<double> filter = used_filter(unmasked, h);
    for (const double tap : filter) expected.product_norms({h}) += std::fabs(tap);
    expected.result_norms({h}) = std::sqrt(static_cast<double>(fft_size)) * norm(filter);
  }
  return expected;
}

class PlanSpectrum : public testing::TestWithParam<LongConvolutionCase> {};

TEST_P(PlanSpectrum, IsTheTransformOfTheFilter) {
  const LongConvolutionData data(GetParam());
  const LongConvolutionArguments arguments = data.arguments();
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      const Device device = backend.open();
      const Stream stream = create_stream(device);
      const LongConvolutionPlan plan = create_plan(device, stream.get(), data);
      const std::int64_t fft_size = info_of(plan).fft_size;
      Array got = SpectrumData(plan).get(device, stream.get(), plan);
      for (std::int64_t h = 0; arguments.mask && h < arguments.channels(); ++h) {
        for (std::int64_t f = 0; f <= fft_size / 2; ++f) {  // masked frequencies are nothing but zeros
          if (arguments.mask->keeps(f)) continue;
          EXPECT_EQ(got({h, f, 0}), 0);
          EXPECT_EQ(got({h, f, 1}), 0);
        }
      }
      got.shape = {arguments.channels(), fft_size + 2};
      EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, got, spectrum_expectation(arguments, fft_size), {0x1p-24, fft_size}));
    });
  }
  not_supported.report();
}

TEST_P(PlanSpectrum, TakesThePlaceOfTheFilter) {
  const LongConvolutionData data(GetParam());
  const LongConvolutionExpectation expectation(data);
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      const Device device = backend.open();
      const Stream stream = create_stream(device);
      const LongConvolutionPlan plan = create_plan(device, data);
      EXPECT_EQ(info_of(plan).has_filter, 0);
      SpectrumData spectrum(plan);
      LongConvolutionArguments unmasked = data.arguments();
      unmasked.mask.reset();  // what is given need not be masked
      const std::int64_t fft_size = info_of(plan).fft_size;
      Array given = filter_spectrum(unmasked, fft_size);
      for (std::int64_t h = 0; h < given.shape[0]; ++h) {  // these are not read
        given({h, 0, 1}) = given({h, fft_size / 2, 1}) = std::numeric_limits<double>::quiet_NaN();
      }
      spectrum.set(device, stream.get(), plan, given);
      EXPECT_EQ(info_of(plan).has_filter, 1);
      EXPECT_TRUE(is_right(data, run_long_convolution(data, device, stream.get(), plan), expectation));
      Array got = spectrum.get(device, stream.get(), plan);
      got.shape = {data.convolution_case.channels, fft_size + 2};
      // A backend may keep its filters in another form: two transforms' errors.
      EXPECT_TRUE(
          matches(KI_DTYPE_FLOAT32, got, spectrum_expectation(data.arguments(), fft_size), {0x1p-23, fft_size}));
    });
  }
  not_supported.report();
}

INSTANTIATE_TEST_SUITE_P(Cases, PlanSpectrum, testing::ValuesIn(spectrum_cases()),
                         [](const auto& info) { return info.param.name(); });

/// Calls of any length and batch, and filters that change between them, leave nothing behind in a plan.
TEST(LongConvolutionPlan, ServesManyLengthsAndFilters) {
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    not_supported.run(backend, [&] {
      const Device device = backend.open();
      const Stream stream = create_stream(device);
      LongConvolutionCase c{.batch = 3, .channels = 2, .length = 900, .filter_length = 70};
      c.plan_length = 900;
      const LongConvolutionPlan plan = create_plan(device, LongConvolutionData(c));
      for (const std::int64_t length : {900, 1, 0, 257, 900, 64}) {
        c.length = length;
        c.batch = 1 + length % 3;
        SCOPED_TRACE(backend.name() + ", " + c.name());
        LongConvolutionData data(c);
        Staging staging(device, stream.get());
        check(ki_long_convolution_set_filter(stream.get(), plan.get(), staging.place(data.filter)));
        EXPECT_TRUE(is_right(data, run_long_convolution(data, device, stream.get(), plan, Workspace::of_caller),
                             LongConvolutionExpectation(data)));
      }
    });
  }
  not_supported.report();
}

TEST(LongConvolutionPlan, IsSharedByThreads) {
  LongConvolutionCase c{.batch = 3, .channels = 2, .length = 700, .filter_length = 300};
  c.input_gate = true;
  const LongConvolutionData data(c);
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      const Device device = backend.open();
      const Stream stream = create_stream(device);
      const LongConvolutionPlan plan = create_plan(device, stream.get(), data);
      const LongConvolutionOutcome want = run_long_convolution(data, device, stream.get(), plan);
      const int runs = backend.device == "cpu" ? 20 : 2;
      std::vector<std::thread> threads;
      std::vector<int> same(2);
      for (std::size_t i = 0; i < same.size(); ++i) {
        threads.emplace_back([&, i] {
          const Stream own = create_stream(device);
          for (int run = 0; run < runs; ++run) {
            same[i] += run_long_convolution(data, device, own.get(), plan).bits == want.bits ? 1 : 0;
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(same, std::vector<int>({runs, runs}));
    });
  }
  not_supported.report();
}

TEST(LongConvolutionPlan, OutlivesItsDevicesHandleAndLeavesNone) {
  const LongConvolutionData data({.batch = 1, .channels = 1, .length = 60, .filter_length = 30});
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const std::int64_t before = ki_live_handle_count();
    not_supported.run(backend, [&] {
      Device device = backend.open();
      Stream stream = create_stream(device);
      LongConvolutionPlan plan = create_plan(device, stream.get(), data);
      EXPECT_EQ(ki_live_handle_count(), before + 3);
      stream.reset();
      device.reset();
      EXPECT_EQ(info_of(plan).has_filter, 1);
      plan.reset();
    });
    EXPECT_EQ(ki_live_handle_count(), before);
  }
  not_supported.report();
}

TEST(LongConvolutionPlan, IsDescribedAsItWasMade) {
  ConvolutionFixture f(ConvolutionFixture::Kind::squashing);
  const ki_long_convolution_plan_info info = info_of(f.plan);
  EXPECT_EQ(info.flags, KI_LONG_CONVOLUTION_NONE);
  EXPECT_EQ(info.channels, 3);
  EXPECT_EQ(info.length, 6);
  EXPECT_EQ(info.filter_length, 5);
  EXPECT_EQ(info.fft_size, 256);
  EXPECT_EQ(info.squash, 0.5F);
  EXPECT_EQ(info.has_filter, 1);
  EXPECT_GT(info.memory_bytes, 0U);
  EXPECT_EQ(info_of(ConvolutionFixture(ConvolutionFixture::Kind::streaming).plan).flags, KI_LONG_CONVOLUTION_STREAMING);
  EXPECT_EQ(info_of(ConvolutionFixture(ConvolutionFixture::Kind::circular).plan).flags, KI_LONG_CONVOLUTION_CIRCULAR);
}

/// A struct as a newer header may have it: with a field this library does not know.
template <typename Struct>
struct Newer {
  Struct known;
  std::int64_t unknown = 0;

  explicit Newer(const Struct& from) : known(from) { known.struct_size = sizeof(Newer); }
};

TEST(LongConvolutionVersions, NewerStructsAreAcceptedWhileWhatIsNewIsZero) {
  ConvolutionFixture f;
  const auto plan = f.plan.get();
  ki_stream* stream = f.stream.get();
  Newer<ki_long_convolution_options> options(f.options);
  ki_long_convolution_plan* made = nullptr;
  EXPECT_EQ(ki_long_convolution_plan_create(f.device.get(), &options.known, &made), KI_STATUS_OK);
  ki_long_convolution_plan_close(made);
  options.unknown = 1;
  EXPECT_TRUE(refused(ki_long_convolution_plan_create(f.device.get(), &options.known, &made),
                      KI_STATUS_INVALID_ARGUMENT, "options", {std::to_string(sizeof(options))}));
  Newer<ki_long_convolution_problem> problem(f.problem), backward_problem(f.backward_problem);
  Newer<ki_long_convolution_gradients> gradients(f.gradients);
  problem.unknown = gradients.unknown = 1;
  EXPECT_TRUE(refused(ki_long_convolution_forward(stream, plan, &problem.known, nullptr, 0), KI_STATUS_INVALID_ARGUMENT,
                      "problem"));
  EXPECT_TRUE(refused(ki_long_convolution_backward(stream, plan, &backward_problem.known, &gradients.known, nullptr, 0),
                      KI_STATUS_INVALID_ARGUMENT, "gradients"));
  EXPECT_TRUE(f.untouched());
  problem.unknown = gradients.unknown = 0;
  EXPECT_EQ(ki_long_convolution_forward(stream, plan, &problem.known, nullptr, 0), KI_STATUS_OK);
  EXPECT_EQ(ki_long_convolution_backward(stream, plan, &backward_problem.known, &gradients.known, nullptr, 0),
            KI_STATUS_OK);
}

TEST(LongConvolutionVersions, OlderStructsAreReadAsIfTheRestWereZero) {
  ConvolutionFixture f;
  f.options.struct_size = offsetof(ki_long_convolution_options, fft_size);
  f.options.fft_size = 77;
  f.options.squash = -1;
  EXPECT_EQ(f.create(), KI_STATUS_OK) << ki_last_error_message();
  f.problem.struct_size = offsetof(ki_long_convolution_problem, input_gate);
  f.problem.input_gate = f.problem.state =
      reinterpret_cast<const ki_tensor*>(8);  // would be read if the size were ignored
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
  f.gradients.struct_size = offsetof(ki_long_convolution_gradients, grad_filter);
  f.gradients.grad_filter = f.gradients.filter = reinterpret_cast<const ki_tensor*>(8);
  EXPECT_EQ(f.backward(), KI_STATUS_OK) << ki_last_error_message();
}

TEST(LongConvolutionVersions, AnOlderDescriptionIsNotWrittenBeyondItsEnd) {
  ConvolutionFixture f;
  ki_long_convolution_plan_info info;
  std::memset(&info, 0x55, sizeof(info));
  info.struct_size = offsetof(ki_long_convolution_plan_info, fft_size);
  ASSERT_EQ(ki_long_convolution_plan_get_info(f.plan.get(), &info), KI_STATUS_OK);
  EXPECT_EQ(info.filter_length, 5);
  EXPECT_EQ(info.fft_size, 0x5555555555555555);
  EXPECT_EQ(info.memory_bytes, 0x5555555555555555U);
}

}  // namespace
}  // namespace ki::test
