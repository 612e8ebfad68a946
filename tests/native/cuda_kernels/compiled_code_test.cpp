// What ptxas says about the compiled kernels, against what tile_size.h and decode_size.h promise: these are facts about the code that is
// shipped for sm_80.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "attention/cuda/decode_instantiations.h"
#include "attention/cuda/instantiations.h"

namespace ki::attention::cuda {

void PrintTo(const Instantiation& instantiation, std::ostream* out) { *out << instantiation.module; }
void PrintTo(const DecodeInstantiation& instantiation, std::ostream* out) { *out << instantiation.module; }

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  if (!file) ADD_FAILURE() << path << " is missing";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int number(const std::string& text, const char* expression) {
  std::smatch match;
  if (std::regex_search(text, match, std::regex(expression))) return std::stoi(match[1]);
  ADD_FAILURE() << "no " << expression << " in " << text;
  return -1;
}

std::string report_of(const std::string& module) { return read(fs::path(KI_CUDA_MODULES) / (module + ".ptxas.txt")); }

void expect_everything_in_registers(const std::string& report) {
  EXPECT_EQ(number(report, R"((\d+) bytes stack frame)"), 0);
  EXPECT_EQ(number(report, R"((\d+) bytes spill stores)"), 0);
  EXPECT_EQ(number(report, R"((\d+) bytes spill loads)"), 0);
  EXPECT_EQ(report.find("lmem"), std::string::npos) << "local memory";
}

class CompiledKernel : public testing::TestWithParam<Instantiation> {
 protected:
  std::string report() const { return report_of(GetParam().module); }
};

TEST_P(CompiledKernel, KeepsEverythingInRegisters) { expect_everything_in_registers(report()); }

TEST_P(CompiledKernel, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const TileSize& tile = GetParam().tile;
  EXPECT_LE(number(report(), R"(Used (\d+) registers)"), tile.registers_per_thread());
  EXPECT_LE(tile.blocks * (tile.shared_bytes() + kReservedSharedBytesPerBlock), kSharedBytesPerMultiprocessor);
  EXPECT_LE(tile.shared_bytes(), kMaxSharedBytesPerBlock) << "on any 8.x";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledKernel, testing::ValuesIn(kInstantiations),
                         [](const auto& info) { return std::string(info.param.module); });

class CompiledDecodeKernel : public testing::TestWithParam<DecodeInstantiation> {
 protected:
  std::string report() const { return report_of(GetParam().module); }
};

TEST_P(CompiledDecodeKernel, KeepsEverythingInRegisters) { expect_everything_in_registers(report()); }

TEST_P(CompiledDecodeKernel, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const DecodeSize& size = GetParam().size;
  EXPECT_LE(number(report(), R"(Used (\d+) registers)"), size.registers_per_thread());
  EXPECT_LE(size.blocks * (size.shared_bytes() + kReservedSharedBytesPerBlock), kSharedBytesPerMultiprocessor);
  EXPECT_LE(size.shared_bytes(), kMaxSharedBytesPerBlock) << "on any 8.x";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledDecodeKernel, testing::ValuesIn(kDecodeInstantiations),
                         [](const auto& info) { return std::string(info.param.module); });

/// Kernels that memory alone limits.
class CompiledCopyingKernel : public testing::TestWithParam<std::string> {};

TEST_P(CompiledCopyingKernel, KeepsEverythingInRegisters) {
  const std::string report = report_of(GetParam());
  expect_everything_in_registers(report);
  EXPECT_LE(number(report, R"(Used (\d+) registers)"), 128) << "four blocks share a multiprocessor";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledCopyingKernel,
                         testing::Values("attention_append_f32", "attention_append_f16", "attention_append_bf16",
                                         "attention_combine_f32_f32", "attention_combine_f32_f16",
                                         "attention_combine_f32_bf16", "attention_combine_f16_f16",
                                         "attention_combine_bf16_bf16"),
                         [](const auto& info) { return info.param; });

std::set<std::string> compiled_modules(const std::string& prefix) {
  std::set<std::string> compiled;
  for (const auto& entry : fs::directory_iterator(KI_CUDA_MODULES)) {
    const fs::path file = entry.path();
    if (file.extension() == ".cubin" && file.stem().string().starts_with(prefix)) compiled.insert(file.stem().string());
  }
  return compiled;
}

TEST(CompiledKernels, AreThoseOfTheLists) {
  std::set<std::string> forward, decode;
  for (const Instantiation& instantiation : kInstantiations) forward.insert(instantiation.module);
  for (const DecodeInstantiation& instantiation : kDecodeInstantiations) decode.insert(instantiation.module);
  EXPECT_EQ(compiled_modules("attention_forward"), forward);
  EXPECT_EQ(compiled_modules("attention_decode"), decode);
}

}  // namespace
}  // namespace ki::attention::cuda
