// One new token over a long cache, and beside it a loop that only reads the same memory, and the roof of multiply-adds, in one
// process: with --benchmark_enable_random_interleaving=true the repetitions of all take turns.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "benchmark_main.h"
#include "decode_run.h"
#include "pinned.h"
#include "roof_benchmark.h"

namespace ki::bench {
namespace {

// The tensors of the last case: a case and its read loop share them, and only one of the largest is held at a time.
DecodeRun& run_of(const DecodeCase& decode_case, const Setting& setting) {
  static std::string held;
  static std::unique_ptr<DecodeRun> run;
  const std::string name = setting.name() + decode_case.name();
  if (held != name) {
    run.reset();
    run = std::make_unique<DecodeRun>(decode_case, setting);
    held = name;
  }
  return *run;
}

void add_case(const DecodeCase& decode_case, const Setting& setting) {
  const std::string name = setting.name() + "/" + decode_case.name();
  const auto rate = [=](benchmark::State& state) {
    state.counters["B/s"] = benchmark::Counter(decode_case.bytes(), benchmark::Counter::kIsIterationInvariantRate);
  };
  benchmark::RegisterBenchmark(("decode/" + name).c_str(),
                               [=](benchmark::State& state) {
                                 const Pinned pinned(setting.threads);
                                 DecodeRun& run = run_of(decode_case, setting);
                                 for (auto _ : state) run.forward();
                                 rate(state);
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark(("read/" + name).c_str(),
                               [=](benchmark::State& state) {
                                 DecodeRun& run = run_of(decode_case, setting);
                                 for (auto _ : state) state.SetIterationTime(run.read());
                                 rate(state);
                               })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

void add_setting(const Setting& setting) {
  add_roof(setting);
  const auto f32 = KI_DTYPE_FLOAT32, f16 = KI_DTYPE_FLOAT16, bf16 = KI_DTYPE_BFLOAT16, i8 = KI_DTYPE_INT8;
  struct Types {
    ki_dtype query, cache;
  };
  for (const Types types : {Types{f32, f32}, {f16, f16}, {bf16, bf16}, {bf16, i8}}) {
    for (const std::int64_t length : {8192, 32768}) {
      for (const int page_size : {0, 16, 64, 256}) {
        add_case({types.query, types.cache, 32, 8, 128, length, page_size}, setting);
      }
      add_case({types.query, types.cache, 8, 8, 128, length, 0}, setting);
      add_case({types.query, types.cache, 8, 1, 128, length, 0}, setting);
      add_case({types.query, types.cache, 32, 8, 64, length, 0}, setting);
    }
  }
}

}  // namespace
}  // namespace ki::bench

int main(int argc, char** argv) { return ki::bench::run_benchmarks(argc, argv, ki::bench::add_setting); }
