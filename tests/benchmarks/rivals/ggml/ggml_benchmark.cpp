// ggml_benchmark LIBGGML [--benchmark_...]
//
// Attention over keys and values of float16 under queries of float32, by llama.cpp's ggml and by this library, in one process:
// with --benchmark_enable_random_interleaving=true the repetitions of all take turns. LIBGGML is the file of that library, which
// is loaded when the program runs; nothing links it.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "benchmark_main.h"
#include "ggml_attention.h"
#include "pinned.h"
#include "roof_benchmark.h"

namespace ki::bench {
namespace {

constexpr int kKeyHeads = 8;
const ggml::Library* library;

// Before a turn, for threads of the other side to stop spinning.
constexpr std::chrono::milliseconds kRest{20};

std::string name_of(const AttentionCase& c) { return "H:" + std::to_string(c.heads) + "/" + c.name(); }

// The tensors of the last case, with its output: both sides compute over the same ones.
AttentionRun& run_of(const AttentionCase& attention_case, const Setting& setting) {
  static std::string held;
  static std::unique_ptr<AttentionRun> run;
  const std::string name = setting.name() + name_of(attention_case);
  if (held != name) {
    run.reset();
    run = std::make_unique<AttentionRun>(attention_case, setting);
    run->forward();
    held = name;
  }
  std::this_thread::sleep_for(kRest);
  return *run;
}

// The Euclidean norm of the difference over that of our output.
double relative_difference(const AttentionRun& ours, const ggml::GgmlAttention& theirs) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < theirs.output().size(); ++i) {
    const double x = test::load_as<float>(ours.output().data() + i * sizeof(float));
    difference += std::pow(x - theirs.output()[i], 2);
    size += x * x;
  }
  return std::sqrt(difference / size);
}

// Under several queries ggml widens keys and values and sums in float32. Under one it rounds the query to float16, and the
// sum over values after every key, by up to 2^-11 of it: errors of random sign, which grow like a random walk.
double tolerance(const AttentionCase& c) {
  return c.queries == 1 ? std::sqrt(static_cast<double>(c.length)) * 0x1p-11 : 1e-5;
}

void run_ours(benchmark::State& state, const Setting& setting, const AttentionCase& attention_case) {
  const Pinned pinned(setting.threads);
  AttentionRun& run = run_of(attention_case, setting);
  run.forward();
  for (auto _ : state) run.forward();
}

void run_ggml(benchmark::State& state, const Setting& setting, const AttentionCase& attention_case) {
  const Pinned pinned(setting.threads);
  const AttentionRun& ours = run_of(attention_case, setting);
  ggml::GgmlAttention run(*library, attention_case, setting.threads, ours);
  run.forward();
  const double difference = relative_difference(ours, run);
  if (!(difference <= tolerance(attention_case))) {
    state.SkipWithError(("ggml computes something else: the difference is " + std::to_string(difference)).c_str());
    return;
  }
  for (auto _ : state) run.forward();
  state.counters["difference"] = difference;
}

// Prompts, and one new token over a long cache.
std::vector<AttentionCase> all_cases() {
  std::vector<AttentionCase> cases;
  for (const int heads : {8, 32}) {
    for (const int head_dim : {64, 128}) {
      const auto add = [&](std::int64_t length, bool causal, std::int64_t queries) {
        cases.push_back({.heads = heads,
                         .head_dim = head_dim,
                         .length = length,
                         .causal = causal,
                         .group = heads / kKeyHeads,
                         .queries = queries,
                         .key_dtype = KI_DTYPE_FLOAT16});
      };
      for (const bool causal : {false, true}) {
        for (const std::int64_t length : {512, 2048}) add(length, causal, 0);
      }
      for (const std::int64_t length : {8192, 32768}) add(length, false, 1);
    }
  }
  return cases;
}

void add_setting(const Setting& setting) {
  if (setting.target != test::info_of(test::open_device("cpu")).target) return;  // ggml has chosen for the best, too
  add_roof(setting);
  for (const AttentionCase& attention_case : all_cases()) {
    const auto add = [&](const std::string& side, auto run) {
      const std::string name = side + "/" + setting.name() + "/" + name_of(attention_case);
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { run(state, setting, attention_case); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    };
    add("ours", run_ours);
    add("ggml", run_ggml);
  }
}

}  // namespace
}  // namespace ki::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: ggml_benchmark LIBGGML [--benchmark_...]\n", stderr);
    return 2;
  }
  try {
    const ki::bench::ggml::Library library(argv[1]);
    ki::bench::library = &library;
    benchmark::AddCustomContext("rival", library.name());
    argv[1] = argv[0];
    return ki::bench::run_benchmarks(argc - 1, argv + 1, ki::bench::add_setting);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ggml_benchmark: %s\n", error.what());
    return 1;
  }
}
