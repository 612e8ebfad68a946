// What ptxas says about the kernels of the butterfly convolution.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "cuda_kernels/ptxas_report.h"

namespace ki::test {
namespace {

struct ButterflyModule {
  const char* name;
  int kernels;
  int registers;  // at the most: 65536 for the blocks that are to share a multiprocessor
  int shared_bytes;
};

constexpr int kFourBlocksOf128Threads = 128;
constexpr int kFourBlocksOf256Threads = 64;
constexpr int kProductTileBytes = 2 * (32 * 32 + 32 * 64) * 2;  // real and imaginary, of bfloat16, for each part
constexpr int kGradientTileBytes = 2 * (32 * 32 + 32 * 32) * 2;
constexpr int kTransposeBytes = 32 * 33 * 4;

const ButterflyModule kModules[] = {
    {"butterfly_product_p2", 1, kFourBlocksOf128Threads, 2 * kProductTileBytes},
    {"butterfly_product_p3", 1, kFourBlocksOf128Threads, 3 * kProductTileBytes},
    {"butterfly_gradient_p2", 1, kFourBlocksOf128Threads, 2 * kGradientTileBytes},
    {"butterfly_gradient_p3", 1, kFourBlocksOf128Threads, 3 * kGradientTileBytes},
    {"butterfly_rows_f32", 3, kFourBlocksOf256Threads, kTransposeBytes},
    {"butterfly_rows_f16", 3, kFourBlocksOf256Threads, kTransposeBytes},
    {"butterfly_rows_bf16", 3, kFourBlocksOf256Threads, kTransposeBytes},
    {"butterfly_spectra", 3, kFourBlocksOf256Threads, 0},
};

class CompiledButterfly : public testing::TestWithParam<ButterflyModule> {
 protected:
  /// The number in each kernel's part of the report.
  std::multiset<int> numbers(const char* expression) const {
    const std::string report = ptxas_report(GetParam().name);
    const std::regex wanted(expression);
    std::multiset<int> found;
    for (std::sregex_iterator i(report.begin(), report.end(), wanted), end; i != end; ++i) {
      found.insert(std::stoi((*i)[1]));
    }
    return found;
  }
};

TEST_P(CompiledButterfly, KeepsEverythingInRegisters) {
  for (const char* bad : {R"((\d+) bytes stack frame)", R"((\d+) bytes spill stores)", R"((\d+) bytes spill loads)"}) {
    EXPECT_EQ(numbers(bad).count(0), static_cast<std::size_t>(GetParam().kernels)) << bad;
    EXPECT_EQ(numbers(bad).size(), static_cast<std::size_t>(GetParam().kernels)) << bad;
  }
  EXPECT_EQ(ptxas_report(GetParam().name).find("lmem"), std::string::npos);
}

TEST_P(CompiledButterfly, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const auto registers = numbers(R"(Used (\d+) registers)");
  ASSERT_EQ(registers.size(), static_cast<std::size_t>(GetParam().kernels));
  EXPECT_LE(*registers.rbegin(), GetParam().registers);
  const auto shared = numbers(R"((\d+) bytes smem)");
  EXPECT_EQ(shared.empty() ? 0 : *shared.rbegin(), GetParam().shared_bytes);
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledButterfly, testing::ValuesIn(kModules),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(CompiledButterflies, AreThoseOfTheList) {
  std::set<std::string> names;
  for (const ButterflyModule& module : kModules) names.insert(module.name);
  EXPECT_EQ(compiled_modules("butterfly"), names);
}

}  // namespace
}  // namespace ki::test
