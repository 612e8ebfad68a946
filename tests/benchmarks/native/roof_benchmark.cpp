#include "roof_benchmark.h"

#include <benchmark/benchmark.h>

#include "roof.h"

namespace ki::bench {

void add_roof(const Setting& setting) {
  const auto run = [=](benchmark::State& state) {
    double flops = 0;
    for (auto _ : state) {
      const RoofSample sample = sample_roof(setting);
      state.SetIterationTime(sample.seconds);
      flops += sample.flops;
    }
    state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsRate);
  };
  benchmark::RegisterBenchmark(("roof/" + setting.name()).c_str(), run)->UseManualTime()->Unit(benchmark::kMillisecond);
}

}  // namespace ki::bench
