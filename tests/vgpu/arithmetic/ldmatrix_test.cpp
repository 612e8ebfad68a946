// ldmatrix and its kin against the manual's picture: thread 4r + c of the warp holds elements 2c and 2c + 1 of row r.
#include "arithmetic/ldmatrix.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace vgpu::arithmetic {
namespace {

// Rows scattered over a buffer, at addresses of any alignment.
struct Rows {
  explicit Rows(unsigned seed) {
    std::mt19937 random(seed);
    for (auto& byte : buffer) byte = static_cast<std::byte>(random());
    for (int lane = 0; lane < 32; ++lane) pointers[lane] = buffer + (lane * 7 % 32) * 33;
  }
  std::uint16_t element(int matrix, int row, int column) const {
    std::uint16_t value;
    std::memcpy(&value, pointers[8 * matrix + row] + 2 * column, sizeof value);
    return value;
  }
  std::byte buffer[32 * 33 + 16];
  std::byte* pointers[32];
};

TEST(Ldmatrix, GivesEachThreadItsPair) {
  for (const int count : {1, 2, 4}) {
    for (const bool transpose : {false, true}) {
      const Rows rows(count);
      std::uint32_t registers[4][32] = {};
      std::uint32_t* d[] = {registers[0], registers[1], registers[2], registers[3]};
      ldmatrix(count, transpose, rows.pointers, d);
      for (int matrix = 0; matrix < 4; ++matrix) {
        for (int lane = 0; lane < 32; ++lane) {
          const int r = lane / 4, c = 2 * (lane % 4);
          std::uint32_t low = rows.element(matrix, r, c), high = rows.element(matrix, r, c + 1);
          if (transpose) low = rows.element(matrix, c, r), high = rows.element(matrix, c + 1, r);
          EXPECT_EQ(registers[matrix][lane], matrix < count ? high << 16 | low : 0u)
              << "x" << count << " matrix " << matrix << " lane " << lane;
        }
      }
    }
  }
}

TEST(Ldmatrix, LeavesLaterAddressesAlone) {
  Rows rows(9);
  for (int lane = 8; lane < 32; ++lane) rows.pointers[lane] = nullptr;
  std::uint32_t registers[32];
  std::uint32_t* d[] = {registers};
  ldmatrix(1, false, rows.pointers, d);
  EXPECT_EQ(registers[31], static_cast<std::uint32_t>(rows.element(0, 7, 7)) << 16 | rows.element(0, 7, 6));
}

TEST(Stmatrix, WritesWhatLdmatrixReads) {
  for (const int count : {1, 2, 4}) {
    for (const bool transpose : {false, true}) {
      const Rows from(count);
      Rows to(count + 10);
      const Rows before = Rows(count + 10);
      std::uint32_t registers[4][32];
      std::uint32_t* d[] = {registers[0], registers[1], registers[2], registers[3]};
      ldmatrix(count, transpose, from.pointers, d);
      stmatrix(count, transpose, d, to.pointers);
      for (int matrix = 0; matrix < 4; ++matrix) {
        for (int row = 0; row < 8; ++row) {
          for (int column = 0; column < 8; ++column) {
            const Rows& expected = matrix < count ? from : before;
            EXPECT_EQ(to.element(matrix, row, column), expected.element(matrix, row, column));
          }
        }
      }
    }
  }
}

TEST(Movmatrix, Transposes) {
  std::uint32_t a[32];
  for (std::uint32_t lane = 0; lane < 32; ++lane)
    a[lane] = (2 * lane + 1) << 16 | 2 * lane;  // element (r, c) is 8r + c
  movmatrix(a, a);
  for (std::uint32_t lane = 0; lane < 32; ++lane) {
    const std::uint32_t row = lane / 4, column = 2 * (lane % 4);
    EXPECT_EQ(a[lane], (8 * (column + 1) + row) << 16 | (8 * column + row));
  }
}

}  // namespace
}  // namespace vgpu::arithmetic
