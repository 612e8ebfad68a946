// cvt's modifiers and packed forms.
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "arithmetic/convert.h"
#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {
namespace {

using ptx::Type;

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

template <class To, class From>
To converted(const Conversion& conversion, From x) {
  From from[32] = {};
  To to[32];
  from[5] = x;
  const Convert convert = find_conversion(conversion);
  EXPECT_NE(convert, nullptr);
  convert(conversion, to, from);
  return to[5];
}

TEST(ConvertModifiers, FlushesSubnormals) {
  Conversion conversion{Type::f32, Type::f32};
  conversion.ftz = true;
  EXPECT_EQ((converted<std::uint32_t>(conversion, 0x0000'0001u)), 0u);
  EXPECT_EQ((converted<std::uint32_t>(conversion, 0x807F'FFFFu)), 0x8000'0000u);
  EXPECT_EQ((converted<std::uint32_t>(conversion, 0x0080'0000u)), 0x0080'0000u);
  conversion.from = Type::f64;  // the result
  EXPECT_EQ((converted<std::uint32_t>(conversion, 0x1p-130)), 0u);
  EXPECT_EQ((converted<std::uint32_t>(conversion, -0x1p-130)), 0x8000'0000u);
  EXPECT_EQ((converted<std::uint32_t>(conversion, 0x1.ffffffffp-127)), 0x0080'0000u) << "rounds to a normal number";
  conversion = {Type::f64, Type::f32};
  EXPECT_EQ((converted<double>(conversion, 0x1p-130f)), 0x1p-130);
  conversion.ftz = true;  // the operand
  EXPECT_EQ((converted<double>(conversion, 0x1p-130f)), 0);
  conversion = {Type::s32, Type::f32, RoundingMode::up};
  EXPECT_EQ((converted<std::int32_t>(conversion, 0x1p-130f)), 1);
  conversion.ftz = true;
  EXPECT_EQ((converted<std::int32_t>(conversion, 0x1p-130f)), 0);
}

TEST(ConvertModifiers, Saturates) {
  for (const Type from : {Type::f32, Type::f64}) {
    Conversion conversion{Type::f32, from};
    conversion.sat = true;
    const auto run = [&](double x) {
      return from == Type::f64 ? converted<std::uint32_t>(conversion, x)
                               : converted<std::uint32_t>(conversion, static_cast<float>(x));
    };
    EXPECT_EQ(run(0.25), bits_of(0.25f));
    EXPECT_EQ(run(1.0), bits_of(1.0f));
    EXPECT_EQ(run(1.5), bits_of(1.0f));
    EXPECT_EQ(run(-2.0), 0u);
    EXPECT_EQ(run(-0.0), 0u);
    EXPECT_EQ(run(std::numeric_limits<double>::infinity()), bits_of(1.0f));
    EXPECT_EQ(run(-std::numeric_limits<double>::infinity()), 0u);
    EXPECT_EQ(run(std::numeric_limits<double>::quiet_NaN()), 0u);
  }
  Conversion half{Type::f16, Type::f32};
  half.sat = true;
  EXPECT_EQ((converted<std::uint16_t>(half, 7.0f)), 0x3C00);
}

TEST(ConvertModifiers, RectifiesButKeepsNan) {
  Conversion conversion{Type::bf16, Type::f32};
  conversion.relu = true;
  EXPECT_EQ((converted<std::uint16_t>(conversion, -3.0f)), 0);
  EXPECT_EQ((converted<std::uint16_t>(conversion, -std::numeric_limits<float>::infinity())), 0);
  EXPECT_EQ((converted<std::uint16_t>(conversion, 3.0f)), 0x4040);
  EXPECT_EQ((converted<std::uint16_t>(conversion, std::numeric_limits<float>::quiet_NaN())), 0x7FFF);
}

TEST(ConvertModifiers, PutsTheFirstOperandOfAPairAbove) {
  for (const Type type : {Type::f16x2, Type::bf16x2}) {
    for (const bool relu : {false, true}) {  // two ways through the code
      Conversion conversion{type, Type::f32};
      conversion.relu = relu;
      const ConvertPair convert = find_pair_conversion(conversion);
      ASSERT_NE(convert, nullptr);
      float a[32], b[32];
      std::uint32_t d[32];
      for (int i = 0; i < 32; ++i) a[i] = 1 + static_cast<float>(i) / 64, b[i] = relu ? -a[i] : -2 * a[i];
      convert(conversion, d, a, b);
      const slow::Format& format = type == Type::f16x2 ? slow::f16_format() : slow::bf16_format();
      for (int i = 0; i < 32; ++i) {
        EXPECT_EQ(d[i] >> 16, slow::encoded(format, a[i], RoundingMode::nearest_even));
        EXPECT_EQ(d[i] & 0xFFFF, relu ? 0u : slow::encoded(format, b[i], RoundingMode::nearest_even));
      }
    }
  }
}

// Every byte widens; every half rounds to the nearest number, and to the largest beyond it.
void expect_bytes(Type type, double (*decode)(std::uint8_t), int finite_count) {
  const Convert widen = find_packed_conversion({Type::f16x2, type});
  Conversion narrowing{type, Type::f16x2};
  narrowing.satfinite = true;
  const Convert narrow = find_packed_conversion(narrowing);
  ASSERT_NE(widen, nullptr);
  ASSERT_NE(narrow, nullptr);
  std::uint8_t bytes[64];
  std::uint16_t halves[64];
  for (int first = 0; first < 256; first += 64) {
    for (int i = 0; i < 64; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
    widen({Type::f16x2, type}, halves, bytes);
    for (int i = 0; i < 64; ++i) {
      const double expected = decode(bytes[i]);
      if (std::isnan(expected)) {
        EXPECT_EQ(halves[i], 0x7FFF);
      } else {
        EXPECT_EQ(slow::f16(halves[i]), expected);
      }
    }
  }
  const slow::Format format([&](std::uint16_t bits) { return decode(static_cast<std::uint8_t>(bits)); }, finite_count);
  for (int first = 0; first < 65536; first += 64) {
    for (int i = 0; i < 64; ++i) halves[i] = static_cast<std::uint16_t>(first + i);
    narrow(narrowing, bytes, halves);
    for (int i = 0; i < 64; ++i) {
      const double x = slow::f16(halves[i]);
      const int magnitude =
          std::isnan(x) ? 0x7F : std::min(format.rounded_magnitude(x, RoundingMode::nearest_even), finite_count - 1);
      ASSERT_EQ(bytes[i], magnitude | (std::signbit(x) && !std::isnan(x) ? 0x80 : 0)) << x;
    }
  }
}

TEST(ConvertModifiers, ConvertsE4m3) { expect_bytes(Type::e4m3, slow::e4m3, 0x7F); }
TEST(ConvertModifiers, ConvertsE5m2) { expect_bytes(Type::e5m2, slow::e5m2, 0x7C); }

TEST(ConvertModifiers, PacksBytesFromFloats) {
  Conversion conversion{Type::e4m3, Type::f32};
  conversion.satfinite = true;
  const ConvertPair convert = find_pair_conversion(conversion);
  ASSERT_NE(convert, nullptr);
  float a[32] = {}, b[32] = {};
  std::uint16_t d[32];
  a[3] = 1.0f, b[3] = -1000.0f;
  convert(conversion, d, a, b);
  EXPECT_EQ(d[3], 0x38FE);
}

TEST(ConvertModifiers, RefusesWhatPtxHasNot) {
  EXPECT_EQ(find_conversion({Type::f16, Type::tf32}), nullptr);
  EXPECT_EQ(find_conversion({Type::tf32, Type::f64}), nullptr);
  EXPECT_EQ(find_conversion({Type::b32, Type::f32}), nullptr);
  EXPECT_EQ(find_conversion({Type::e4m3, Type::f32}), nullptr);
  EXPECT_EQ(find_pair_conversion({Type::e4m3, Type::f32}), nullptr) << "without .satfinite";
  EXPECT_EQ(find_pair_conversion({Type::f16x2, Type::f64}), nullptr);
}

}  // namespace
}  // namespace vgpu::arithmetic
