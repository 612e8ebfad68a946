// Facts about launches of the short convolutions, counted by the virtual GPU: every byte is moved once, in whole
// sectors, and shared memory has no bank conflicts where it is read.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "cuda_kernels/counting.h"
#include "short_convolution/short_run.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

class ShortCounters : public CountingTest<testing::TestWithParam<ShortCase>> {
 protected:
  std::string count_forward(const ShortCase& c) {
    ShortData data(c);
    return count_during([&] { run_short_forward(data, open_device("cuda:0")); });
  }
  std::string count_backward(const ShortCase& c, const Wanted& wanted) {
    ShortData data(c);
    return count_during([&] { run_short_backward(data, open_device("cuda:0"), wanted); });
  }

  static void expect_whole_sectors(const std::string& json) {
    for (const char* kind : {"cp.async", "st.global"}) {
      EXPECT_EQ(number(json, "global", kind, "sectors"), number(json, "global", kind, "ideal_sectors")) << kind;
    }
  }
  static void expect_no_conflicts(const std::string& json) {
    for (const char* kind : {"ld.shared", "cp.async"}) {
      EXPECT_EQ(number(json, "shared", kind, "wavefronts"), number(json, "shared", kind, "ideal_wavefronts")) << kind;
      EXPECT_GT(number(json, "shared", kind, "wavefronts"), 0) << kind;
    }
  }
};

std::int64_t bytes_of(const ShortCase& c) { return c.batch * c.channels * c.length * element_size(c.dtype); }

TEST_P(ShortCounters, InputsAreReadAndOutputsWrittenOnceInWholeSectors) {
  const ShortCase& c = GetParam();
  const std::string json = count_forward(c);
  expect_whole_sectors(json);
  EXPECT_EQ(number(json, "global", "st.global", "bytes"), bytes_of(c));
  // Each tile but a row's first reads again what its taps reach: whole sectors of a row, or width - 1 rows.
  const std::int64_t sector = 32 / element_size(c.dtype);
  const std::int64_t taps = c.channels_last ? c.width - 1 : (c.width + sector - 1) / sector * sector;
  const std::int64_t tile = c.channels_last ? 64 : 1024, tiles = (c.length + tile - 1) / tile;
  EXPECT_EQ(number(json, "global", "cp.async", "bytes"),
            bytes_of(c) + (tiles - 1) * taps * c.batch * c.channels * element_size(c.dtype));
}

TEST_P(ShortCounters, SharedMemoryIsReadWithoutBankConflicts) { expect_no_conflicts(count_forward(GetParam())); }

TEST_P(ShortCounters, GradientsOfInputsAreLikePasses) {
  const std::string json = count_backward(GetParam(), {.filter = false, .bias = false});
  expect_whole_sectors(json);
  expect_no_conflicts(json);
  EXPECT_EQ(number(json, "global", "st.global", "bytes"), bytes_of(GetParam()));
}

TEST_P(ShortCounters, SumsReadInputsAndGradientsInWholeSectors) {
  const ShortCase& c = GetParam();
  const std::string json = count_backward(c, {.input = false});
  EXPECT_EQ(number(json, "global", "cp.async", "sectors"), number(json, "global", "cp.async", "ideal_sectors"));
  EXPECT_LT(number(json, "global", "cp.async", "bytes"), 2 * bytes_of(c) * 5 / 4);
  // More rows add reads of shared memory that have no conflict; the adding up of shares at the end is the same.
  ShortCase longer = c;
  longer.length *= 2;
  const std::string more = count_backward(longer, {.input = false});
  EXPECT_EQ(number(more, "shared", "ld.shared", "wavefronts") - number(json, "shared", "ld.shared", "wavefronts"),
            number(more, "shared", "ld.shared", "ideal_wavefronts") -
                number(json, "shared", "ld.shared", "ideal_wavefronts"));
}

std::vector<ShortCase> counted() {
  std::vector<ShortCase> cases;
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    for (const std::int64_t width : {4, 16}) {
      cases.push_back(
          {.dtype = dtype, .channels = 2, .length = 2048, .width = width, .placement = ShortPlacement::aligned});
      cases.push_back({.dtype = dtype,
                       .channels = 128,
                       .length = 256,
                       .width = width,
                       .channels_last = true,
                       .placement = ShortPlacement::aligned});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Cases, ShortCounters, testing::ValuesIn(counted()),
                         [](const auto& info) { return info.param.name(); });

}  // namespace
}  // namespace ki::test
