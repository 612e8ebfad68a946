// cvt between integers, and between integers and floating-point types.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "arithmetic/convert.h"
#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {
namespace {

using ptx::Type;
using slow::Int128;
using slow::kModes;
using slow::Quad;

template <class I>
constexpr Type type_of() {
  constexpr bool kSigned = std::is_signed_v<I>;
  switch (sizeof(I)) {
    case 1: return kSigned ? Type::s8 : Type::u8;
    case 2: return kSigned ? Type::s16 : Type::u16;
    case 4: return kSigned ? Type::s32 : Type::u32;
    default: return kSigned ? Type::s64 : Type::u64;
  }
}

template <class To, class From>
To converted(const Conversion& conversion, From x) {
  From from[32];
  To to[32];
  for (From& lane : from) lane = x;
  const Convert convert = find_conversion(conversion);
  EXPECT_NE(convert, nullptr);
  convert(conversion, to, from);
  for (const To lane : to) EXPECT_EQ(std::memcmp(&lane, to, sizeof lane), 0) << "lanes differ";
  return to[0];
}

template <class I>
std::vector<I> interesting_integers() {
  using Limits = std::numeric_limits<I>;
  std::vector<I> integers = {0, 1, 2, 7, 100, Limits::max(), Limits::max() - 1, Limits::min(), Limits::min() + 1};
  std::mt19937_64 random(3);
  for (int bit = 0; bit < static_cast<int>(8 * sizeof(I)); ++bit) {
    const auto power = static_cast<I>(std::uint64_t{1} << bit);
    for (const auto x : {power, static_cast<I>(power - 1), static_cast<I>(power + 1), static_cast<I>(0 - power),
                         static_cast<I>(random() >> (63 - bit))}) {
      integers.push_back(x);
    }
  }
  return integers;
}

template <class To, class From>
void expect_integer_conversion() {
  for (const From x : interesting_integers<From>()) {
    Conversion conversion{type_of<To>(), type_of<From>()};
    // Bit by bit, the sign repeated.
    std::uint64_t bits = 0;
    for (int i = 0; i < static_cast<int>(8 * sizeof(To)); ++i) {
      const int source = std::min<int>(i, 8 * sizeof(From) - 1);
      const bool beyond = i >= static_cast<int>(8 * sizeof(From));
      const bool bit = beyond && std::is_unsigned_v<From> ? false : static_cast<std::uint64_t>(x) >> source & 1;
      bits |= std::uint64_t{bit} << i;
    }
    ASSERT_EQ((converted<To>(conversion, x)), static_cast<To>(bits)) << +x;
    conversion.sat = true;
    const Int128 wide = x, low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
    ASSERT_EQ((converted<To>(conversion, x)), static_cast<To>(wide < low ? low : wide > high ? high : wide)) << +x;
  }
}

template <class From>
void expect_all_integer_conversions() {
  expect_integer_conversion<std::uint8_t, From>();
  expect_integer_conversion<std::uint16_t, From>();
  expect_integer_conversion<std::uint32_t, From>();
  expect_integer_conversion<std::uint64_t, From>();
  expect_integer_conversion<std::int8_t, From>();
  expect_integer_conversion<std::int16_t, From>();
  expect_integer_conversion<std::int32_t, From>();
  expect_integer_conversion<std::int64_t, From>();
}

TEST(ConvertInteger, BetweenIntegers) {
  expect_all_integer_conversions<std::uint8_t>();
  expect_all_integer_conversions<std::uint16_t>();
  expect_all_integer_conversions<std::uint32_t>();
  expect_all_integer_conversions<std::uint64_t>();
  expect_all_integer_conversions<std::int8_t>();
  expect_all_integer_conversions<std::int16_t>();
  expect_all_integer_conversions<std::int32_t>();
  expect_all_integer_conversions<std::int64_t>();
}

template <class I>
void expect_rounds_to_floats() {
  for (const I x : interesting_integers<I>()) {
    for (const RoundingMode mode : kModes) {
      const Quad exact = x;
      ASSERT_EQ((converted<float>({Type::f32, type_of<I>(), mode}, x)), slow::rounded<float>(exact, mode)) << +x;
      ASSERT_EQ((converted<double>({Type::f64, type_of<I>(), mode}, x)), slow::rounded<double>(exact, mode)) << +x;
      ASSERT_EQ((converted<std::uint16_t>({Type::f16, type_of<I>(), mode}, x)),
                slow::encoded(slow::f16_format(), exact, mode))
          << +x;
      ASSERT_EQ((converted<std::uint16_t>({Type::bf16, type_of<I>(), mode}, x)),
                slow::encoded(slow::bf16_format(), exact, mode))
          << +x;
    }
  }
}

TEST(ConvertInteger, ToFloats) {
  expect_rounds_to_floats<std::uint8_t>();
  expect_rounds_to_floats<std::uint16_t>();
  expect_rounds_to_floats<std::uint32_t>();
  expect_rounds_to_floats<std::uint64_t>();
  expect_rounds_to_floats<std::int8_t>();
  expect_rounds_to_floats<std::int16_t>();
  expect_rounds_to_floats<std::int32_t>();
  expect_rounds_to_floats<std::int64_t>();
}

double integral(double x, RoundingMode mode) {
  switch (mode) {
    case RoundingMode::zero: return std::trunc(x);
    case RoundingMode::down: return std::floor(x);
    case RoundingMode::up: return std::ceil(x);
    default: return std::nearbyint(x);
  }
}

// `wide`: from f64, or to 64 bits, where NaN is the top bit alone instead of zero.
template <class I>
I expected_integer(double x, RoundingMode mode, bool wide) {
  using Limits = std::numeric_limits<I>;
  if (std::isnan(x)) return wide ? static_cast<I>(std::uint64_t{1} << (8 * sizeof(I) - 1)) : I{0};
  const Quad rounded = integral(x, mode);
  if (rounded <= static_cast<Quad>(Limits::min())) return Limits::min();
  if (rounded >= static_cast<Quad>(Limits::max())) return Limits::max();
  return static_cast<I>(rounded);
}

template <class I, class From>
void expect_rounds_to_integer(Type from, const std::vector<From>& sources, double (*decode)(From)) {
  for (const RoundingMode mode : kModes) {
    const Conversion conversion{type_of<I>(), from, mode};
    const Convert convert = find_conversion(conversion);
    ASSERT_NE(convert, nullptr);
    for (std::size_t i = 0; i + 32 <= sources.size(); i += 32) {
      I result[32];
      convert(conversion, result, &sources[i]);
      for (int lane = 0; lane < 32; ++lane) {
        const double x = decode(sources[i + lane]);
        const I expected = expected_integer<I>(x, mode, sizeof(From) == 8 || sizeof(I) == 8);
        ASSERT_EQ(result[lane], expected) << std::hexfloat << x << " mode " << static_cast<int>(mode);
      }
    }
  }
}

template <class From>
void expect_rounds_to_integers(Type from, const std::vector<From>& sources, double (*decode)(From)) {
  expect_rounds_to_integer<std::uint8_t>(from, sources, decode);
  expect_rounds_to_integer<std::uint16_t>(from, sources, decode);
  expect_rounds_to_integer<std::uint32_t>(from, sources, decode);
  expect_rounds_to_integer<std::uint64_t>(from, sources, decode);
  expect_rounds_to_integer<std::int8_t>(from, sources, decode);
  expect_rounds_to_integer<std::int16_t>(from, sources, decode);
  expect_rounds_to_integer<std::int32_t>(from, sources, decode);
  expect_rounds_to_integer<std::int64_t>(from, sources, decode);
}

TEST(ConvertInteger, FromEveryHalf) {
  std::vector<std::uint16_t> halves(65536);
  for (int i = 0; i < 65536; ++i) halves[i] = static_cast<std::uint16_t>(i);
  expect_rounds_to_integers<std::uint16_t>(Type::f16, halves, slow::f16);
  expect_rounds_to_integers<std::uint16_t>(Type::bf16, halves, slow::bf16);
}

template <class F>
std::vector<F> interesting_floats() {
  using Limits = std::numeric_limits<F>;
  std::vector<F> floats = {0, 0.5, 1.5, 2.5, Limits::quiet_NaN(), Limits::infinity(), Limits::max(), Limits::min()};
  std::mt19937_64 random(4);
  for (int bit = 0; bit <= 65; ++bit) {
    const F power = std::ldexp(F{1}, bit);
    for (const F x : {power, power - F{0.5}, power + F{0.5}, std::nextafter(power, F{0}),
                      std::nextafter(power, Limits::infinity()), static_cast<F>(random() >> (64 - bit) % 64) / 4}) {
      floats.push_back(x);
    }
  }
  while (floats.size() % 32 != 0) floats.push_back(F{-0.0});
  const std::size_t count = floats.size();
  for (std::size_t i = 0; i < count; ++i) floats.push_back(-floats[i]);
  return floats;
}

TEST(ConvertInteger, FromF32) {
  expect_rounds_to_integers<float>(Type::f32, interesting_floats<float>(), [](float x) { return double{x}; });
}
TEST(ConvertInteger, FromF64) {
  expect_rounds_to_integers<double>(Type::f64, interesting_floats<double>(), [](double x) { return x; });
}

}  // namespace
}  // namespace vgpu::arithmetic
