// How fast the machine executes a FlashAttention-2 kernel on one core, in mma.m16n8k16 per second over the whole kernel,
// loads and softmax included. Prints the best of several runs, for each mode.
//   vgpu_throughput MODULE.ptx HEAD_DIM [RUNS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "attention/cuda/forward_params.h"
#include "attention/cuda/tile_size.h"
#include "machine/testing/kernel_run.h"

namespace {

using vgpu::testing::KernelRun;
namespace attention = ki::attention::cuda;

constexpr int kSequence = 512;
constexpr int kHeads = 2;

struct Mode {
  const char* name;
  bool checks, counters;
  vgpu::Rounding rounding;
};

// bf16 numbers between -1 and 1, by a small generator.
std::vector<std::uint16_t> random_elements(std::size_t count, std::uint32_t state) {
  std::vector<std::uint16_t> elements(count);
  for (std::uint16_t& element : elements) {
    state = state * 1664525 + 1013904223;
    const float value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    element = static_cast<std::uint16_t>(bits >> 16);
  }
  return elements;
}

using Params = attention::KernelParams<attention::NoParams>;

Params make_params(KernelRun& run, int head_dim) {
  const std::size_t elements = std::size_t{kHeads} * kSequence * static_cast<std::size_t>(head_dim);
  Params kernel_params{};
  attention::ForwardParams& params = kernel_params.forward;
  const auto pointer = [](std::uint64_t address) { return reinterpret_cast<void*>(address); };
  params.query = pointer(run.upload(random_elements(elements, 1)));
  params.key = pointer(run.upload(random_elements(elements, 2)));
  params.value = pointer(run.upload(random_elements(elements, 3)));
  params.output = pointer(run.upload(std::vector<std::uint16_t>(elements)));
  params.logsumexp = pointer(run.upload(std::vector<float>(std::size_t{kHeads} * kSequence)));
  const std::int64_t row = head_dim * 2;
  params.query_strides = params.key_strides = params.value_strides =
      params.output_strides = {kHeads * kSequence * row, row, kSequence * row};
  params.logsumexp_strides = {kHeads * kSequence * 4, 4, kSequence * 4};
  params.sequences = {nullptr, nullptr, nullptr, 1, kSequence, kSequence};
  params.window = {kSequence, kSequence, 0};
  params.heads_q = kHeads;
  params.group = 1;
  params.row_bytes = params.row_bytes_v = static_cast<std::int32_t>(row);
  params.alignment = 16;
  params.query_tiles = kSequence / attention::whole_tile(head_dim).queries();
  params.query_sign = 1.0f;
  params.scale_log2 = 0.18f;
  return kernel_params;
}

void measure(const std::string& ptx, int head_dim, int runs, const Mode& mode) {
  KernelRun run(ptx);
  run.settings.checks = mode.checks;
  run.settings.counters = mode.counters;
  run.settings.rounding = mode.rounding;
  const Params params = make_params(run, head_dim);
  const attention::TileSize tile = attention::whole_tile(head_dim);
  const std::uint32_t blocks = static_cast<std::uint32_t>(params.forward.query_tiles * kHeads);
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const vgpu::Outcome outcome =
        run.launch("attention_forward", {blocks}, {static_cast<std::uint32_t>(tile.threads())},
                   static_cast<std::uint32_t>(tile.shared_bytes()), params);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    if (outcome != vgpu::Outcome::done || run.findings.count() != 0) {
      std::printf("%s", run.report().c_str());
      std::exit(1);
    }
    best = std::min(best, elapsed.count());
  }
  // Q times K and weights times V, 2048 products each.
  const double products = 2.0 * kHeads * kSequence * kSequence * head_dim / 2048;
  std::printf("head_dim %3d  %-24s %7.3f ms  %6.3f million mma/s\n", head_dim, mode.name, best * 1e3,
              products / best / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODULE.ptx HEAD_DIM [RUNS]\n", argv[0]);
    return 2;
  }
  std::ifstream file(argv[1]);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", argv[1]);
    return 2;
  }
  std::stringstream text;
  text << file.rdbuf();
  const int runs = argc > 3 ? std::atoi(argv[3]) : 10;
  for (const Mode& mode :
       {Mode{"unchecked", false, false, vgpu::Rounding::exact}, Mode{"counters", false, true, vgpu::Rounding::exact},
        Mode{"all checks", true, true, vgpu::Rounding::exact},
        Mode{"ampere rounding", false, false, vgpu::Rounding::ampere}}) {
    measure(text.str(), std::atoi(argv[2]), runs, mode);
  }
}
