// Facts about launches of the butterfly convolution, counted by the virtual GPU: no bank conflict, no product more than the
// algorithm asks for, and whole sectors where rows are whole.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "butterfly/butterfly_case.h"
#include "cuda_kernels/counting.h"

namespace ki::test {
namespace {

class ButterflyCounters : public CountingTest<testing::TestWithParam<ki_dtype>> {
 protected:
  /// 64 columns, as many as a tile has.
  ButterflyCase problem() const {
    return {.dtype = GetParam(), .n1 = 16, .n2 = 32, .channels = 64, .length = 512, .filter_length = 64};
  }
  std::string count_forward() {
    const ButterflyData data(problem());
    return count_during([&] { run_butterfly_forward(data, open_device("cuda:0")); });
  }
  std::string count_backward() {
    const ButterflyData data(problem());
    return count_during([&] { run_butterfly_backward(data, open_device("cuda:0")); });
  }
  /// Products of parts for each product of two float32.
  std::int64_t products_of_parts() const { return GetParam() == KI_DTYPE_FLOAT32 ? 6 : 3; }
};

TEST_P(ButterflyCounters, SharedMemoryIsReadAndWrittenWithoutBankConflicts) {
  for (const std::string& json : {count_forward(), count_backward()}) {
    for (const char* kind : {"ldmatrix", "st.shared", "ld.shared"}) {
      EXPECT_EQ(number(json, "shared", kind, "wavefronts"), number(json, "shared", kind, "ideal_wavefronts")) << kind;
      EXPECT_GT(number(json, "shared", kind, "wavefronts"), 0) << kind;
    }
  }
}

/// Of complex numbers, a first stage has 2 real products because one side is real, a second stage 4; rows pass two stages of each
/// kind, filters one.
TEST_P(ButterflyCounters, NoProductIsComputedForWhatIsRealOrDoesNotExist) {
  const ButterflyCase c = problem();
  const std::int64_t n = c.n1 * c.n2, columns = 64, one = 16 * 8 * 16;
  const std::int64_t first = 2 * n * c.n1, second = 4 * n * c.n2;
  const std::int64_t rows = 2 * (first + second), filters = first + second;
  EXPECT_EQ(number(count_forward(), "tensor_instructions", "", ""),
            products_of_parts() * (rows + filters) * columns / one);
}

TEST_P(ButterflyCounters, ResultsAreWrittenInWholeSectors) {
  const std::string json = count_forward();
  EXPECT_EQ(number(json, "global", "st.global", "sectors"), number(json, "global", "st.global", "ideal_sectors"));
}

INSTANTIATE_TEST_SUITE_P(Types, ButterflyCounters, testing::Values(KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16),
                         [](const auto& info) { return std::string(dtype_name(info.param)); });

}  // namespace
}  // namespace ki::test
