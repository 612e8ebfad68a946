// The swizzle keeps every chunk, and spreads what an instruction touches at a time over all banks.
#include "cuda/device/swizzle.cuh"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "cuda/device/fragment.cuh"

namespace ki::cuda {
namespace {

constexpr int kBankBytes = 4, kBanks = 32;
constexpr int kPhaseLanes = 8;  // lanes with 16 bytes each are served eight at a time: 128 bytes, every bank once

template <class Layout>
class SwizzleTest : public testing::Test {};

template <int kChunks>
struct Chunks {
  static constexpr int kCount = kChunks;
  using Layout = Swizzle<kChunks>;
};

// The rows of all tiles: 16-bit elements in 32 to 256 columns, float32 in 16 to 256.
using AllRows = testing::Types<Chunks<4>, Chunks<8>, Chunks<12>, Chunks<16>, Chunks<24>, Chunks<32>, Chunks<64>>;
TYPED_TEST_SUITE(SwizzleTest, AllRows);

// Whether accesses of `bytes` at these offsets, as many as fill all banks, hit each bank once.
void expect_all_banks(int bytes, int lanes, const std::function<int(int lane)>& offset) {
  std::set<int> banks;
  for (int lane = 0; lane < lanes; ++lane) {
    for (int byte = 0; byte < bytes; byte += kBankBytes) banks.insert((offset(lane) + byte) / kBankBytes % kBanks);
  }
  EXPECT_EQ(banks.size(), static_cast<std::size_t>(kBanks));
}

TYPED_TEST(SwizzleTest, KeepsEveryChunkOfARowInTheRow) {
  for (int row = 0; row < 64; ++row) {
    std::set<int> places;
    for (int chunk = 0; chunk < TypeParam::kCount; ++chunk) places.insert(TypeParam::Layout::place(row, chunk));
    EXPECT_EQ(places.size(), static_cast<std::size_t>(TypeParam::kCount));
    EXPECT_GE(*places.begin(), 0);
    EXPECT_LT(*places.rbegin(), TypeParam::kCount);
  }
}

TYPED_TEST(SwizzleTest, EightRowsOfAColumnOfChunksHitEveryBank) {
  for (int row = 0; row < 64; row += 8) {
    for (int chunk = 0; chunk < TypeParam::kCount; ++chunk) {
      expect_all_banks(16, kPhaseLanes, [&](int lane) { return TypeParam::Layout::offset(row + lane, chunk); });
    }
  }
}

// As TileShare deals them out: kGroup neighbours in a row, then the next row.
TYPED_TEST(SwizzleTest, ACopysChunksHitEveryBank) {
  constexpr int kGroup = TypeParam::Layout::kGroup;
  for (int row = 0; row < 64; row += kPhaseLanes / kGroup) {
    for (int chunk = 0; chunk < TypeParam::kCount; chunk += kGroup) {
      expect_all_banks(16, kPhaseLanes,
                       [&](int lane) { return TypeParam::Layout::offset(row + lane / kGroup, chunk + lane % kGroup); });
    }
  }
}

// A pair of 16-bit elements of FragmentC from each lane, which is how the output goes through shared memory.
TYPED_TEST(SwizzleTest, APairFromEveryLaneOfAFragmentHitsEveryBank) {
  for (int chunk = 0; chunk < TypeParam::kCount; ++chunk) {
    expect_all_banks(4, kWarpSize, [&](int lane) {
      return TypeParam::Layout::offset(FragmentC::row(lane, 0), chunk) + FragmentC::col(lane, 0) * 2;
    });
  }
}

TYPED_TEST(SwizzleTest, MovedIsTheOffsetOfTheLaterChunk) {
  using Layout = typename TypeParam::Layout;
  for (const int begin : {0, Layout::kAlignment, 40 * Layout::kAlignment}) {
    for (int row = 0; row < 64; ++row) {
      for (int chunk = 0; chunk < 2; ++chunk) {
        for (int step = 0; step < TypeParam::kCount; step += 2) {
          EXPECT_EQ(Layout::moved(begin + Layout::offset(row, chunk), step),
                    static_cast<std::uint32_t>(begin + Layout::offset(row, chunk + step)));
        }
      }
    }
  }
}

}  // namespace
}  // namespace ki::cuda
