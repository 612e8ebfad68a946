// Half arithmetic against exact sums and products in 113 bits, rounded by looking for the neighbours.
#include "arithmetic/half_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {
namespace {

using ptx::Type;
using slow::Quad;

struct HalfType {
  Type type, packed;
  double (*decode)(std::uint16_t);
  const slow::Format& (*format)();
  std::uint16_t one, smallest_normal;
};
const HalfType kTypes[] = {{Type::f16, Type::f16x2, slow::f16, slow::f16_format, 0x3C00, 0x0400},
                           {Type::bf16, Type::bf16x2, slow::bf16, slow::bf16_format, 0x3F80, 0x0080}};

struct Operands {
  std::vector<std::uint16_t> a, b, c;
};

// Encodings close to one another in exponent (so that 113 bits hold every sum), and others anywhere.
Operands random_operands(const HalfType& type, bool anywhere, int count, unsigned seed) {
  std::mt19937 random(seed);
  Operands operands;
  const auto draw = [&] {
    if (anywhere) return static_cast<std::uint16_t>(random());
    const int spread = type.type == Type::f16 ? 0x4000 : 0x0C00;
    const int bits = type.one + static_cast<int>(random() % spread) - spread / 2;
    return static_cast<std::uint16_t>(bits | (random() & 0x8000));
  };
  for (int i = 0; i < count; ++i) {
    operands.a.push_back(draw());
    operands.b.push_back(draw());
    operands.c.push_back(draw());
  }
  return operands;
}

std::vector<std::uint16_t> computed(HalfOperation operation, const HalfModifiers& modifiers, const Operands& operands) {
  const bool packed = modifiers.type == Type::f16x2 || modifiers.type == Type::bf16x2;
  std::vector<std::uint16_t> d(operands.a.size());
  for (std::size_t i = 0; i < d.size(); i += packed ? 64 : 32) {
    half_arithmetic(operation, modifiers, &d[i], &operands.a[i], &operands.b[i], &operands.c[i]);
  }
  return d;
}

Quad exact(HalfOperation operation, Quad a, Quad b, Quad c) {
  switch (operation) {
    case HalfOperation::add: return a + b;
    case HalfOperation::sub: return a - b;
    case HalfOperation::mul: return a * b;
    default: return a * b + c;
  }
}

void expect_rounds_once(HalfOperation operation, bool anywhere) {
  for (const HalfType& type : kTypes) {
    const Operands operands = random_operands(type, anywhere, 64 * 1000, static_cast<unsigned>(operation));
    const auto d = computed(operation, {.type = type.type}, operands);
    EXPECT_EQ(d, computed(operation, {.type = type.packed}, operands));
    for (std::size_t i = 0; i < d.size(); ++i) {
      const double a = type.decode(operands.a[i]), b = type.decode(operands.b[i]), c = type.decode(operands.c[i]);
      const auto expected = slow::encoded(type.format(), exact(operation, a, b, c), RoundingMode::nearest_even);
      ASSERT_EQ(d[i], expected) << std::hexfloat << a << ' ' << b << ' ' << c;
    }
  }
}

TEST(HalfMath, Adds) { expect_rounds_once(HalfOperation::add, true); }
TEST(HalfMath, Subtracts) { expect_rounds_once(HalfOperation::sub, true); }
TEST(HalfMath, Multiplies) { expect_rounds_once(HalfOperation::mul, true); }
TEST(HalfMath, FusesNearbyOperands) { expect_rounds_once(HalfOperation::fma, false); }

// A tie but for something far below what double precision holds: rounding twice would go wrong.
TEST(HalfMath, FusesWithoutRoundingTwice) {
  Operands operands;
  operands.a.assign(32, 0x3C01);  // 1 + 2^-10
  operands.b.assign(32, 0x3800);  // 1/2: the product is 1/2 + 2^-11, half way between 1/2 + 2^-11 and its neighbours
  operands.c.assign(32, 0x0001);  // 2^-24
  operands.a[1] = 0x0C01;         // (1 + 2^-10) * 2^-12, with b = 2^-13
  operands.b[1] = 0x0800;
  operands.c[1] = 0x7800;  // 2^15: the product is far below the last place of double
  const auto d = computed(HalfOperation::fma, {.type = Type::f16}, operands);
  EXPECT_EQ(d[0], slow::encoded(slow::f16_format(), 0.5 + 0x1p-11 + 0x1p-24, RoundingMode::nearest_even));
  EXPECT_EQ(d[1], 0x7800);
  // bf16: 2^100 * (1 + 2^-7) * (1 + 2^-7) lies 2^-14 above 1 + 2^-6; minus or plus 2^-133 must not matter, but a tie
  // plus 2^-133 must round up.
  Operands ties;
  ties.a.assign(32, 0x3F81);  // 1 + 2^-7
  ties.b.assign(32, 0x3FC0);  // 1.5: the product 1.5 + 1.5 * 2^-7 is a tie
  ties.c.assign(32, 0x0001);  // 2^-133
  ties.c[1] = 0x8001;
  const auto rounded = computed(HalfOperation::fma, {.type = Type::bf16}, ties);
  EXPECT_EQ(slow::bf16(rounded[0]), 1.5 + 0x1p-6);
  EXPECT_EQ(slow::bf16(rounded[1]), 1.5 + 0x1p-7);
}

TEST(HalfMath, ClampsAndRectifies) {
  for (const HalfType& type : kTypes) {
    for (const HalfOperation operation : {HalfOperation::add, HalfOperation::mul, HalfOperation::fma}) {
      const Operands operands = random_operands(type, true, 64 * 100, 3);
      const auto plain = computed(operation, {.type = type.type}, operands);
      const auto sat = computed(operation, {.type = type.type, .sat = true}, operands);
      const auto relu = computed(operation, {.type = type.type, .relu = true}, operands);
      for (std::size_t i = 0; i < plain.size(); ++i) {
        const double x = type.decode(plain[i]);
        const std::uint16_t positive = std::isnan(x) ? 0x7FFF : x > 0 ? plain[i] : 0;
        EXPECT_EQ(relu[i], positive);
        EXPECT_EQ(sat[i], std::isnan(x) ? 0 : x > 1 ? type.one : positive);
      }
    }
  }
}

std::uint16_t flushed(const HalfType& type, std::uint16_t bits) {
  return (bits & 0x7FFF) < type.smallest_normal ? bits & 0x8000 : bits;
}

TEST(HalfMath, FlushesSubnormals) {
  for (const HalfType& type : kTypes) {
    Operands operands = random_operands(type, true, 64 * 100, 4);
    for (std::size_t i = 0; i < operands.a.size(); i += 2) operands.a[i] &= 0x83FF, operands.b[i] |= 0x3000;
    for (const HalfOperation operation : {HalfOperation::add, HalfOperation::mul}) {
      const auto ftz = computed(operation, {.type = type.type, .ftz = true}, operands);
      Operands without = operands;
      for (auto* bits : {&without.a, &without.b}) {
        for (auto& half : *bits) half = flushed(type, half);
      }
      const auto plain = computed(operation, {.type = type.type}, without);
      for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(ftz[i], flushed(type, plain[i]));
    }
  }
}

TEST(HalfMath, ChoosesTheSmallerOrLarger) {
  for (const HalfType& type : kTypes) {
    const std::uint16_t one = type.one,
                        minus_two = static_cast<std::uint16_t>(0x8000 | (one + (one == 0x3C00 ? 0x400 : 0x80)));
    Operands operands;
    operands.a = {one, minus_two, 0x0000, 0x8000, 0x7FFF, one, 0xFFFF};
    operands.b = {minus_two, one, 0x8000, 0x0000, one, 0x7FFF, 0x7FFF};
    for (auto* bits : {&operands.a, &operands.b, &operands.c}) bits->resize(32);
    const auto run = [&](HalfOperation operation, bool nan, bool xorsign) {
      auto d = computed(operation, {.type = type.type, .nan = nan, .xorsign_abs = xorsign}, operands);
      d.resize(7);
      return d;
    };
    using Halves = std::vector<std::uint16_t>;
    EXPECT_EQ(run(HalfOperation::min, false, false), (Halves{minus_two, minus_two, 0x8000, 0x8000, one, one, 0x7FFF}));
    EXPECT_EQ(run(HalfOperation::max, false, false), (Halves{one, one, 0, 0, one, one, 0x7FFF}));
    EXPECT_EQ(run(HalfOperation::min, true, false),
              (Halves{minus_two, minus_two, 0x8000, 0x8000, 0x7FFF, 0x7FFF, 0x7FFF}));
    EXPECT_EQ(run(HalfOperation::max, true, false), (Halves{one, one, 0, 0, 0x7FFF, 0x7FFF, 0x7FFF}));
    const auto signed_max = run(HalfOperation::max, false, true);
    EXPECT_EQ(signed_max[0], minus_two);  // the larger magnitude, and one sign
    EXPECT_EQ(run(HalfOperation::min, false, true)[1], one | 0x8000);
  }
}

TEST(HalfMath, WorksOnEveryHalfAlone) {
  for (const HalfType& type : kTypes) {
    Operands operands;
    for (int i = 0; i < 65536; ++i) operands.a.push_back(static_cast<std::uint16_t>(i));
    operands.b.resize(65536);
    operands.c.resize(65536);
    const auto negated = computed(HalfOperation::neg, {.type = type.type}, operands);
    const auto absolute = computed(HalfOperation::abs, {.type = type.packed}, operands);
    const auto power = computed(HalfOperation::ex2_approx, {.type = type.type}, operands);
    const auto tangent = computed(HalfOperation::tanh_approx, {.type = type.packed}, operands);
    for (int i = 0; i < 65536; ++i) {
      const auto expect = [&](double y) { return slow::encoded(type.format(), y, RoundingMode::nearest_even); };
      const double x = type.decode(operands.a[i]);
      ASSERT_EQ(negated[i], expect(-x)) << x;
      ASSERT_EQ(absolute[i], expect(std::fabs(x))) << x;
      ASSERT_EQ(power[i], expect(std::exp2(x))) << x;
      ASSERT_EQ(tangent[i], expect(std::tanh(x))) << x;
    }
  }
}

TEST(HalfMath, Compares) {
  const std::uint16_t values[] = {0x0000, 0x8000, 0x3C00, 0xBC00, 0x7C00, 0xFC00, 0x7FFF, 0x0001};
  for (const bool packed : {false, true}) {
    for (const std::uint16_t a : values) {
      for (const std::uint16_t b : values) {
        std::uint16_t x[64] = {}, y[64] = {};
        const int lane = packed ? 2 * 9 + 1 : 9;
        x[lane] = a, y[lane] = b;
        const double p = slow::f16(a), q = slow::f16(b);
        const bool nan = std::isnan(p) || std::isnan(q);
        const auto answer = [&](Comparison comparison) {
          const HalfPredicates predicates = half_compare(comparison, {.type = packed ? Type::f16x2 : Type::f16}, x, y);
          return ((packed ? predicates.high : predicates.low) >> 9 & 1) == 1;
        };
        EXPECT_EQ(answer(Comparison::eq), p == q);
        EXPECT_EQ(answer(Comparison::ne), !nan && p != q);
        EXPECT_EQ(answer(Comparison::lt), p < q);
        EXPECT_EQ(answer(Comparison::le), p <= q);
        EXPECT_EQ(answer(Comparison::gt), p > q);
        EXPECT_EQ(answer(Comparison::ge), p >= q);
        EXPECT_EQ(answer(Comparison::equ), nan || p == q);
        EXPECT_EQ(answer(Comparison::neu), nan || p != q);
        EXPECT_EQ(answer(Comparison::ltu), nan || p < q);
        EXPECT_EQ(answer(Comparison::leu), nan || p <= q);
        EXPECT_EQ(answer(Comparison::gtu), nan || p > q);
        EXPECT_EQ(answer(Comparison::geu), nan || p >= q);
        EXPECT_EQ(answer(Comparison::num), !nan);
        EXPECT_EQ(answer(Comparison::nan), nan);
      }
    }
  }
  std::uint16_t subnormal[32], zero[32] = {};
  for (auto& bits : subnormal) bits = 1;
  EXPECT_EQ(half_compare(Comparison::gt, {.type = Type::f16}, subnormal, zero).low, 0xFFFF'FFFFu);
  EXPECT_EQ(half_compare(Comparison::gt, {.type = Type::f16, .ftz = true}, subnormal, zero).low, 0u);
}

}  // namespace
}  // namespace vgpu::arithmetic
