#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/simd_functions.h"

namespace ki::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kPatterns = 1 << 16;

class Conversion : public EveryTarget {};
INSTANTIATE_TEST_SUITE_P(, Conversion, usable_targets(), target_name);

// A 16-bit format, by its fields.
struct Format {
  int exponent_bits, mantissa_bits;
};
constexpr Format kFloat16{5, 10}, kBFloat16{8, 7};

bool is_nan(std::uint16_t bits, Format format) {
  const int exponent = bits >> format.mantissa_bits & ((1 << format.exponent_bits) - 1);
  return exponent == (1 << format.exponent_bits) - 1 && (bits & ((1 << format.mantissa_bits) - 1)) != 0;
}

double value_of(std::uint16_t bits, Format format) {
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  const int exponent = bits >> format.mantissa_bits & ((1 << format.exponent_bits) - 1);
  const int mantissa = bits & ((1 << format.mantissa_bits) - 1);
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == (1 << format.exponent_bits) - 1) return mantissa ? std::nan("") : sign * kInfinity;
  const double fraction = std::ldexp(mantissa, -format.mantissa_bits);
  return sign * (exponent ? std::ldexp(1 + fraction, exponent - bias) : std::ldexp(fraction, 1 - bias));
}

template <class T>
std::vector<T> every_pattern() {
  std::vector<T> patterns(kPatterns);
  for (int i = 0; i < kPatterns; ++i) patterns[i].bits = static_cast<std::uint16_t>(i);
  return patterns;
}

template <class T>
void expect_exact_widening(void (*widen)(const T*, float*, int), Format format) {
  const auto patterns = every_pattern<T>();
  std::vector<float> wide(kPatterns);
  widen(patterns.data(), wide.data(), kPatterns);
  for (int i = 0; i < kPatterns; ++i) {
    const double expected = value_of(static_cast<std::uint16_t>(i), format);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(wide[i])) << std::hex << i;
    } else {
      EXPECT_EQ(wide[i], expected) << std::hex << i;
      EXPECT_EQ(std::signbit(wide[i]), i >> 15) << std::hex << i;
    }
  }
}

// Between every two neighbours: just below the middle, the middle (to even) and just above it. Both signs.
template <class T>
void expect_nearest_even(void (*narrow)(const float*, T*, int), Format format) {
  const int infinity = ((1 << format.exponent_bits) - 1) << format.mantissa_bits;
  for (int low = 0; low < infinity; ++low) {
    const double a = value_of(static_cast<std::uint16_t>(low), format);
    const double spacing = low > 0 ? a - value_of(static_cast<std::uint16_t>(low - 1), format) : 0;
    const bool last = low + 1 == infinity;  // the next would be infinity: its place is one spacing further
    const double b = last ? a + spacing : value_of(static_cast<std::uint16_t>(low + 1), format);
    const float middle = static_cast<float>((a + b) / 2);
    const int even = low % 2 == 0 ? low : low + 1;
    const float x[] = {static_cast<float>(a),
                       std::nextafter(middle, 0.0f),
                       middle,
                       std::nextafter(middle, kInfinity),
                       -std::nextafter(middle, 0.0f),
                       -middle,
                       -std::nextafter(middle, kInfinity)};
    const int expected[] = {low, low, even, low + 1, low | 0x8000, even | 0x8000, (low + 1) | 0x8000};
    T y[7];
    narrow(x, y, 7);
    for (int i = 0; i < 7; ++i) ASSERT_EQ(y[i].bits, expected[i]) << "x = " << x[i] << " after pattern " << low;
  }
}

template <class T>
void expect_special_values(void (*narrow)(const float*, T*, int), Format format) {
  const std::uint16_t infinity = static_cast<std::uint16_t>(((1 << format.exponent_bits) - 1) << format.mantissa_bits);
  const float x[] = {kInfinity, -kInfinity, 3.4028235e38f, -3.4028235e38f, 0.0f, -0.0f};
  T y[6];
  narrow(x, y, 6);
  EXPECT_EQ(y[0].bits, infinity);
  EXPECT_EQ(y[1].bits, infinity | 0x8000);
  EXPECT_EQ(y[2].bits, infinity) << "the largest float rounds to infinity";
  EXPECT_EQ(y[3].bits, infinity | 0x8000);
  EXPECT_EQ(y[4].bits, 0);
  EXPECT_EQ(y[5].bits, 0x8000);
  // NaNs whose payload a careless rounding would carry into infinity, or cut to it.
  for (const std::uint32_t bits : {0x7FC00000u, 0x7F800001u, 0x7FFFFFFFu, 0xFF800001u, 0xFFFFFFFFu, 0x7F808000u}) {
    const float nan = std::bit_cast<float>(bits);
    T narrowed;
    narrow(&nan, &narrowed, 1);
    EXPECT_TRUE(is_nan(narrowed.bits, format)) << std::hex << bits << " became " << narrowed.bits;
  }
}

TEST_P(Conversion, Float16WidensExactly) { expect_exact_widening(functions().from_float16, kFloat16); }
TEST_P(Conversion, BFloat16WidensExactly) { expect_exact_widening(functions().from_bfloat16, kBFloat16); }
TEST_P(Conversion, Float16RoundsToNearestEven) { expect_nearest_even(functions().to_float16, kFloat16); }
TEST_P(Conversion, BFloat16RoundsToNearestEven) { expect_nearest_even(functions().to_bfloat16, kBFloat16); }
TEST_P(Conversion, Float16KeepsInfinitiesZerosAndNaN) { expect_special_values(functions().to_float16, kFloat16); }
TEST_P(Conversion, BFloat16KeepsInfinitiesZerosAndNaN) { expect_special_values(functions().to_bfloat16, kBFloat16); }

TEST_P(Conversion, RestsTouchNothingBehindThem) {
  for (int count = 0; count <= 3 * functions().lanes; ++count) {
    const std::vector<float> x(count, 1.5f);
    std::vector<BFloat16> y(count + 64, BFloat16{0xDEAD});
    functions().to_bfloat16(x.data(), y.data(), count);
    for (int i = 0; i < count + 64; ++i) ASSERT_EQ(y[i].bits, i < count ? 0x3FC0 : 0xDEAD) << count << " " << i;
  }
}

}  // namespace
}  // namespace ki::cpu
