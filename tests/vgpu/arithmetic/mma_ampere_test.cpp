// Rounding::ampere against a model in 128-bit integers, written from its description alone.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "arithmetic/mma_float_data.h"
#include "arithmetic/mma_warp.h"
#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {
namespace {

using slow::Int128;

// significand * 2^(exponent - fraction bits), not normalised: the exponent of subnormal numbers is the smallest one.
struct Term {
  Int128 significand = 0;
  int exponent = 0, fraction_bits = 0;
};

Term term_of(MmaType type, std::uint32_t bits) {
  const int fraction_bits = stored_fraction_bits(type), bias = (1 << (exponent_bits(type) - 1)) - 1;
  const int field = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits(type)) - 1);
  Int128 significand = bits & ((1u << fraction_bits) - 1);
  if (field != 0) significand += 1u << fraction_bits;
  if (bits & sign_bit(type)) significand = -significand;
  return {significand, (field == 0 ? 1 : field) - bias, fraction_bits};
}

Term product_of(const Term& a, const Term& b) {
  return {a.significand * b.significand, a.exponent + b.exponent, a.fraction_bits + b.fraction_bits};
}

// In units of 2^(exponent - 24), what is smaller dropped.
Int128 aligned(const Term& term, int exponent) {
  const int shift = term.exponent - term.fraction_bits - (exponent - 24);
  const Int128 magnitude = term.significand < 0 ? -term.significand : term.significand;
  Int128 moved = 0;
  if (shift >= 0) {
    moved = magnitude << shift;
  } else if (shift > -120) {
    moved = magnitude >> -shift;
  }
  return term.significand < 0 ? -moved : moved;
}

// f32 bits of sum * 2^exponent, dropping what does not fit.
std::uint32_t truncated_float(Int128 sum, int exponent) {
  const std::uint32_t sign = sum < 0 ? 0x8000'0000 : 0;
  Int128 magnitude = sum < 0 ? -sum : sum;
  if (magnitude == 0) return 0;
  while (magnitude >= 1 << 24 || exponent < -149) magnitude >>= 1, ++exponent;
  while (magnitude < 1 << 23 && exponent > -149) magnitude <<= 1, --exponent;
  if (magnitude < 1 << 23) return sign | static_cast<std::uint32_t>(magnitude);
  const int field = exponent + 23 + 127;
  if (field >= 255) return sign | 0x7F80'0000;
  return sign | static_cast<std::uint32_t>(field) << 23 | (static_cast<std::uint32_t>(magnitude) & 0x7F'FFFF);
}

std::uint32_t model(const FloatCase& test, const Operands& operands, int row, int column) {
  const int slice = test.type == MmaType::tf32 ? 4 : 8;
  std::uint32_t accumulator = operands.c.at(row, column);
  for (int begin = 0; begin < test.k; begin += slice) {
    std::vector<Term> terms = {term_of(test.accumulator, accumulator)};
    for (int k = begin; k < begin + slice; ++k) {
      terms.push_back(
          product_of(term_of(test.type, operands.a.at(row, k)), term_of(test.type, operands.b.at(k, column))));
    }
    int largest = -10000;
    for (const Term& term : terms) {
      if (term.significand != 0) largest = std::max(largest, term.exponent);
    }
    Int128 sum = 0;
    for (const Term& term : terms) {
      if (term.significand != 0) sum += aligned(term, largest);
    }
    if (test.accumulator == MmaType::f16) {
      const double value = std::ldexp(static_cast<double>(sum), largest - 24);
      accumulator = slow::encoded(slow::f16_format(), value, RoundingMode::nearest_even);
      if ((accumulator & 0x7FFF) == 0x7C00) return accumulator;  // infinity stays
    } else {
      accumulator = truncated_float(sum, largest - 24);
      if ((accumulator & 0x7FFF'FFFF) == 0x7F80'0000) return accumulator;
    }
  }
  return accumulator;
}

TEST(MmaAmpere, EqualsTheIntegerModel) {
  std::mt19937 random(5);
  for (const FloatCase& test : float_cases()) {
    for (const Magnitudes magnitudes : {Magnitudes::alike, Magnitudes::wide, Magnitudes::tiny}) {
      for (int i = 0; i < 20; ++i) {
        const Operands operands = random_operands(test, magnitudes, random);
        const Matrix d = product(test, operands, Rounding::ampere);
        for (int row = 0; row < 16; ++row) {
          for (int column = 0; column < 8; ++column) {
            ASSERT_EQ(d.at(row, column), model(test, operands, row, column))
                << test.name << " row " << row << " column " << column << " magnitudes "
                << static_cast<int>(magnitudes);
          }
        }
      }
    }
  }
}

// Worked by hand. One product of 1 and an accumulator of 2^-24 + 2^-25: the first bit is kept, the second dropped; f32
// then drops the first too. With -1 beside them, what was kept is all that is left.
TEST(MmaAmpere, KeepsTwentyFourFractionalBits) {
  const FloatCase test{"f16", MmaType::f16, MmaType::f32, 16};
  const auto run = [&](float c, std::vector<std::pair<std::uint32_t, std::uint32_t>> factors) {
    Operands operands(test);
    for (std::size_t k = 0; k < factors.size(); ++k) {
      operands.a.at(Cell{3, static_cast<int>(k)}) = factors[k].first;
      operands.b.at(Cell{static_cast<int>(k), 5}) = factors[k].second;
    }
    operands.c.at(Cell{3, 5}) = std::bit_cast<std::uint32_t>(c);
    return std::bit_cast<float>(product(test, operands, Rounding::ampere).at(3, 5));
  };
  constexpr std::uint32_t kOne = 0x3C00, kMinusOne = 0xBC00, kAlmostTwo = 0x3FFF;
  EXPECT_EQ(run(0x1.8p-24f, {{kOne, kOne}}), 1.0f);
  EXPECT_EQ(run(0x1.8p-24f, {{kOne, kOne}, {kMinusOne, kOne}}), 0x1p-24f);
  EXPECT_EQ(run(0x1p-25f, {{kOne, kOne}, {kMinusOne, kOne}}), 0.0f);
  // Exact cancellation in the first half leaves the second one undisturbed.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> halves(16, {0, 0});
  halves[8] = {kOne, kOne};
  halves[9] = {kMinusOne, kOne};
  EXPECT_EQ(run(0x1.8p-24f, halves), 0x1p-24f);
  halves[1] = {kOne, kOne};
  EXPECT_EQ(run(0x1.8p-24f, halves), 1.0f);
  // The product of two significands close to 2 is close to 4; its exponent counts as 0 nevertheless.
  EXPECT_EQ(run(0x1.8p-24f, {{kAlmostTwo, kAlmostTwo}, {kAlmostTwo | 0x8000, kAlmostTwo}}), 0x1p-24f);
}

// Two units of 2^-24 in the accumulator, half a unit and 2^-40 in products: the latter lies below the 24 bits that count
// from a subnormal number's exponent, which is -14, so that the sum is a tie.
TEST(MmaAmpere, TakesSubnormalAccumulatorsAsTheyAre) {
  const FloatCase test{"f16", MmaType::f16, MmaType::f16, 8};
  Operands operands(test);
  operands.c.at(Cell{9, 2}) = 0x0002;
  operands.a.at(Cell{9, 0}) = 0x0C00, operands.b.at(Cell{0, 2}) = 0x0800;  // 2^-12 * 2^-13
  operands.a.at(Cell{9, 1}) = 0x0010, operands.b.at(Cell{1, 2}) = 0x0010;  // 2^-20 * 2^-20
  EXPECT_EQ(product(test, operands, Rounding::ampere).at(9, 2), 0x0002u);
  EXPECT_EQ(product(test, operands, Rounding::exact).at(9, 2), 0x0003u);
}

TEST(MmaAmpere, PropagatesInfinitiesAndNans) {
  std::mt19937 random(6);
  for (const FloatCase& test : float_cases()) {
    for (int i = 0; i < 50; ++i) {
      Operands operands = random_operands(test, Magnitudes::alike, random);
      plant_specials(test, operands, random);
      const Matrix d = product(test, operands, Rounding::ampere);
      for (int row = 0; row < 16; ++row) {
        for (int column = 0; column < 8; ++column) {
          const double sum = plain_sum(test, operands, row, column);
          const double result = number(test.accumulator, d.at(row, column));
          if (std::isnan(sum)) {
            ASSERT_EQ(d.at(row, column), test.accumulator == MmaType::f16 ? 0x7FFFu : 0x7FFF'FFFFu);
          } else if (std::isinf(sum)) {
            ASSERT_EQ(result, sum);
          } else {
            ASSERT_EQ(d.at(row, column), model(test, operands, row, column));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace vgpu::arithmetic
