#include "long_convolution/cpu/spectrum_fft.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace ki::long_convolution::cpu {
namespace {

using Number = std::complex<double>;

constexpr int kMaxRadix = 5;

// The operator would look for infinities.
Number times(Number a, Number b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

int radix_of(std::int64_t points) {
  for (const int radix : {4, 2, 3, 5}) {
    if (points % radix == 0) return radix;
  }
  return 0;
}

}  // namespace

bool SpectrumFft::is_supported(std::int64_t points) {
  for (int radix; points > 1; points /= radix) {
    radix = radix_of(points);
    if (radix == 0) return false;
  }
  return points == 1;
}

SpectrumFft::SpectrumFft(std::int64_t points) : roots_(static_cast<std::size_t>(points)) {
  for (std::int64_t n = 0; n < points; ++n) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(n) / static_cast<double>(points);
    roots_[static_cast<std::size_t>(n)] = {std::cos(angle), -std::sin(angle)};
  }
}

// Stockham's algorithm: each pass turns `stride` interleaved transforms of `size` points into radix * stride ones of
// size / radix, from one array into the other, and leaves them in order.
void SpectrumFft::forward(Number* data, Number* scratch) const {
  const std::int64_t all = points();
  Number *from = data, *to = scratch;
  for (std::int64_t size = all, stride = 1, radix; size > 1; size /= radix, stride *= radix) {
    radix = radix_of(size);
    const std::int64_t part = size / radix;
    for (std::int64_t p = 0; p < part; ++p) {
      Number roots[kMaxRadix * kMaxRadix];  // of the DFT of the operands, times the twiddle
      for (std::int64_t q = 0; q < radix; ++q) {
        for (std::int64_t i = 0; i < radix; ++i) {
          roots[q * radix + i] = roots_[static_cast<std::size_t>(((i * part + p) * q % size) * stride)];
        }
      }
      for (std::int64_t s = 0; s < stride; ++s) {
        for (std::int64_t q = 0; q < radix; ++q) {
          Number sum = times(from[s + stride * p], roots[q * radix]);
          for (std::int64_t i = 1; i < radix; ++i) {
            sum += times(from[s + stride * (p + i * part)], roots[q * radix + i]);
          }
          to[s + stride * (radix * p + q)] = sum;
        }
      }
    }
    std::swap(from, to);
  }
  if (from != data) std::copy_n(from, all, data);
}

}  // namespace ki::long_convolution::cpu
