// What ptxas says about the kernels of long convolutions, and that they are those of the list.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cuda_kernels/ptxas_report.h"
#include "long_convolution/cuda/fused_instantiations.h"

namespace ki::long_convolution::cuda {

void PrintTo(const FusedInstantiation& instantiation, std::ostream* out) { *out << instantiation.module; }

namespace {

using namespace ki::test;

constexpr int kRegistersPerMultiprocessor = 65536, kSharedBytesPerMultiprocessor = 164 << 10;  // of sm_80
constexpr int kReservedSharedBytesPerBlock = 1024;
constexpr int kMaxSharedBytesPerBlock = 99 << 10;  // on any 8.x

class CompiledFusedKernel : public testing::TestWithParam<FusedInstantiation> {
 protected:
  std::string report() const { return ptxas_report(GetParam().module); }
};

TEST_P(CompiledFusedKernel, KeepsEverythingInRegisters) { expect_everything_in_registers(report()); }

TEST_P(CompiledFusedKernel, LeavesRoomForTheBlocksThatShareAMultiprocessor) {
  const int folds = GetParam().folds, threads = fused_threads(folds), blocks = fused_blocks(folds);
  EXPECT_LE(registers_of(report()) * threads * blocks, kRegistersPerMultiprocessor);
  EXPECT_LE(blocks * (GetParam().shared_bytes() + kReservedSharedBytesPerBlock), kSharedBytesPerMultiprocessor);
  EXPECT_LE(GetParam().shared_bytes(), kMaxSharedBytesPerBlock);
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledFusedKernel, testing::ValuesIn(kFusedInstantiations),
                         [](const auto& info) { return std::string(info.param.module); });

TEST(CompiledFusedKernels, AreThoseOfTheList) {
  std::set<std::string> listed;
  for (const FusedInstantiation& instantiation : kFusedInstantiations) listed.insert(instantiation.module);
  EXPECT_EQ(compiled_modules("long_convolution_fused"), listed);
}

class CompiledConvolutionModule : public testing::TestWithParam<std::string> {};

/// The report of a module with several kernels says it of each.
TEST_P(CompiledConvolutionModule, KeepsEverythingInRegisters) {
  const std::string report = ptxas_report(GetParam());
  std::size_t kernels = 0;
  for (std::size_t at = report.find("bytes stack frame"); at != std::string::npos;
       at = report.find("bytes stack frame", at + 1)) {
    const std::size_t line = report.rfind('\n', at) + 1;
    expect_everything_in_registers(report.substr(line, report.find('\n', at) - line));
    ++kernels;
  }
  EXPECT_GT(kernels, 0U);
}

INSTANTIATE_TEST_SUITE_P(Modules, CompiledConvolutionModule,
                         testing::Values("long_convolution_prepare_f16", "long_convolution_prepare_bf16",
                                         "long_convolution_transform_pass", "long_convolution_spectrum",
                                         "long_convolution_rows", "long_convolution_gradients"),
                         [](const auto& info) { return info.param; });

/// Every frequency has a place of its own, however the columns are ordered.
TEST(SpectrumPlace, IsAPermutation) {
  for (const ColumnOrder columns : {ColumnOrder{0xFEDCBA9876543210}, ColumnOrder{0x765432108FEDCBA9}})
    for (int points = kLinePoints; points <= kMaxFusedPoints; points *= 2) {
      std::vector<bool> taken(static_cast<std::size_t>(points));
      for (int frequency = 0; frequency < points; ++frequency) {
        const int place = spectrum_place(frequency, points, columns);
        ASSERT_TRUE(place >= 0 && place < points && !taken[static_cast<std::size_t>(place)]) << frequency;
        taken[static_cast<std::size_t>(place)] = true;
      }
    }
}

/// Chunks that ldmatrix or a store touches together fall on all banks: the same chunk of eight lines, every other chunk of half
/// a line, eight neighbours.
TEST(ChunkPlace, SpreadsOverAllBanks) {
  const auto spread = [](auto place) {
    std::set<unsigned> banks;
    for (unsigned i = 0; i < 8; ++i) banks.insert(place(i) % 8);
    return banks.size();
  };
  for (unsigned line = 0; line < 16; ++line) {
    for (unsigned chunk = 0; chunk < kLineChunks; ++chunk) {
      EXPECT_EQ(spread([&](unsigned i) { return chunk_place(line / 8 * 8 + i, chunk); }), 8U);
      EXPECT_EQ(spread([&](unsigned i) { return chunk_place(line, chunk / 8 * 8 + i); }), 8U);
      EXPECT_EQ(spread([&](unsigned i) { return chunk_place(line, chunk / 16 * 16 + chunk % 2 + 2 * i); }), 8U);
    }
  }
}

/// What a warp computes once leads it to every place it needs.
TEST(ChunkPlace, IsFoundFromTheFirstTurn) {
  for (const int warps : {4, 8}) {
    for (int warp = 0; warp < warps; ++warp) {
      for (unsigned chunk = 0; chunk < kLineChunks; ++chunk) {
        for (int turn = 0; turn < 8; ++turn) {
          const auto line = static_cast<unsigned>(warp), later = static_cast<unsigned>(turn * warps + warp);
          ASSERT_EQ(line_of_turn(chunk_offset(line, chunk), turn, warps), chunk_offset(later, chunk));
        }
      }
      for (unsigned line = 0; line < 16; ++line) {
        for (unsigned chunk = 0; chunk < 2; ++chunk) {
          for (int turn = 0; turn < kLinePoints / 16 / warps; ++turn) {
            const auto first = static_cast<unsigned>(2 * warp) + chunk,
                       later = first + static_cast<unsigned>(2 * warps * turn);
            ASSERT_EQ(chunk_of_turn(chunk_offset(line, first), turn, warps), chunk_offset(line, later));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace ki::long_convolution::cuda
