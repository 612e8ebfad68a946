// CUB's block primitives give right answers without a finding.
#include <algorithm>
#include <numeric>
#include <random>

#include "third_party/gpu.h"

namespace vgpu::third_party {
namespace {

constexpr int kThreads = 96, kItems = 5, kCount = kThreads * kItems, kMergeSortThreads = 128;

class CubBlock : public testing::TestWithParam<Settings> {
 protected:
  // Small integers, which every type holds exactly, sums too.
  template <class T>
  std::vector<T> random_values(std::size_t count, int range = 2001) {
    std::vector<T> values(count);
    for (T& x : values) x = static_cast<T>(static_cast<int>(random_() % range) - range / 2);
    return values;
  }

  template <class T>
  void expect_reduces(const std::string& kernel) {
    const auto in = random_values<T>(kThreads);
    const auto device_in = gpu_.upload(in);
    for (const int valid : {1, 31, 32, 33, 95, 96}) {
      const auto out = gpu_.allocate<T>(3);
      gpu_.launch(kernel, 1, kThreads, device_in, out, valid);
      const std::vector<T> expected = {std::accumulate(in.begin(), in.end(), T{}),
                                       std::accumulate(in.begin(), in.begin() + valid, T{}),
                                       *std::max_element(in.begin(), in.end())};
      EXPECT_EQ(gpu_.download(out), expected) << kernel << ' ' << valid;
    }
  }

  template <class T>
  void expect_scans(const std::string& kernel) {
    const auto in = random_values<T>(kCount);
    const auto device_in = gpu_.upload(in);
    const auto exclusive = gpu_.allocate<T>(kCount), inclusive = gpu_.allocate<T>(kCount), total = gpu_.allocate<T>(1);
    gpu_.launch(kernel, 1, kThreads, device_in, exclusive, inclusive, total);
    std::vector<T> before(kCount), maxima(kCount);
    std::exclusive_scan(in.begin(), in.end(), before.begin(), T{});
    std::inclusive_scan(in.begin(), in.end(), maxima.begin(), [](T a, T b) { return std::max(a, b); });
    EXPECT_EQ(gpu_.download(exclusive), before) << kernel;
    EXPECT_EQ(gpu_.download(inclusive), maxima) << kernel;
    EXPECT_EQ(gpu_.download(total)[0], before.back() + in.back()) << kernel;
  }

  void expect_sorts(const std::string& kernel, bool descending) {
    std::vector<unsigned> keys(kCount);
    for (unsigned& key : keys) key = static_cast<unsigned>(random_()) & (random_() % 2 ? ~0u : 0xFu);  // equal ones too
    std::vector<int> order(kCount);
    std::iota(order.begin(), order.end(), 0);
    const auto device_keys = gpu_.upload(keys);
    const auto values = gpu_.upload(order);
    gpu_.launch(kernel, 1, kThreads, device_keys, values);
    std::stable_sort(order.begin(), order.end(),
                     [&](int i, int j) { return descending ? keys[i] > keys[j] : keys[i] < keys[j]; });
    EXPECT_EQ(gpu_.download(values), order) << kernel;
    for (int i = 0; i < kCount; ++i) EXPECT_EQ(gpu_.download(device_keys)[i], keys[order[i]]) << kernel;
  }

  // CUB's merge looks at the item after the last one, whose place it reserves but never writes, before it sees that
  // there is none. What it finds there makes no difference.
  void expect_read_beyond_the_last_item() { gpu_.expect(FindingKind::uninitialised_read, "block_merge_sort.cuh"); }

  Gpu gpu_{"cub_block", GetParam()};
  std::mt19937 random_{2};
};

TEST_P(CubBlock, Reduces) {
  expect_reduces<float>("block_reduce_raking");
  expect_reduces<int>("block_reduce_commutative");
  expect_reduces<int>("block_reduce_warps");
  expect_reduces<double>("block_reduce_double");
}

TEST_P(CubBlock, Scans) {
  expect_scans<int>("block_scan_raking");
  expect_scans<int>("block_scan_memoize");
  expect_scans<int>("block_scan_warps");
  expect_scans<long long>("block_scan_long");
}

TEST_P(CubBlock, SortsByRadix) {
  expect_sorts("block_radix_sort_4", false);
  expect_sorts("block_radix_sort_6", true);
}

TEST_P(CubBlock, LoadsAndStores) {
  struct Copy {
    const char* kernel;
    int items;
    bool striped;
  };
  for (const Copy& copy : {Copy{"block_copy_direct", 5, false}, Copy{"block_copy_striped", 5, true},
                           Copy{"block_copy_vectorized", 4, false}, Copy{"block_copy_transposed", 5, false},
                           Copy{"block_copy_warp_transposed", 5, false}, Copy{"block_copy_timesliced", 5, false}}) {
    const int count = kThreads * copy.items;
    const auto in = random_values<int>(count);
    const auto device_in = gpu_.upload(in);
    for (const int valid : {count, count - 1, 100, 1}) {
      const auto out = gpu_.upload(std::vector<int>(count, -7));
      gpu_.launch(copy.kernel, 1, kThreads, device_in, out, valid);
      std::vector<int> expected(count, -7);
      for (int i = 0; i < valid; ++i) {  // each thread adds to its item j: its first index in blocked order, and j
        const int thread = copy.striped ? i % kThreads : i / copy.items,
                  j = copy.striped ? i / kThreads : i % copy.items;
        expected[i] = in[i] + thread * copy.items + j;
      }
      EXPECT_EQ(gpu_.download(out), expected) << copy.kernel << ' ' << valid;
    }
  }
}

TEST_P(CubBlock, CountsSamples) {
  std::vector<unsigned char> samples(kCount);
  for (auto& sample : samples) sample = static_cast<unsigned char>(random_() % 2 ? 255 : random_());
  std::vector<unsigned> expected(256);
  for (const auto sample : samples) ++expected[sample];
  const auto device_samples = gpu_.upload(samples);
  for (const char* kernel : {"block_histogram_atomic", "block_histogram_sort"}) {
    const auto bins = gpu_.allocate<unsigned>(256);
    gpu_.launch(kernel, 1, kThreads, device_samples, bins);
    EXPECT_EQ(gpu_.download(bins), expected) << kernel;
  }
}

TEST_P(CubBlock, ScattersItems) {
  const auto in = random_values<int>(kCount);
  std::vector<int> ranks(kCount), expected(kCount);
  std::iota(ranks.begin(), ranks.end(), 0);
  std::shuffle(ranks.begin(), ranks.end(), random_);
  for (int i = 0; i < kCount; ++i) expected[ranks[i]] = in[i];
  const auto out = gpu_.allocate<int>(kCount);
  gpu_.launch("block_scatter", 1, kThreads, gpu_.upload(in), gpu_.upload(ranks), out);
  EXPECT_EQ(gpu_.download(out), expected);
}

TEST_P(CubBlock, SortsByMerging) {
  expect_read_beyond_the_last_item();
  auto keys = random_values<long long>(kMergeSortThreads * kItems);
  for (auto& key : keys) key *= 1ll << 33;
  const auto device_keys = gpu_.upload(keys);
  gpu_.launch("block_merge_sort", 1, kMergeSortThreads, device_keys);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(gpu_.download(device_keys), keys);
}

TEST_P(CubBlock, ComparesNeighbours) {
  const auto in = random_values<int>(kCount, 3);
  const auto heads = gpu_.allocate<int>(kCount), differences = gpu_.allocate<int>(kCount);
  gpu_.launch("block_neighbours", 1, kThreads, gpu_.upload(in), heads, differences);
  std::vector<int> expected_heads(kCount, 1), expected_differences(in);
  for (int i = 1; i < kCount; ++i) {
    expected_heads[i] = in[i] != in[i - 1];
    expected_differences[i] = in[i] - in[i - 1];
  }
  EXPECT_EQ(gpu_.download(heads), expected_heads);
  EXPECT_EQ(gpu_.download(differences), expected_differences);
}

INSTANTIATE_TEST_SUITE_P(Schedules, CubBlock, testing::ValuesIn(every_schedule()), name_of);

}  // namespace
}  // namespace vgpu::third_party
