// What ptxas says about the compiled kernels, against what tile_size.h promises: these are facts about the code that is
// shipped for sm_80.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "attention/cuda/instantiations.h"

namespace ki::attention::cuda {

void PrintTo(const Instantiation& instantiation, std::ostream* out) { *out << instantiation.module; }

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

class CompiledKernel : public testing::TestWithParam<Instantiation> {
 protected:
  std::string report() const {
    return read(fs::path(KI_CUDA_MODULES) / (std::string(GetParam().module) + ".ptxas.txt"));
  }
};

TEST_P(CompiledKernel, KeepsEverythingInRegisters) {
  const std::string text = report();
  EXPECT_EQ(number(text, R"((\d+) bytes stack frame)"), 0);
  EXPECT_EQ(number(text, R"((\d+) bytes spill stores)"), 0);
  EXPECT_EQ(number(text, R"((\d+) bytes spill loads)"), 0);
  EXPECT_EQ(text.find("lmem"), std::string::npos) << "local memory";
}

TEST_P(CompiledKernel, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const TileSize& tile = GetParam().tile;
  EXPECT_LE(number(report(), R"(Used (\d+) registers)"), tile.registers_per_thread());
  EXPECT_LE(tile.blocks * (tile.shared_bytes() + kReservedSharedBytesPerBlock), kSharedBytesPerMultiprocessor);
  EXPECT_LE(tile.shared_bytes(), kMaxSharedBytesPerBlock) << "on any 8.x";
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledKernel, testing::ValuesIn(kInstantiations),
                         [](const auto& info) { return std::string(info.param.module); });

TEST(CompiledKernels, AreThoseOfTheList) {
  std::set<std::string> listed, compiled;
  for (const Instantiation& instantiation : kInstantiations) listed.insert(instantiation.module);
  for (const auto& entry : fs::directory_iterator(KI_CUDA_MODULES)) {
    const fs::path file = entry.path();
    if (file.extension() == ".cubin" && file.stem().string().starts_with("attention_forward")) {
      compiled.insert(file.stem().string());
    }
  }
  EXPECT_EQ(compiled, listed);
}

}  // namespace
}  // namespace ki::attention::cuda
