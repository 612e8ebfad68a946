// Short convolutions and their gradients, and beside them, in one process, a loop that copies the same bytes and one
// that only multiplies and adds: with --benchmark_enable_random_interleaving=true the repetitions of all take turns.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "pinned.h"
#include "roof.h"
#include "short_convolution_run.h"

namespace ki::bench {
namespace {

// The tensors of the last case: its benchmarks share them, and only one of the largest is held at a time.
ShortConvolutionRun& run_of(const ShortConvolutionCase& short_case, const Setting& setting) {
  static std::string held;
  static std::unique_ptr<ShortConvolutionRun> run;
  const std::string name = setting.name() + short_case.name();
  if (held != name) {
    run.reset();
    run = std::make_unique<ShortConvolutionRun>(short_case, setting);
    held = name;
  }
  return *run;
}

benchmark::Counter rate(double value) { return {value, benchmark::Counter::kIsIterationInvariantRate}; }

// Input and output once.
void count_bytes(benchmark::State& state, const ShortConvolutionCase& c) {
  state.counters["B/s"] = rate(2.0 * static_cast<double>(c.tensor_bytes()));
}

void add_case(const ShortConvolutionCase& c, const Setting& setting) {
  const std::string name = setting.name() + "/" + c.name();
  const auto add = [&](const char* kind, auto body) {
    return benchmark::RegisterBenchmark((kind + name).c_str(), body)->Unit(benchmark::kMillisecond);
  };
  add("forward/", [=](benchmark::State& state) {
    const Pinned pinned(setting.threads);
    ShortConvolutionRun& run = run_of(c, setting);
    for (auto _ : state) run.forward();
    count_bytes(state, c);
    state.counters["FLOP/s"] = rate(c.flops());
  })->UseRealTime();
  add("backward/", [=](benchmark::State& state) {
    const Pinned pinned(setting.threads);
    ShortConvolutionRun& run = run_of(c, setting);
    for (auto _ : state) run.backward();
    state.counters["FLOP/s"] = rate(2 * c.flops());
  })->UseRealTime();
  add("copy/", [=](benchmark::State& state) {
    const ShortConvolutionRun& run = run_of(c, setting);
    for (auto _ : state) state.SetIterationTime(run.copy());
    count_bytes(state, c);
  })->UseManualTime();
}

void add_setting(const Setting& setting) {
  benchmark::RegisterBenchmark(("roof/" + setting.name()).c_str(),
                               [=](benchmark::State& state) {
                                 RoofSample sample;
                                 for (auto _ : state) {
                                   sample = sample_roof(setting);
                                   state.SetIterationTime(sample.seconds);
                                 }
                                 state.counters["FLOP/s"] = rate(sample.flops);
                               })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
  for (const bool last : {false, true}) {
    for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_BFLOAT16}) {
      for (const std::int64_t width : {4, 31, 128}) {
        add_case({dtype, last, 4, 1024, 4096, width}, setting);  // in memory
        add_case({dtype, last, 1, 128, 1024, width}, setting);   // in the second-level cache
      }
    }
  }
}

void add_target(const std::string& target) {
  try {
    test::open_device("cpu", target.c_str());
  } catch (const std::runtime_error& error) {
    benchmark::AddCustomContext("without " + target, error.what());
    return;
  }
  for (const int threads : {1, 2}) {
    if (threads <= available_processors()) add_setting({target, threads});
  }
}

}  // namespace
}  // namespace ki::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  try {
    for (const char* target : {"avx2", "avx3"}) ki::bench::add_target(target);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "short_convolution_benchmark: %s\n", error.what());
    return 1;
  }
  benchmark::Shutdown();
}
