// The layout functions of fragments against the PTX manual's description of mma.m16n8k16 and ldmatrix, written down here once
// more in the manual's terms.
#include "cuda/device/fragment.cuh"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace ki::cuda {
namespace {

using Position = std::pair<int, int>;  // row, column

// The manual: groupID = %laneid >> 2, threadID_in_group = %laneid % 4.
int group_id(int lane) { return lane >> 2; }
int thread_id_in_group(int lane) { return lane % 4; }

Position manual_a(int lane, int i) {
  const int row = (0 <= i && i < 2) || (4 <= i && i < 6) ? group_id(lane) : group_id(lane) + 8;
  const int col = i < 4 ? thread_id_in_group(lane) * 2 + (i & 1) : thread_id_in_group(lane) * 2 + (i & 1) + 8;
  return {row, col};
}

Position manual_b(int lane, int i) {
  const int row = i < 2 ? thread_id_in_group(lane) * 2 + (i & 1) : thread_id_in_group(lane) * 2 + (i & 1) + 8;
  return {row, group_id(lane)};
}

Position manual_c(int lane, int i) {
  return {i < 2 ? group_id(lane) : group_id(lane) + 8, thread_id_in_group(lane) * 2 + (i & 1)};
}

template <class Fragment>
void expect_layout(Position (*manual)(int, int), int rows, int columns) {
  std::set<Position> all;
  for (int lane = 0; lane < kWarpSize; ++lane) {
    for (int i = 0; i < Fragment::kElements; ++i) {
      const Position position{Fragment::row(lane, i), Fragment::col(lane, i)};
      EXPECT_EQ(position, manual(lane, i)) << "lane " << lane << ", element " << i;
      EXPECT_LT(position.first, rows);
      EXPECT_LT(position.second, columns);
      all.insert(position);
    }
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(rows * columns)) << "every element belongs to one lane";
}

TEST(Fragment, TheLeftFactorLiesAsTheManualSays) { expect_layout<FragmentA>(manual_a, 16, 16); }
TEST(Fragment, TheRightFactorLiesAsTheManualSays) { expect_layout<FragmentB>(manual_b, 16, 8); }
TEST(Fragment, TheSumsLieAsTheManualSays) { expect_layout<FragmentC>(manual_c, 16, 8); }

TEST(Fragment, TwoSumsSideBySideAreALeftFactor) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    for (int i = 0; i < FragmentA::kElements; ++i) {
      const int block = i / 4, element = i % 4;
      EXPECT_EQ(FragmentA::row(lane, i), FragmentC::row(lane, element));
      EXPECT_EQ(FragmentA::col(lane, i), FragmentC::col(lane, element) + 8 * block);
    }
  }
}

// ldmatrix.x4, from the manual: threads 8m to 8m + 7 give the addresses of the rows of matrix m; thread t then receives, of
// each matrix, row t / 4 and columns 2 (t % 4) and 2 (t % 4) + 1, or with .trans those of the transposed matrix.
template <class Rows>
Position loaded(int lane, int matrix, int half, bool transposed) {
  int row = lane / 4, column = lane % 4 * 2 + half;
  if (transposed) std::swap(row, column);
  const int giver = matrix * 8 + row;
  return {Rows::row(giver), Rows::half(giver) * 8 + column};
}

TEST(LoadMatrix, RowsOfALeftFactorArriveAsItsFragment) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    for (int i = 0; i < FragmentA::kElements; ++i) {
      const Position want{FragmentA::row(lane, i), FragmentA::col(lane, i)};
      EXPECT_EQ(loaded<MatrixRowsA>(lane, i / 2, i % 2, false), want) << "lane " << lane << ", element " << i;
    }
  }
}

// Registers 2n and 2n + 1 are the fragment of the n-th 8 columns of the product.
TEST(LoadMatrix, TransposedRowsArriveAsTwoRightFactors) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    for (int n = 0; n < 2; ++n) {
      for (int i = 0; i < FragmentB::kElements; ++i) {
        const Position want{FragmentB::row(lane, i), n * 8 + FragmentB::col(lane, i)};
        EXPECT_EQ(loaded<MatrixRowsA>(lane, 2 * n + i / 2, i % 2, true), want) << "lane " << lane << ", element " << i;
      }
    }
  }
}

TEST(LoadMatrix, RowsThatAreColumnsOfTheProductArriveAsTwoRightFactors) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    for (int n = 0; n < 2; ++n) {
      for (int i = 0; i < FragmentB::kElements; ++i) {
        const Position want{n * 8 + FragmentB::col(lane, i), FragmentB::row(lane, i)};
        EXPECT_EQ(loaded<MatrixRowsB>(lane, 2 * n + i / 2, i % 2, false), want) << "lane " << lane << ", element " << i;
      }
    }
  }
}

}  // namespace
}  // namespace ki::cuda
