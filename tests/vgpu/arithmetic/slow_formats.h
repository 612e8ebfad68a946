// Formats and roundings for tests, written with no thought of speed: numbers are decoded by the formula of IEEE 754,
// and rounding finds the two neighbours among all numbers of a format and chooses.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "arithmetic/rounding.h"

namespace vgpu::arithmetic::slow {

__extension__ using Quad = __float128;  // 113 bits: sums and products of floats are exact unless far apart
__extension__ using Int128 = __int128;

inline double decoded(std::uint32_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = bits >> (exponent_bits + fraction_bits) & 1 ? -1 : 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double fraction = std::ldexp(static_cast<double>(bits & ((1u << fraction_bits) - 1)), -fraction_bits);
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return exponent == 0 ? sign * std::ldexp(fraction, 1 - bias) : sign * std::ldexp(1 + fraction, exponent - bias);
}

inline double f16(std::uint16_t bits) { return decoded(bits, 5, 10); }
inline double bf16(std::uint16_t bits) { return decoded(bits, 8, 7); }
inline double e5m2(std::uint8_t bits) { return decoded(bits, 5, 2); }
// The largest exponent holds numbers too; only all bits set is NaN.
inline double e4m3(std::uint8_t bits) {
  if ((bits & 0x7F) == 0x7F) return std::numeric_limits<double>::quiet_NaN();
  if ((bits & 0x78) != 0x78) return decoded(bits, 4, 3);
  return (bits & 0x80 ? -1 : 1) * std::ldexp(1 + (bits & 7) / 8.0, 8);
}

// All finite numbers of a format that are not negative, each at the index that is its encoding, and the first beyond.
class Format {
 public:
  template <class Decode>
  Format(Decode&& decode, int count) {
    for (int bits = 0; bits < count; ++bits) numbers_.push_back(decode(static_cast<std::uint16_t>(bits)));
    numbers_.push_back(2 * numbers_.back() - numbers_[count - 2]);
  }
  int count() const { return static_cast<int>(numbers_.size()) - 1; }
  double number(int bits) const { return numbers_[bits]; }

  // The encoding of |x| rounded; count() stands for overflow: infinity. x is no NaN.
  int rounded_magnitude(Quad x, RoundingMode mode) const {
    const bool negative = x < 0;
    const Quad magnitude = negative ? -x : x;
    if (magnitude > std::numeric_limits<double>::max()) return count();  // infinity itself
    const bool away = (mode == RoundingMode::up && !negative) || (mode == RoundingMode::down && negative);
    const bool nearest = mode == RoundingMode::nearest_even || mode == RoundingMode::nearest_away;
    if (magnitude >= numbers_.back()) return nearest || away ? count() : count() - 1;
    const auto above = std::upper_bound(numbers_.begin(), numbers_.end(), magnitude,
                                        [](Quad value, double number) { return value < number; });
    const int low = static_cast<int>(above - numbers_.begin()) - 1;
    if (magnitude == numbers_[low]) return low;
    const Quad to_low = magnitude - numbers_[low], to_high = numbers_[low + 1] - magnitude;
    if (!nearest) return away ? low + 1 : low;
    if (to_low == to_high) return mode == RoundingMode::nearest_away || low % 2 == 1 ? low + 1 : low;
    return to_low < to_high ? low : low + 1;
  }

 private:
  std::vector<double> numbers_;
};

inline const Format& f16_format() {
  static const Format format(f16, 0x7C00);
  return format;
}
inline const Format& bf16_format() {
  static const Format format(bf16, 0x7F80);
  return format;
}

inline std::uint16_t encoded(const Format& format, Quad x, RoundingMode mode) {
  if (x != x) return 0x7FFF;
  const bool negative = x < 0 || (x == 0 && std::signbit(static_cast<double>(x)));
  return static_cast<std::uint16_t>(format.rounded_magnitude(x, mode) | (negative ? 0x8000 : 0));
}

// To f32 or f64: the processor's answer and its neighbours, of which the right one is chosen.
template <class F>
F rounded(Quad x, RoundingMode mode) {
  const F near = static_cast<F>(x);
  if (std::isnan(near)) return near;
  const F infinity = std::numeric_limits<F>::infinity();
  F low = near, high = near;
  if (low > x) low = std::nextafter(low, -infinity);
  if (high < x) high = std::nextafter(high, infinity);
  switch (mode) {
    case RoundingMode::down: return low;
    case RoundingMode::up: return high;
    case RoundingMode::zero: return x < 0 ? high : low;
    default: return near;
  }
}

inline constexpr RoundingMode kModes[] = {RoundingMode::nearest_even, RoundingMode::zero, RoundingMode::down,
                                          RoundingMode::up};

}  // namespace vgpu::arithmetic::slow
