// CUB's warp primitives give right answers without a finding.
#include <algorithm>
#include <numeric>
#include <random>

#include "third_party/gpu.h"

namespace vgpu::third_party {
namespace {

constexpr int kThreads = 64;

// How many there are, as cub_warp.cu has it.
int logical_warps(int width) { return width == 7 ? 2 : kThreads / width; }

class CubWarp : public testing::TestWithParam<Settings> {
 protected:
  std::vector<int> random_integers(std::size_t count) {
    std::vector<int> values(count);
    for (int& x : values) x = static_cast<int>(random_() % 2001) - 1000;
    return values;
  }
  // CUB's merge looks at the item after the last one, whose place it reserves but never writes, before it sees that
  // there is none. What it finds there makes no difference.
  void expect_read_beyond_the_last_item() { gpu_.expect(FindingKind::uninitialised_read, "block_merge_sort.cuh"); }

  Gpu gpu_{"cub_warp", GetParam()};
  std::mt19937 random_{1};
};

TEST_P(CubWarp, Reduces) {
  const std::vector<int> in = random_integers(kThreads);
  const auto device_in = gpu_.upload(in);
  for (const int width : {32, 8, 7}) {
    for (const int valid : {1, width / 2, width}) {
      const int warps = logical_warps(width);
      const auto sums = gpu_.allocate<int>(warps), maxima = gpu_.allocate<int>(warps);
      gpu_.launch("warp_reduce_" + std::to_string(width), 1, kThreads, device_in, sums, maxima, valid);
      const auto sum = gpu_.download(sums), maximum = gpu_.download(maxima);
      for (int warp = 0; warp < warps; ++warp) {
        const auto begin = in.begin() + warp * width;
        EXPECT_EQ(sum[warp], std::accumulate(begin, begin + width, 0)) << width << ' ' << warp;
        EXPECT_EQ(maximum[warp], *std::max_element(begin, begin + valid)) << width << ' ' << warp;
      }
    }
  }
}

TEST_P(CubWarp, Scans) {
  const std::vector<int> in = random_integers(kThreads);
  const auto device_in = gpu_.upload(in);
  for (const int width : {32, 8, 7}) {
    const int used = logical_warps(width) * width;
    const auto inclusive = gpu_.allocate<int>(used), exclusive = gpu_.allocate<int>(used),
               totals = gpu_.allocate<int>(used);
    gpu_.launch("warp_scan_" + std::to_string(width), 1, kThreads, device_in, inclusive, exclusive, totals);
    const auto up_to = gpu_.download(inclusive), before = gpu_.download(exclusive), total = gpu_.download(totals);
    for (int i = 0; i < used; ++i) {
      const auto begin = in.begin() + i / width * width;
      EXPECT_EQ(before[i], std::accumulate(begin, in.begin() + i, 0)) << width << ' ' << i;
      EXPECT_EQ(up_to[i], before[i] + in[i]) << width << ' ' << i;
      EXPECT_EQ(total[i], std::accumulate(begin, begin + width, 0)) << width << ' ' << i;
    }
  }
}

TEST_P(CubWarp, LoadsExchangesSortsAndStores) {
  expect_read_beyond_the_last_item();
  constexpr int kItems = 4, kCount = kThreads * kItems;
  const std::vector<int> in = random_integers(kCount);
  const auto device_in = gpu_.upload(in);
  for (const char* kernel : {"warp_sort_transposed", "warp_sort_vectorized"}) {
    const auto sorted = gpu_.allocate<int>(kCount), striped = gpu_.allocate<int>(kCount);
    gpu_.launch(kernel, 1, kThreads, device_in, sorted, striped);
    std::vector<int> expected = in;
    for (int warp = 0; warp < kCount; warp += 32 * kItems) {
      std::sort(expected.begin() + warp, expected.begin() + warp + 32 * kItems);
    }
    EXPECT_EQ(gpu_.download(sorted), expected) << kernel;
    // Striped item i of a lane is blocked item (32 i + lane) of the warp, and was stored at that place.
    EXPECT_EQ(gpu_.download(striped), in) << kernel;
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, CubWarp, testing::ValuesIn(every_schedule()), name_of);

}  // namespace
}  // namespace vgpu::third_party
