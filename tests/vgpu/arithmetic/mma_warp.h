// Matrices in and out of a warp's registers, for tests of mma, by the manual's formulas.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "arithmetic/mma.h"
#include "arithmetic/mma_manual.h"

namespace vgpu::arithmetic {

// Elements as their bits, in row-major order.
struct Matrix {
  Matrix(int row_count, int column_count) : rows(row_count), columns(column_count), bits(row_count * column_count) {}
  std::uint32_t& at(Cell cell) { return bits[cell.row * columns + cell.column]; }
  std::uint32_t at(int row, int column) const { return bits[row * columns + column]; }
  int rows, columns;
  std::vector<std::uint32_t> bits;
};

using WarpRegister = std::uint32_t[32];

class Warp {
 public:
  Warp(const MmaInstruction& mma, int packed, int packed_c)
      : mma_(mma), shape_(manual::shape(mma.m, mma.k, packed)), packed_c_(packed_c) {}

  void set_a(const Matrix& a) { pack(a, a_, shape_.a, shape_.a_elements, shape_.packed); }
  void set_b(const Matrix& b) { pack(b, b_, shape_.b, shape_.b_elements, shape_.packed); }
  void set_c(const Matrix& c) { pack(c, c_, manual::c, mma_.m / 4, packed_c_); }

  // Runs twice: with registers of its own for the result, and with C's in the opposite order, which must be no
  // different.
  Matrix run(Rounding rounding) {
    const MmaFunction function = find_mma(mma_, rounding);
    EXPECT_NE(function.run, nullptr);
    EXPECT_EQ(function.a_registers * shape_.packed, shape_.a_elements);
    EXPECT_EQ(function.b_registers * shape_.packed, shape_.b_elements);
    EXPECT_EQ(function.c_registers * packed_c_, mma_.m / 4);
    EXPECT_EQ(function.d_registers, function.c_registers);
    alignas(64) WarpRegister d[4];
    const void* a[4] = {a_[0], a_[1], a_[2], a_[3]};
    const void* b[2] = {b_[0], b_[1]};
    const void* c[4] = {c_[0], c_[1], c_[2], c_[3]};
    void* result[4] = {d[0], d[1], d[2], d[3]};
    function.run(result, a, b, c);
    const int last = function.d_registers - 1;
    for (int i = 0; i <= last; ++i) result[i] = c_[last - i];
    function.run(result, a, b, c);
    for (int i = 0; i <= last; ++i) EXPECT_EQ(std::memcmp(d[i], c_[last - i], sizeof d[i]), 0) << "aliasing changes D";
    Matrix matrix(mma_.m, 8);
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < mma_.m / 4; ++i) {
        const int width = 32 / packed_c_;
        const std::uint32_t word = d[i / packed_c_][lane] >> (i % packed_c_ * width);
        matrix.at(manual::c(lane / 4, lane % 4, i)) = width == 32 ? word : word & ((1u << width) - 1);
      }
    }
    return matrix;
  }

 private:
  static void pack(const Matrix& matrix, WarpRegister* registers, Cell (*cell)(int, int, int), int elements,
                   int packed) {
    const int width = 32 / packed;
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < elements; ++i) {
        auto& word = registers[i / packed][lane];
        if (i % packed == 0) word = 0;
        const Cell place = cell(lane / 4, lane % 4, i);
        word |= matrix.at(place.row, place.column) << (i % packed * width);
      }
    }
  }

  MmaInstruction mma_;
  const manual::Shape& shape_;
  int packed_c_;
  alignas(64) WarpRegister a_[4] = {}, b_[2] = {}, c_[4] = {};
};

}  // namespace vgpu::arithmetic
