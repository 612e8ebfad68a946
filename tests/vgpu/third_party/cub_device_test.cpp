// CUB's device-wide algorithms give right answers without a finding, whatever block runs first.
#include <algorithm>
#include <numeric>
#include <random>

#include "third_party/gpu.h"

namespace vgpu::third_party {
namespace {

constexpr int kThreads = 128;

// So many that, when the last blocks start first, they look back over more than one window of 32 tiles.
constexpr int kManyTiles = 40;

class CubDevice : public testing::TestWithParam<Settings> {
 protected:
  std::vector<int> random_integers(std::size_t count, int range = 2001) {
    std::vector<int> values(count);
    for (int& x : values) x = static_cast<int>(random_() % range) - range / 2;
    return values;
  }

  // Items of a tile and, for that many tiles, bytes of state, as kernel `name_facts` says.
  struct Tiles {
    int count;
    Array<std::byte> state;
  };
  Tiles tiles(const std::string& name, int items) {
    const auto facts = gpu_.allocate<std::size_t>(2);
    gpu_.launch(name + "_facts", 1, 1, 1, facts);
    const int tile_items = static_cast<int>(gpu_.download(facts)[1]);
    const int count = (items + tile_items - 1) / tile_items;
    gpu_.launch(name + "_facts", 1, 1, count, facts);
    const auto state = gpu_.allocate<std::byte>(gpu_.download(facts)[0]);
    const auto init_blocks = static_cast<std::uint32_t>((count + 31 + kThreads) / kThreads);
    gpu_.launch(name + "_init", init_blocks, kThreads, state, count);
    return {count, state};
  }

  template <class T>
  void expect_scans(const std::string& name, int count) {
    const auto integers = random_integers(count);
    const std::vector<T> in(integers.begin(), integers.end());
    const Tiles tiles = this->tiles(name, count);
    const auto out = gpu_.allocate<T>(count);
    const T initial = 100;
    gpu_.launch(name, tiles.count, kThreads, gpu_.upload(in), out, count, tiles.state, tiles.count, initial);
    std::vector<T> expected(count);
    std::exclusive_scan(in.begin(), in.end(), expected.begin(), initial);
    EXPECT_EQ(gpu_.download(out), expected) << name << ' ' << count;
  }

  Gpu gpu_{"cub_device", GetParam()};
  std::mt19937 random_{3};
};

TEST_P(CubDevice, Reduces) {
  for (const int count : {1, 127, 5000, 30011}) {
    const auto in = random_integers(count);
    constexpr int kBlocks = 5;
    const auto partial = gpu_.upload(std::vector<int>(kBlocks)), total = gpu_.allocate<int>(1);
    gpu_.launch("device_reduce_int", kBlocks, kThreads, gpu_.upload(in), partial, count);
    gpu_.launch("device_reduce_int", 1, kThreads, partial, total, kBlocks);
    EXPECT_EQ(gpu_.download(total)[0], std::accumulate(in.begin(), in.end(), 0)) << count;
    const std::vector<float> floats(in.begin(), in.end());
    const auto sum = gpu_.allocate<float>(1);
    gpu_.launch("device_reduce_float", 1, kThreads, gpu_.upload(floats), sum, count);
    EXPECT_EQ(gpu_.download(sum)[0], static_cast<float>(std::accumulate(in.begin(), in.end(), 0))) << count;
  }
}

TEST_P(CubDevice, Scans) {
  for (const int count : {1, 895, 896, kManyTiles * 896 - 5}) {
    expect_scans<int>("scan_int", count);
    expect_scans<long long>("scan_long", count);
  }
}

TEST_P(CubDevice, SelectsAndPartitions) {
  for (const int count : {1, 1280, kManyTiles * 1280 + 1}) {
    const auto in = random_integers(count);
    std::vector<int> odd, even;
    for (const int x : in) (x & 1 ? odd : even).push_back(x);
    const auto device_in = gpu_.upload(in);
    for (const char* kernel : {"select_odd", "partition_odd"}) {
      const Tiles tiles = this->tiles("select", count);
      const auto out = gpu_.upload(std::vector<int>(count, -1)), selected = gpu_.allocate<int>(1);
      gpu_.launch(kernel, tiles.count, kThreads, device_in, out, selected, count, tiles.state, tiles.count);
      std::vector<int> expected = odd;
      if (kernel[0] == 'p') expected.insert(expected.end(), even.rbegin(), even.rend());
      expected.resize(count, -1);
      EXPECT_EQ(gpu_.download(selected)[0], static_cast<int>(odd.size())) << kernel << ' ' << count;
      EXPECT_EQ(gpu_.download(out), expected) << kernel << ' ' << count;
    }
  }
}

TEST_P(CubDevice, ReducesByKey) {
  for (const int count : {1, 768, kManyTiles * 768 + 7}) {
    const auto keys = random_integers(count, 3), values = random_integers(count);
    std::vector<int> unique, sums;
    for (int i = 0; i < count; ++i) {
      if (i == 0 || keys[i] != keys[i - 1]) unique.push_back(keys[i]), sums.push_back(0);
      sums.back() += values[i];
    }
    const Tiles tiles = this->tiles("reduce_by_key", count);
    const auto device_unique = gpu_.upload(std::vector<int>(count, -9)), runs = gpu_.allocate<int>(1);
    const auto device_sums = gpu_.upload(std::vector<int>(count, -9));
    gpu_.launch("reduce_by_key", tiles.count, kThreads, gpu_.upload(keys), device_unique, gpu_.upload(values),
                device_sums, runs, count, tiles.state, tiles.count);
    const std::size_t run_count = unique.size();
    unique.resize(count, -9);
    sums.resize(count, -9);
    EXPECT_EQ(gpu_.download(runs)[0], static_cast<int>(run_count)) << count;
    EXPECT_EQ(gpu_.download(device_unique), unique) << count;
    EXPECT_EQ(gpu_.download(device_sums), sums) << count;
  }
}

TEST_P(CubDevice, SortsByRadix) {
  constexpr int kDigits = 256, kPasses = 4;
  const auto facts = gpu_.allocate<std::size_t>(1);
  gpu_.launch("radix_facts", 1, 1, facts);
  const int tile_items = static_cast<int>(gpu_.download(facts)[0]);
  for (const int count : {1, tile_items, 9000}) {
    std::vector<unsigned> keys(count);
    for (unsigned& key : keys) key = static_cast<unsigned>(random_()) & (random_() % 2 ? ~0u : 0xF0Fu);
    std::vector<int> order(count);
    std::iota(order.begin(), order.end(), 0);
    Array<unsigned> from_keys = gpu_.upload(keys), to_keys = gpu_.allocate<unsigned>(count);
    Array<int> from_values = gpu_.upload(order), to_values = gpu_.allocate<int>(count);
    const auto bins = gpu_.upload(std::vector<int>(kPasses * kDigits));
    gpu_.launch("radix_histogram", 3, kThreads, bins, from_keys, count);
    gpu_.launch("radix_sum", kPasses, kDigits, bins);
    const int blocks = (count + tile_items - 1) / tile_items;
    for (int pass = 0; pass < kPasses; ++pass) {
      const auto lookback = gpu_.upload(std::vector<int>(blocks * kDigits)), counter = gpu_.upload(std::vector<int>(1));
      const Array<int> pass_bins{bins.address + pass * kDigits * sizeof(int), kDigits};
      gpu_.launch("radix_sweep", blocks, kThreads, lookback, counter, Array<int>{}, pass_bins, to_keys, from_keys,
                  to_values, from_values, count, 8 * pass);
      std::swap(from_keys, to_keys);
      std::swap(from_values, to_values);
    }
    std::stable_sort(order.begin(), order.end(), [&](int i, int j) { return keys[i] < keys[j]; });
    std::stable_sort(keys.begin(), keys.end());
    EXPECT_EQ(gpu_.download(from_values), order) << count;
    EXPECT_EQ(gpu_.download(from_keys), keys) << count;
  }
}

TEST_P(CubDevice, CountsSamples) {
  for (const int count : {1, 1024, 20003}) {
    std::vector<unsigned char> samples(count);
    for (auto& sample : samples) sample = static_cast<unsigned char>(random_() % 2 ? 7 : random_());
    std::vector<unsigned> expected(256);
    for (const auto sample : samples) ++expected[sample];
    const auto histogram = gpu_.upload(std::vector<unsigned>(256));
    constexpr int kTileItems = kThreads * 8;
    gpu_.launch("device_histogram", 4, kThreads, gpu_.upload(samples), histogram, count,
                (count + kTileItems - 1) / kTileItems);
    EXPECT_EQ(gpu_.download(histogram), expected) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, CubDevice, testing::ValuesIn(every_schedule()), name_of);

}  // namespace
}  // namespace vgpu::third_party
