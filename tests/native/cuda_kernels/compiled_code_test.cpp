// What ptxas says about the compiled kernels, against what tile_size.h and decode_size.h promise: these are facts about the code that is
// shipped for sm_80.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "attention/cuda/decode_instantiations.h"
#include "attention/cuda/instantiations.h"
#include "cuda_kernels/ptxas_report.h"

namespace ki::attention::cuda {

void PrintTo(const Instantiation& instantiation, std::ostream* out) { *out << instantiation.module; }
void PrintTo(const DecodeInstantiation& instantiation, std::ostream* out) { *out << instantiation.module; }

namespace {

using namespace ki::test;

class CompiledKernel : public testing::TestWithParam<Instantiation> {
 protected:
  std::string report() const { return ptxas_report(GetParam().module); }
};

TEST_P(CompiledKernel, KeepsEverythingInRegisters) { expect_everything_in_registers(report()); }

TEST_P(CompiledKernel, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const TileSize& tile = GetParam().tile;
  EXPECT_LE(registers_of(report()), tile.registers_per_thread());
  EXPECT_LE(tile.blocks * (tile.shared_bytes() + kReservedSharedBytesPerBlock), kSharedBytesPerMultiprocessor);
  EXPECT_LE(tile.shared_bytes(), kMaxSharedBytesPerBlock) << "on any 8.x";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledKernel, testing::ValuesIn(kInstantiations),
                         [](const auto& info) { return std::string(info.param.module); });

class CompiledDecodeKernel : public testing::TestWithParam<DecodeInstantiation> {
 protected:
  std::string report() const { return ptxas_report(GetParam().module); }
};

TEST_P(CompiledDecodeKernel, KeepsEverythingInRegisters) { expect_everything_in_registers(report()); }

TEST_P(CompiledDecodeKernel, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const DecodeSize& size = GetParam().size;
  EXPECT_LE(registers_of(report()), size.registers_per_thread());
  EXPECT_LE(size.blocks * (size.shared_bytes() + kReservedSharedBytesPerBlock), kSharedBytesPerMultiprocessor);
  EXPECT_LE(size.shared_bytes(), kMaxSharedBytesPerBlock) << "on any 8.x";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledDecodeKernel, testing::ValuesIn(kDecodeInstantiations),
                         [](const auto& info) { return std::string(info.param.module); });

/// Kernels that memory alone limits.
class CompiledCopyingKernel : public testing::TestWithParam<std::string> {};

TEST_P(CompiledCopyingKernel, KeepsEverythingInRegisters) {
  const std::string report = ptxas_report(GetParam());
  expect_everything_in_registers(report);
  EXPECT_LE(registers_of(report), 128) << "four blocks share a multiprocessor";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledCopyingKernel,
                         testing::Values("attention_append_f32", "attention_append_f16", "attention_append_bf16",
                                         "attention_combine_f32_f32", "attention_combine_f32_f16",
                                         "attention_combine_f32_bf16", "attention_combine_f16_f16",
                                         "attention_combine_bf16_bf16"),
                         [](const auto& info) { return info.param; });

TEST(CompiledKernels, AreThoseOfTheLists) {
  std::set<std::string> forward, decode;
  for (const Instantiation& instantiation : kInstantiations) forward.insert(instantiation.module);
  for (const DecodeInstantiation& instantiation : kDecodeInstantiations) decode.insert(instantiation.module);
  EXPECT_EQ(compiled_modules("attention_forward"), forward);
  EXPECT_EQ(compiled_modules("attention_decode"), decode);
}

}  // namespace
}  // namespace ki::attention::cuda
