// Facts about the machine code of the short convolutions, and about the plans of their launches, which need no device.
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <set>
#include <string>

#include "cuda_kernels/ptxas_report.h"
#include "long_convolution/cuda/short_params.h"

namespace ki::long_convolution::cuda {
namespace {

using namespace ki::test;

/// What ptxas says about each kernel of a module: its name, and the lines that follow.
std::map<std::string, std::string> reports_of(const std::string& module) {
  const std::string report = ptxas_report(module), beginning = "Compiling entry function '";
  std::map<std::string, std::string> reports;
  for (std::size_t at = report.find(beginning); at != std::string::npos;) {
    const std::size_t name = at + beginning.size(), next = report.find(beginning, name);
    reports[report.substr(name, report.find('\'', name) - name)] = report.substr(name, next - name);
    at = next;
  }
  return reports;
}

class CompiledShortKernels : public testing::TestWithParam<std::string> {};

TEST_P(CompiledShortKernels, KeepEverythingInRegisters) {
  for (const auto& [kernel, report] : reports_of(GetParam())) {
    SCOPED_TRACE(kernel);
    expect_everything_in_registers(report);
    // Those of rows do little more than copy, and need many threads; four blocks of those of columns share a
    // multiprocessor.
    EXPECT_LE(registers_of(report), kernel.starts_with("short_column") ? 128 : 64);
  }
}

const std::string kModules[] = {"short_convolution_f32",      "short_convolution_f16",
                                "short_convolution_bf16",     "short_convolution_sums_f32",
                                "short_convolution_sums_f16", "short_convolution_sums_bf16",
                                "short_convolution_state",    "short_convolution_finish"};

INSTANTIATE_TEST_SUITE_P(Modules, CompiledShortKernels, testing::ValuesIn(kModules),
                         [](const auto& info) { return info.param; });

TEST(CompiledShortModules, AreThoseOfTheList) {
  EXPECT_EQ(compiled_modules("short_convolution"), std::set<std::string>(std::begin(kModules), std::end(kModules)));
  EXPECT_EQ(reports_of("short_convolution_bf16").size(), 3U);
  EXPECT_EQ(reports_of("short_convolution_sums_bf16").size(), 2U);
  EXPECT_EQ(reports_of("short_convolution_state").size(), 2U);
}

}  // namespace
}  // namespace ki::long_convolution::cuda
