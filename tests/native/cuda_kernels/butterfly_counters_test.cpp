// Facts about launches of the butterfly convolution, counted by the virtual GPU: no bank conflict, no product more than
// the algorithm asks for, and whole sectors where rows are whole.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

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

/// The counters of each launch, which stand on a line each.
std::vector<std::string> launches(const std::string& json) {
  std::vector<std::string> lines;
  std::istringstream text(json);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// Expects `counted` to be `ideal` in each launch that has this kind of access, and some launch to have it.
void expect_ideal(const std::string& json, const char* section, const char* kind, const char* counted,
                  const char* ideal) {
  std::int64_t accesses = 0;
  for (const std::string& launch : launches(json)) {
    const std::size_t at = launch.find(std::string("\"") + section + "\": ");
    if (launch.find(std::string("\"") + kind + "\": ", at) == std::string::npos) continue;
    EXPECT_EQ(number(launch, section, kind, counted), number(launch, section, kind, ideal)) << kind << " of " << launch;
    accesses += number(launch, section, kind, counted);
  }
  EXPECT_GT(accesses, 0) << kind;
}

TEST_P(ButterflyCounters, SharedMemoryIsReadAndWrittenWithoutBankConflicts) {
  for (const std::string& json : {count_forward(), count_backward()}) {
    for (const char* kind : {"ldmatrix", "st.shared", "ld.shared"}) {
      expect_ideal(json, "shared", kind, "wavefronts", "ideal_wavefronts");
    }
  }
}

/// Of complex numbers, a first stage has 2 real products because one side is real, a second stage 4; rows pass two
/// stages of each kind, filters one.
TEST_P(ButterflyCounters, NoProductIsComputedForWhatIsRealOrDoesNotExist) {
  const ButterflyCase c = problem();
  const std::int64_t n = c.n1 * c.n2, columns = 64, one = 16 * 8 * 16;
  const std::int64_t first = 2 * n * c.n1, second = 4 * n * c.n2;
  const std::int64_t rows = 2 * (first + second), filters = first + second;
  std::int64_t products = 0;
  for (const std::string& launch : launches(count_forward())) products += number(launch, "tensor_instructions", "", "");
  EXPECT_EQ(products, products_of_parts() * (rows + filters) * columns / one);
}

/// What lies between the stages. Rows of the problem lie as the caller has them.
TEST_P(ButterflyCounters, StagesAreWrittenInWholeSectors) {
  std::string products;
  for (const std::string& launch : launches(count_forward())) {
    if (launch.find("\"kernel\": \"butterfly_product\"") != std::string::npos) products += launch + "\n";
  }
  expect_ideal(products, "global", "st.global", "sectors", "ideal_sectors");
}

INSTANTIATE_TEST_SUITE_P(Types, ButterflyCounters, testing::Values(KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16),
                         [](const auto& info) { return std::string(dtype_name(info.param)); });

}  // namespace
}  // namespace ki::test
