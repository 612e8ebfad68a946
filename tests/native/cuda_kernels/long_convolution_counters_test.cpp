// Facts about a launch of the fused convolution, counted by the virtual GPU: no bank conflict, no wasted sector of global
// memory, no byte of a row moved twice, and how many instructions a point of a transform takes.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "cuda_kernels/counting.h"
#include "long_convolution/long_convolution_run.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

struct Transform {
  ki_dtype dtype;
  std::int64_t points;
  double instructions;  ///< of a point, at most
};

class FusedConvolution : public CountingTest<testing::TestWithParam<Transform>> {
 protected:
  /// Those that share a block, which is then full.
  static std::int64_t pairs() { return GetParam().points < 4096 ? 4096 / GetParam().points : 1; }

  /// Rows that fill their transforms.
  LongConvolutionCase problem() const {
    return {.dtype = GetParam().dtype,
            .batch = 2 * pairs(),
            .length = GetParam().points,
            .filter_length = GetParam().points,
            .circular = true,
            .fft_size = GetParam().points,
            .placement = ConvolutionPlacement::aligned};
  }

  /// Of the forward pass alone, whose result must be right.
  std::string count(const LongConvolutionCase& convolution_case) {
    const LongConvolutionData data(convolution_case);
    const Device device = open_device("cuda:0", nullptr);
    const Stream stream = create_stream(device);
    const LongConvolutionPlan plan = create_plan(device, stream.get(), data);
    LongConvolutionOutcome outcome;
    const std::string json = count_during([&] { outcome = run_long_convolution(data, device, stream.get(), plan); });
    EXPECT_TRUE(is_right(data, outcome, LongConvolutionExpectation(data)));
    return json;
  }
};

TEST_P(FusedConvolution, SharedMemoryIsReadAndWrittenWithoutBankConflicts) {
  const std::string json = count(problem());
  for (const char* kind : {"ldmatrix", "cp.async", "ld.shared"}) {
    EXPECT_EQ(number(json, "shared", kind, "wavefronts"), number(json, "shared", kind, "ideal_wavefronts")) << kind;
    EXPECT_GT(number(json, "shared", kind, "wavefronts"), 0) << kind;
  }
  // What is stored beside the planes are the windows, once, by as many threads as the block has windows.
  const std::int64_t windows = 2 * pairs(), fields = 20;
  EXPECT_LE(number(json, "shared", "st.shared", "wavefronts"),
            number(json, "shared", "st.shared", "ideal_wavefronts") + (windows > 4 ? windows * fields : 0));
}

/// Everything is read and written in whole sectors, and of the rows no byte twice.
TEST_P(FusedConvolution, GlobalMemoryIsReadAndWrittenInWholeSectors) {
  const std::string json = count(problem());
  for (const char* kind : {"cp.async", "ld.global", "st.global"}) {
    EXPECT_EQ(number(json, "global", kind, "sectors"), number(json, "global", kind, "ideal_sectors")) << kind;
  }
  const std::int64_t bytes = 2 * pairs() * GetParam().points * element_size(GetParam().dtype);
  EXPECT_EQ(number(json, "global", "cp.async", "bytes"), bytes);
  EXPECT_EQ(number(json, "global", "st.global", "bytes"), bytes);
}

/// Of the inputs that a causal convolution pads with zeros, nothing is read, and nothing is written there.
TEST_P(FusedConvolution, ZerosAreNotRead) {
  LongConvolutionCase c = problem();
  c.circular = false;
  c.length = c.filter_length = GetParam().points / 2;
  const std::string json = count(c);
  const std::int64_t bytes = 2 * pairs() * c.length * element_size(c.dtype);
  EXPECT_EQ(number(json, "global", "cp.async", "bytes"), bytes);
  EXPECT_EQ(number(json, "global", "st.global", "bytes"), bytes);
}

/// Three products for a complex one, in six steps of 16 points; four where one line is the whole transform.
TEST_P(FusedConvolution, ProductsOfAPoint) {
  const std::int64_t points = pairs() * GetParam().points, steps = GetParam().points == 256 ? 4 : 6;
  EXPECT_EQ(number(count(problem()), "tensor_instructions", "", ""), points * steps * 6 / 256);
}

/// Of PTX, all of a launch together; a record, so that a change for the worse is seen.
TEST_P(FusedConvolution, InstructionsOfAPoint) {
  const double points = static_cast<double>(pairs() * GetParam().points);
  const double of_point = static_cast<double>(instructions(count(problem()))) / points;
  this->RecordProperty("instructions_of_a_point", std::to_string(of_point));
  EXPECT_LE(of_point, GetParam().instructions);
}

std::string name_of(const testing::TestParamInfo<Transform>& info) {
  return std::string(dtype_name(info.param.dtype)) + "_" + std::to_string(info.param.points);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, FusedConvolution,
    testing::Values(Transform{KI_DTYPE_FLOAT16, 256, 1.1}, Transform{KI_DTYPE_FLOAT16, 512, 1.45},
                    Transform{KI_DTYPE_FLOAT16, 1024, 1.45}, Transform{KI_DTYPE_FLOAT16, 2048, 1.45},
                    Transform{KI_DTYPE_FLOAT16, 4096, 1.45}, Transform{KI_DTYPE_FLOAT16, 8192, 1.55},
                    Transform{KI_DTYPE_FLOAT16, 16384, 1.6}, Transform{KI_DTYPE_BFLOAT16, 256, 1.1},
                    Transform{KI_DTYPE_BFLOAT16, 4096, 1.45}, Transform{KI_DTYPE_BFLOAT16, 16384, 1.6}),
    name_of);

}  // namespace
}  // namespace ki::test
