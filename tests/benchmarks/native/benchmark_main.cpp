#include "benchmark_main.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <stdexcept>
#include <string>

#include "pinned.h"
#include "support/handles.h"

namespace ki::bench {
namespace {

void add_target(const std::string& target, void (*add)(const Setting& setting)) {
  try {
    test::open_device("cpu", target.c_str());
  } catch (const std::runtime_error& error) {
    benchmark::AddCustomContext("without " + target, error.what());
    return;
  }
  for (const int threads : {1, 2}) {
    if (threads <= available_processors()) add({target, threads});
  }
}

}  // namespace

int run_benchmarks(int argc, char** argv, void (*add)(const Setting& setting)) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  try {
    for (const char* target : {"avx2", "avx3"}) add_target(target, add);
    benchmark::AddCustomContext("processor", test::info_of(test::open_device("cpu")).model);
    benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}

}  // namespace ki::bench
