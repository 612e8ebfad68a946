// What ptxas says about the compiled backward kernels, against what backward_tile.h promises.
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "attention/cuda/backward_instantiations.h"
#include "cuda_kernels/ptxas_report.h"

namespace ki::attention::cuda {
namespace {

using namespace ki::test;

struct Module {
  std::string name;
  int registers, shared_bytes, blocks;
};

void PrintTo(const Module& module, std::ostream* out) { *out << module.name; }

std::vector<Module> modules() {
  std::vector<Module> all;
  for (const BackwardInstantiation& kernel : kBackwardInstantiations) {
    const KeyGradientTile keys = kernel.key_tile();
    const QueryGradientTile queries = kernel.query_tile();
    all.push_back({kernel.keys, keys.registers_per_thread(), keys.shared_bytes(), keys.blocks});
    if (kernel.sums != nullptr) {
      const KeyGradientTile sums = kernel.key_tile(true);
      all.push_back({kernel.sums, sums.registers_per_thread(), sums.shared_bytes(), sums.blocks});
    }
    all.push_back({kernel.queries, queries.registers_per_thread(), queries.shared_bytes(), queries.blocks});
  }
  for (const BiasGradientInstantiation& kernel : kBiasGradientInstantiations) {
    all.push_back({kernel.module, kernel.tile().registers_per_thread(), kernel.tile().shared_bytes(), 1});
  }
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16, KI_DTYPE_FLOAT32}) {
    all.push_back({row_sums_module(dtype), registers_of_share(4, kRowSumsThreads), 0, 4});
    if (dtype != KI_DTYPE_FLOAT32) all.push_back({finish_module(dtype), registers_of_share(4, kRowSumsThreads), 0, 4});
  }
  return all;
}

class CompiledBackwardKernel : public testing::TestWithParam<Module> {};

TEST_P(CompiledBackwardKernel, KeepsEverythingInRegisters) {
  expect_everything_in_registers(ptxas_report(GetParam().name));
}

TEST_P(CompiledBackwardKernel, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const Module& module = GetParam();
  EXPECT_LE(registers_of(ptxas_report(module.name)), module.registers);
  EXPECT_LE(module.blocks * (module.shared_bytes + kReservedSharedBytesPerBlock), kSharedBytesPerMultiprocessor);
  EXPECT_LE(module.shared_bytes, kMaxSharedBytesPerBlock) << "on any 8.x";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledBackwardKernel, testing::ValuesIn(modules()),
                         [](const auto& info) { return info.param.name; });

TEST(CompiledBackwardKernels, AreThoseOfTheList) {
  std::set<std::string> listed;
  for (const Module& module : modules()) listed.insert(module.name);
  EXPECT_EQ(compiled_modules("attention_backward"), listed);
}

}  // namespace
}  // namespace ki::attention::cuda
