// The integer and single-bit products of mma against plain triple loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "arithmetic/mma_warp.h"

namespace vgpu::arithmetic {
namespace {

struct IntegerShape {
  int m, k, width;
};

std::int64_t number(MmaType type, std::uint32_t bits) {
  switch (type) {
    case MmaType::s8: return bits < 128 ? bits : static_cast<std::int64_t>(bits) - 256;
    case MmaType::s4: return bits < 8 ? bits : static_cast<std::int64_t>(bits) - 16;
    default: return bits;
  }
}

Matrix random_matrix(int rows, int columns, int width, std::mt19937& random) {
  Matrix matrix(rows, columns);
  const std::uint32_t mask = width == 32 ? ~0u : (1u << width) - 1;
  for (auto& bits : matrix.bits) {
    bits = random() & mask;
    if (random() % 8 == 0) bits = mask;               // the largest, or -1
    if (random() % 8 == 0) bits = 1u << (width - 1);  // the smallest
    if (random() % 16 == 0) bits = (1u << (width - 1)) - 1;
  }
  return matrix;
}

void expect_product(const MmaInstruction& mma, int width, std::mt19937& random) {
  Matrix a = random_matrix(mma.m, mma.k, width, random), b = random_matrix(mma.k, 8, width, random);
  Matrix c = random_matrix(mma.m, 8, 32, random);
  Warp warp(mma, 32 / width, 1);
  warp.set_a(a);
  warp.set_b(b);
  warp.set_c(c);
  const Matrix d = warp.run(Rounding::exact);
  for (int row = 0; row < mma.m; ++row) {
    for (int column = 0; column < 8; ++column) {
      std::int64_t sum = static_cast<std::int32_t>(c.at(row, column));
      for (int k = 0; k < mma.k; ++k) {
        const std::uint32_t x = a.at(row, k), y = b.at(k, column);
        switch (mma.bit_operation) {
          case BitOperation::none: sum += number(mma.a, x) * number(mma.b, y); break;
          case BitOperation::and_popc: sum += x == 1 && y == 1; break;
          case BitOperation::xor_popc: sum += x != y; break;
        }
      }
      using Limits = std::numeric_limits<std::int32_t>;
      if (mma.satfinite) sum = std::clamp<std::int64_t>(sum, Limits::min(), Limits::max());
      ASSERT_EQ(d.at(row, column), static_cast<std::uint32_t>(sum))
          << "m" << mma.m << "k" << mma.k << " row " << row << " column " << column;
    }
  }
}

void expect_integer_products(std::vector<IntegerShape> shapes, std::vector<MmaType> types) {
  std::mt19937 random(1);
  for (const IntegerShape& shape : shapes) {
    for (const MmaType a : types) {
      for (const MmaType b : types) {
        for (const bool satfinite : {false, true}) {
          const MmaInstruction mma{.m = shape.m,
                                   .n = 8,
                                   .k = shape.k,
                                   .d = MmaType::s32,
                                   .a = a,
                                   .b = b,
                                   .c = MmaType::s32,
                                   .satfinite = satfinite};
          for (int i = 0; i < 10; ++i) expect_product(mma, shape.width, random);
        }
      }
    }
  }
}

TEST(MmaInteger, MultipliesBytes) {
  expect_integer_products({{8, 16, 8}, {16, 16, 8}, {16, 32, 8}}, {MmaType::s8, MmaType::u8});
}

TEST(MmaInteger, MultipliesNibbles) {
  expect_integer_products({{8, 32, 4}, {16, 32, 4}, {16, 64, 4}}, {MmaType::s4, MmaType::u4});
}

TEST(MmaInteger, CountsBits) {
  std::mt19937 random(2);
  for (const IntegerShape& shape : {IntegerShape{8, 128, 1}, IntegerShape{16, 128, 1}, IntegerShape{16, 256, 1}}) {
    for (const BitOperation operation : {BitOperation::and_popc, BitOperation::xor_popc}) {
      const MmaInstruction mma{.m = shape.m,
                               .n = 8,
                               .k = shape.k,
                               .d = MmaType::s32,
                               .a = MmaType::b1,
                               .b = MmaType::b1,
                               .c = MmaType::s32,
                               .bit_operation = operation};
      for (int i = 0; i < 10; ++i) expect_product(mma, 1, random);
    }
  }
}

TEST(MmaInteger, RefusesWhatPtxHasNot) {
  MmaInstruction mma{.k = 32, .d = MmaType::s32, .a = MmaType::s8, .b = MmaType::u8, .c = MmaType::s32};
  EXPECT_NE(find_mma(mma, Rounding::exact).run, nullptr);
  mma.b = MmaType::s4;
  EXPECT_EQ(find_mma(mma, Rounding::exact).run, nullptr) << "bytes with nibbles";
  mma.b = MmaType::s8;
  mma.k = 64;
  EXPECT_EQ(find_mma(mma, Rounding::exact).run, nullptr);
  mma = {.k = 256, .d = MmaType::s32, .a = MmaType::b1, .b = MmaType::b1, .c = MmaType::s32};
  EXPECT_EQ(find_mma(mma, Rounding::exact).run, nullptr) << "without a bit operation";
}

}  // namespace
}  // namespace vgpu::arithmetic
