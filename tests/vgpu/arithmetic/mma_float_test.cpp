// The floating-point products of mma against plain triple loops in double precision.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "arithmetic/mma_float_data.h"
#include "arithmetic/mma_warp.h"
#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {
namespace {

std::uint32_t rounded_result(MmaType type, double sum) {
  if (type == MmaType::f16) return slow::encoded(slow::f16_format(), sum, RoundingMode::nearest_even);
  if (std::isnan(sum)) return 0x7FFF'FFFF;
  return std::bit_cast<std::uint32_t>(static_cast<float>(sum));
}

void expect_product(const FloatCase& test, const Operands& operands) {
  const Matrix d = product(test, operands, Rounding::exact);
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      const double sum = plain_sum(test, operands, row, column);
      ASSERT_EQ(d.at(row, column), rounded_result(test.accumulator, sum))
          << test.name << " row " << row << " column " << column << " sum " << sum;
    }
  }
}

TEST(MmaFloat, EqualsPlainLoops) {
  std::mt19937 random(1);
  for (const FloatCase& test : float_cases()) {
    for (const Magnitudes magnitudes : {Magnitudes::alike, Magnitudes::wide, Magnitudes::tiny}) {
      for (int i = 0; i < 20; ++i) {
        expect_product(test, random_operands(test, magnitudes, random));
      }
    }
  }
}

TEST(MmaFloat, PropagatesInfinitiesAndNans) {
  std::mt19937 random(2);
  for (const FloatCase& test : float_cases()) {
    for (int i = 0; i < 50; ++i) {
      Operands operands = random_operands(test, Magnitudes::alike, random);
      plant_specials(test, operands, random);
      expect_product(test, operands);
    }
  }
}

// The lower 13 bits of a tf32 operand are not part of it.
TEST(MmaFloat, IgnoresTheLowBitsOfTf32) {
  const FloatCase test{"tf32", MmaType::tf32, MmaType::f32, 8};
  Operands operands(test);
  for (auto& bits : operands.a.bits) bits = 0x3F80'1FFF;
  for (auto& bits : operands.b.bits) bits = 0x4000'1FFF;
  for (const Rounding rounding : {Rounding::exact, Rounding::ampere}) {
    const Matrix d = product(test, operands, rounding);
    for (const auto bits : d.bits) ASSERT_EQ(std::bit_cast<float>(bits), 16.0f);
  }
}

TEST(MmaFloat, MultipliesDoubles) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform(-1, 1);
  MmaInstruction mma{.m = 8, .n = 8, .k = 4};
  mma.a = mma.b = mma.c = mma.d = MmaType::f64;
  const MmaFunction function = find_mma(mma, Rounding::ampere);
  ASSERT_NE(function.run, nullptr);
  EXPECT_EQ(function.a_registers, 1);
  EXPECT_EQ(function.b_registers, 1);
  EXPECT_EQ(function.c_registers, 2);
  const manual::Shape& shape = manual::shape(8, 4, 1);
  double a[8][4], b[4][8], c[8][8], a_lanes[32], b_lanes[32], c_lanes[2][32];
  for (int lane = 0; lane < 32; ++lane) {
    const Cell at = shape.a(lane / 4, lane % 4, 0), bt = shape.b(lane / 4, lane % 4, 0);
    a[at.row][at.column] = a_lanes[lane] = uniform(random);
    b[bt.row][bt.column] = b_lanes[lane] = uniform(random);
    for (int i = 0; i < 2; ++i) {
      const Cell ct = manual::c(lane / 4, lane % 4, i);
      c[ct.row][ct.column] = c_lanes[i][lane] = uniform(random);
    }
  }
  const void* a_registers[] = {a_lanes};
  const void* b_registers[] = {b_lanes};
  const void* c_registers[] = {c_lanes[0], c_lanes[1]};
  void* d_registers[] = {c_lanes[1], c_lanes[0]};
  function.run(d_registers, a_registers, b_registers, c_registers);
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 2; ++i) {
      const Cell cell = manual::c(lane / 4, lane % 4, i);
      long double sum = c[cell.row][cell.column];
      for (int k = 0; k < 4; ++k) {
        sum = static_cast<double>(sum + static_cast<long double>(a[cell.row][k]) * b[k][cell.column]);
      }
      EXPECT_NEAR(static_cast<double*>(d_registers[i])[lane], static_cast<double>(sum), 0x1p-52);
    }
  }
}

TEST(MmaFloat, RefusesWhatPtxHasNot) {
  const auto refused = [](MmaInstruction mma) { return find_mma(mma, Rounding::exact).run == nullptr; };
  EXPECT_FALSE(refused({}));
  EXPECT_TRUE(refused({.k = 32}));
  EXPECT_TRUE(refused({.m = 8}));
  EXPECT_TRUE(refused({.a = MmaType::bf16}));  // with f16
  EXPECT_TRUE(refused({.satfinite = true}));
  EXPECT_TRUE(refused({.d = MmaType::f16, .a = MmaType::bf16, .b = MmaType::bf16, .c = MmaType::f16}));
  EXPECT_TRUE(refused({.k = 16, .a = MmaType::tf32, .b = MmaType::tf32}));
}

}  // namespace
}  // namespace vgpu::arithmetic
