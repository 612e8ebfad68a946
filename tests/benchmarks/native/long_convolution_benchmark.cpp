// Long convolution, and beside it the same made of FFTW's transforms, in one process: with
// --benchmark_enable_random_interleaving=true the repetitions of all take turns.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "benchmark_main.h"
#include "convolution_run.h"
#include "pinned.h"
#if defined(KI_FFTW)
#include "fftw_convolution.h"
#endif

namespace ki::bench {
namespace {

// The case that was last run: repetitions that do not take turns need not make its tensors again.
ConvolutionRun& run_of(const ConvolutionCase& convolution_case, const Setting& setting) {
  static std::string held;
  static std::unique_ptr<ConvolutionRun> run;
  const std::string name = setting.name() + convolution_case.name();
  if (held != name) {
    run.reset();
    run = std::make_unique<ConvolutionRun>(convolution_case, setting);
    held = name;
  }
  return *run;
}

#if defined(KI_FFTW)
// FFTW measures for seconds before it transforms for the first time; it remembers what it has found.
struct Rival {
  std::unique_ptr<FftwConvolution> fftw;
  std::vector<float> output;
};

Rival& rival_of(const ConvolutionCase& c, const Setting& setting, const ConvolutionRun& ours) {
  static std::string held;
  static Rival rival;
  const std::string name = std::to_string(setting.threads) + c.name();
  if (held == name) return rival;
  rival = {};
  rival.fftw = std::make_unique<FftwConvolution>(c, setting.threads);
  rival.output.resize(static_cast<std::size_t>(c.rows() * c.length));
  rival.fftw->set_filter(ours.filter());
  rival.fftw->forward(ours.input(), rival.output.data());
  held = name;
  return rival;
}

// Whether both have computed the same, but for rounding.
bool agree(const ConvolutionCase& c, const ConvolutionRun& ours, const Rival& rival) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < rival.output.size(); ++i) {
    error += std::pow(static_cast<double>(ours.output()[i]) - rival.output[i], 2);
    size += std::pow(rival.output[i], 2);
  }
  const double doublings = std::log2(static_cast<double>(c.length + c.filter_length));
  return std::sqrt(error) <= 8 * std::sqrt(doublings) * 0x1p-24 * std::sqrt(size);
}
#endif

void add_case(const ConvolutionCase& convolution_case, const Setting& setting) {
  const std::string name = setting.name() + "/" + convolution_case.name();
  benchmark::RegisterBenchmark(("convolution/" + name).c_str(),
                               [=](benchmark::State& state) {
                                 const Pinned pinned(setting.threads);
                                 ConvolutionRun& run = run_of(convolution_case, setting);
                                 for (auto _ : state) run.forward();
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
#if defined(KI_FFTW)
  constexpr std::int64_t kLongestRival = 1 << 20;  // FFTW measures for more than ten minutes before a longer one
  if (convolution_case.mask != Mask::none || convolution_case.length > kLongestRival) return;
  benchmark::RegisterBenchmark(("fftw/" + name).c_str(),
                               [=](benchmark::State& state) {
                                 const ConvolutionRun& ours = run_of(convolution_case, setting);
                                 Rival& rival = rival_of(convolution_case, setting, ours);
                                 if (!agree(convolution_case, ours, rival)) {
                                   state.SkipWithError("FFTW computes something else");
                                   return;
                                 }
                                 for (auto _ : state) rival.fftw->forward(ours.input(), rival.output.data());
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
#endif
}

void add_setting(const Setting& setting) {
  // Rows of 4 million numbers together, or what 16 x 64 of them have.
  for (const ConvolutionCase& c : {ConvolutionCase{16, 64, 256, 256},
                                   {16, 64, 1024, 1024},
                                   {16, 64, 4096, 4096},
                                   {4, 64, 16384, 16384},
                                   {2, 32, 65536, 65536},
                                   {2, 16, 131072, 131072},
                                   {2, 8, 262144, 262144},
                                   {2, 4, 524288, 524288},
                                   {2, 2, 1048576, 1048576},
                                   {1, 2, 2097152, 2097152},
                                   {1, 1, 4194304, 4194304},
                                   {16, 64, 257, 257},
                                   {16, 64, 500, 500},
                                   {16, 64, 1000, 1000},
                                   {16, 64, 5000, 5000},
                                   {4, 64, 10007, 10007},
                                   {2, 20, 100000, 100000},
                                   {2, 10, 200003, 200003},
                                   {2, 4, 500000, 500000}}) {
    add_case(c, setting);
  }
  // Filters that are shorter than their rows, and single rows.
  for (const std::int64_t taps : {64, 256, 1024, 2048, 4096, 8192, 16384, 32768})
    add_case({2, 32, 65536, taps}, setting);
  for (const std::int64_t taps : {16384, 65536, 262144}) add_case({2, 2, 1048576, taps}, setting);
  for (const std::int64_t length : {65536, 1048576}) add_case({1, 1, length, length}, setting);
  // Transforms of 4,096 and 65,536 points: whole, then masked.
  for (const ConvolutionCase& c : {ConvolutionCase{16, 64, 2048, 2048}, {4, 64, 32768, 32768}}) {
    add_case(c, setting);
    for (const int one_in : {2, 4, 8, 16, 64}) {
      for (const Mask mask : {Mask::low_pass, Mask::scattered}) {
        add_case({c.batch, c.channels, c.length, c.filter_length, mask, one_in}, setting);
      }
    }
  }
}

}  // namespace
}  // namespace ki::bench

int main(int argc, char** argv) {
#if !defined(KI_FFTW)
  std::fputs("FFTW was not found: there is nothing to compare with\n", stderr);
#endif
  return ki::bench::run_benchmarks(argc, argv, ki::bench::add_setting);
}
