// cvt between floating-point types: every 16-bit source, and every place where rounding to 16 bits changes its mind.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "arithmetic/convert.h"
#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {
namespace {

using ptx::Type;
using slow::Format;
using slow::kModes;

template <class To, class From>
std::vector<To> convert_all(const Conversion& conversion, const std::vector<From>& from) {
  const Convert convert = find_conversion(conversion);
  EXPECT_NE(convert, nullptr);
  std::vector<To> to(from.size());
  for (std::size_t i = 0; i < from.size(); i += 32) {
    From source[32] = {};
    To result[32];
    const std::size_t count = std::min<std::size_t>(32, from.size() - i);
    std::copy_n(from.begin() + i, count, source);
    convert(conversion, result, source);
    std::copy_n(result, count, to.begin() + i);
  }
  return to;
}

std::vector<std::uint16_t> all_halves() {
  std::vector<std::uint16_t> halves(65536);
  for (int i = 0; i < 65536; ++i) halves[i] = static_cast<std::uint16_t>(i);
  return halves;
}

// Every number of a 16-bit format, every middle between two, and what lies next to each, of either sign.
std::vector<float> interesting_floats(const Format& format) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> floats = {infinity, -infinity, 0x1p-149f, 0x1.fffffep127f, 0x1.fffffcp-127f};
  for (int bits = 0; bits < format.count(); ++bits) {
    const double here = format.number(bits), middle = (here + format.number(bits + 1)) / 2;
    for (const double number : {here, middle}) {
      const auto x = static_cast<float>(number);
      for (const float y : {x, std::nextafter(x, infinity), std::nextafter(x, -infinity)}) {
        floats.push_back(y);
        floats.push_back(-y);
      }
    }
  }
  return floats;
}

void expect_rounds_as_the_format(Type type, const Format& format) {
  const std::vector<float> floats = interesting_floats(format);
  const std::vector<double> doubles(floats.begin(), floats.end());
  for (const RoundingMode mode : kModes) {
    const auto narrow = convert_all<std::uint16_t>(Conversion{type, Type::f32, mode}, floats);
    const auto narrow_doubles = convert_all<std::uint16_t>(Conversion{type, Type::f64, mode}, doubles);
    for (std::size_t i = 0; i < floats.size(); ++i) {
      const std::uint16_t expected = slow::encoded(format, floats[i], mode);
      ASSERT_EQ(narrow[i], expected) << std::hexfloat << floats[i] << " mode " << static_cast<int>(mode);
      ASSERT_EQ(narrow_doubles[i], expected) << std::hexfloat << doubles[i] << " mode " << static_cast<int>(mode);
    }
  }
}

TEST(ConvertFloat, RoundsToF16) { expect_rounds_as_the_format(Type::f16, slow::f16_format()); }
TEST(ConvertFloat, RoundsToBf16) { expect_rounds_as_the_format(Type::bf16, slow::bf16_format()); }

TEST(ConvertFloat, RoundsDoublesOnce) {
  // A hair above the middle of two halves: rounding to float first would make it the middle, and the tie go down.
  const double above = 1 + 0x1p-11 + 0x1p-40;
  const std::vector<double> doubles = {above, -above};
  const auto halves = convert_all<std::uint16_t>(Conversion{Type::f16, Type::f64}, doubles);
  EXPECT_EQ(halves[0], 0x3C01);
  EXPECT_EQ(halves[1], 0xBC01);
}

void expect_widens_exactly(Type type, double (*decode)(std::uint16_t)) {
  const auto halves = all_halves();
  const auto floats = convert_all<float>(Conversion{Type::f32, type}, halves);
  const auto doubles = convert_all<double>(Conversion{Type::f64, type}, halves);
  for (int i = 0; i < 65536; ++i) {
    const double expected = decode(halves[i]);
    if (std::isnan(expected)) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(floats[i]), 0x7FFF'FFFF);
      ASSERT_TRUE(std::isnan(doubles[i]));
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(floats[i]), std::bit_cast<std::uint32_t>(static_cast<float>(expected)));
      ASSERT_EQ(std::bit_cast<std::uint64_t>(doubles[i]), std::bit_cast<std::uint64_t>(expected));
    }
  }
}

TEST(ConvertFloat, WidensF16) { expect_widens_exactly(Type::f16, slow::f16); }
TEST(ConvertFloat, WidensBf16) { expect_widens_exactly(Type::bf16, slow::bf16); }

TEST(ConvertFloat, MakesCanonicalNans) {
  const std::vector<std::uint32_t> nans = {0x7FC0'0000, 0xFFC0'0000, 0x7F80'0001, 0xFFFF'FFFF, 0x7FFF'8000};
  for (const RoundingMode mode : kModes) {
    for (const Type type : {Type::f16, Type::bf16}) {
      for (const auto bits : convert_all<std::uint16_t>(Conversion{type, Type::f32, mode}, nans)) {
        EXPECT_EQ(bits, 0x7FFF);
      }
    }
  }
  const std::vector<std::uint64_t> wide_nans = {0x7FF8'0000'0000'0000, 0xFFF0'0000'0000'0001};
  for (const auto bits : convert_all<std::uint32_t>(Conversion{Type::f32, Type::f64}, wide_nans)) {
    EXPECT_EQ(bits, 0x7FFF'FFFF);
  }
}

TEST(ConvertFloat, RoundsTf32TiesAway) {
  std::mt19937 random(7);
  std::vector<float> floats = {0.0f, -0.0f, 1 + 0x1p-11f, -1 - 0x1p-11f, 1 + 0x1.8p-11f, 0x1.ffffp127f, 0x1p-149f};
  for (int i = 0; i < 100000; ++i) {
    std::uint32_t bits = static_cast<std::uint32_t>(random());
    if (i % 2 == 0) bits = (bits & ~0x1FFFu) | 0x1000;  // a tie
    const auto x = std::bit_cast<float>(bits);
    if (std::isfinite(x)) floats.push_back(x);
  }
  const Conversion conversion{Type::tf32, Type::f32, RoundingMode::nearest_away};
  const auto narrow = convert_all<float>(conversion, floats);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    int exponent = std::max(floats[i] == 0 ? -126 : std::ilogb(floats[i]), -126);
    const double unit = std::ldexp(1.0, exponent - 10);
    const double expected = std::round(floats[i] / unit) * unit;
    ASSERT_EQ(narrow[i], static_cast<float>(expected)) << std::hexfloat << floats[i];
    ASSERT_EQ(std::signbit(narrow[i]), std::signbit(floats[i]));
  }
}

TEST(ConvertFloat, RoundsF64ToF32) {
  std::mt19937_64 random(8);
  std::vector<double> doubles = {0.0,
                                 -0.0,
                                 0x1p-149,
                                 0x1p-150,
                                 0x1.8p-149,
                                 -0x1.8p-149,
                                 0x1.fffffefp127,
                                 0x1.ffffffp127,
                                 1e300,
                                 -1e300,
                                 0x1p-126,
                                 0x1.fffffffp-127,
                                 std::numeric_limits<double>::infinity()};
  for (int i = 0; i < 100000; ++i) {
    // Around f32's range, ties included.
    const std::uint64_t exponent = 1023 - 160 + random() % 300, fraction = random() & 0xF'FFFF'FFFF'FFFF;
    const std::uint64_t tie = (fraction & ~0x1FFF'FFFFull) | 0x1000'0000;
    doubles.push_back(std::bit_cast<double>(random() << 63 | exponent << 52 | (i % 2 ? fraction : tie)));
  }
  for (const RoundingMode mode : kModes) {
    const auto floats = convert_all<float>(Conversion{Type::f32, Type::f64, mode}, doubles);
    for (std::size_t i = 0; i < doubles.size(); ++i) {
      const float expected = slow::rounded<float>(doubles[i], mode);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(floats[i]), std::bit_cast<std::uint32_t>(expected))
          << std::hexfloat << doubles[i] << " mode " << static_cast<int>(mode);
    }
  }
}

TEST(ConvertFloat, RoundsToIntegral) {
  std::vector<float> floats = {0.0f, -0.0f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 0.49999997f, 8388607.5f, 1e20f, -0.25f};
  std::mt19937 random(9);
  for (int i = 0; i < 10000; ++i) floats.push_back(std::ldexp(static_cast<float>(random()), -(i % 40)));
  for (const RoundingMode mode : kModes) {
    Conversion conversion{Type::f32, Type::f32, mode};
    conversion.to_integral = true;
    const auto rounded = convert_all<float>(conversion, floats);
    conversion.ftz = true;  // takes the other way through the code
    const auto general = convert_all<float>(conversion, floats);
    for (std::size_t i = 0; i < floats.size(); ++i) {
      const float x = floats[i];
      const float expected = mode == RoundingMode::nearest_even ? std::nearbyint(x)
                             : mode == RoundingMode::zero       ? std::trunc(x)
                             : mode == RoundingMode::down       ? std::floor(x)
                                                                : std::ceil(x);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(rounded[i]), std::bit_cast<std::uint32_t>(expected)) << x;
      ASSERT_EQ(std::bit_cast<std::uint32_t>(general[i]), std::bit_cast<std::uint32_t>(expected)) << x;
    }
  }
}

}  // namespace
}  // namespace vgpu::arithmetic
