// Attention and the roof beside it, in one process: with --benchmark_enable_random_interleaving=true the repetitions of
// all of them alternate, so that both see the same neighbours and the same clock.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "attention_run.h"
#include "benchmark_main.h"
#include "pinned.h"
#include "roof_benchmark.h"

namespace ki::bench {
namespace {

constexpr int kHeads = 16;
constexpr AttentionCase kSentence{.dtype = KI_DTYPE_FLOAT32, .heads = 4, .head_dim = 64, .length = 13};

void run_attention(benchmark::State& state, const Setting& setting, const AttentionCase& attention_case) {
  const Pinned pinned(setting.threads);
  AttentionRun run(attention_case, setting);
  for (auto _ : state) run.forward();
  state.counters["FLOP/s"] = benchmark::Counter(attention_case.flops(), benchmark::Counter::kIsIterationInvariantRate);
}

void run_backward(benchmark::State& state, const Setting& setting, const AttentionCase& attention_case) {
  const Pinned pinned(setting.threads);
  AttentionRun run(attention_case, setting);
  run.prepare_backward();
  for (auto _ : state) run.backward();
  state.counters["FLOP/s"] =
      benchmark::Counter(attention_case.backward_flops(), benchmark::Counter::kIsIterationInvariantRate);
}

// What is measured in a setting. Long sequences take seconds a run, so only the fastest settings see them.
std::vector<AttentionCase> cases_of(const Setting& setting) {
  std::vector<AttentionCase> cases;
  const bool wide = setting.target == "avx3";
  for (const int head_dim : {64, 128}) {
    for (const bool causal : {false, true}) {
      const auto add = [&](ki_dtype dtype, std::initializer_list<std::int64_t> lengths) {
        for (const std::int64_t length : lengths) cases.push_back({dtype, kHeads, head_dim, length, causal});
      };
      add(KI_DTYPE_FLOAT32, {128, 512, 1024, 2048});
      if (wide && head_dim == 128) add(KI_DTYPE_FLOAT32, {4096});
      if (wide && head_dim == 128 && setting.threads > 1) add(KI_DTYPE_FLOAT32, {8192});
      for (const ki_dtype dtype : {KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) add(dtype, {512, wide ? 2048 : 1024});
    }
  }
  return cases;
}

// Keys that heads share, a ragged batch, a window.
std::vector<AttentionCase> special_cases() {
  const AttentionCase causal{.heads = kHeads, .head_dim = 128, .causal = true};
  std::vector<AttentionCase> cases(4, causal);
  cases[0].length = cases[1].length = 2048;
  cases[0].group = 4;
  cases[1].group = 16;
  cases[2].length = 8192;
  cases[2].sequences = 8;
  cases[3].length = 16384;
  cases[3].window = 512;
  return cases;
}

std::vector<AttentionCase> backward_cases_of(const Setting& setting) {
  std::vector<AttentionCase> cases{{KI_DTYPE_FLOAT32, kHeads, 64, 2048, false}};
  for (const bool causal : {false, true}) {
    for (const std::int64_t length : {512, 2048}) cases.push_back({KI_DTYPE_FLOAT32, kHeads, 128, length, causal});
  }
  if (setting.target == "avx3") cases.push_back({KI_DTYPE_BFLOAT16, kHeads, 128, 2048, false});
  return cases;
}

void add_benchmarks(const Setting& setting) {
  add_roof(setting);
  using Run = void (*)(benchmark::State&, const Setting&, const AttentionCase&);
  const auto add = [&](const std::string& family, Run run, const AttentionCase& attention_case,
                       benchmark::TimeUnit unit) {
    const std::string name = family + "/" + setting.name() + "/" + attention_case.name();
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { run(state, setting, attention_case); })
        ->UseRealTime()
        ->Unit(unit);
  };
  for (const AttentionCase& attention_case : cases_of(setting))
    add("attention", run_attention, attention_case, benchmark::kMillisecond);
  for (const AttentionCase& attention_case : special_cases())
    add("special", run_attention, attention_case, benchmark::kMillisecond);
  for (const AttentionCase& attention_case : backward_cases_of(setting))
    add("backward", run_backward, attention_case, benchmark::kMillisecond);
  if (setting.threads == 1) add("sentence", run_attention, kSentence, benchmark::kMicrosecond);
}

}  // namespace
}  // namespace ki::bench

int main(int argc, char** argv) { return ki::bench::run_benchmarks(argc, argv, ki::bench::add_benchmarks); }
