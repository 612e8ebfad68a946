#include "reference/cyclic_convolution.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>

namespace ki::test {
namespace {

using Complex = std::complex<double>;

constexpr std::int64_t kMostProducts = std::int64_t{1} << 28;  // of a direct sum

/// exp(-2 pi i k / n) for 0 <= k < n, each computed by itself.
std::vector<Complex> roots_of_unity(std::int64_t n) {
  std::vector<Complex> roots(static_cast<std::size_t>(n));
  for (std::size_t k = 0; k < roots.size(); ++k) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
    roots[k] = {std::cos(angle), std::sin(angle)};
  }
  return roots;
}

/// The transform of x[0], x[stride], x[2 stride], ..., n of them, into `out` (Cooley and Tukey 1965): even and odd elements by
/// themselves, then one butterfly for each pair of frequencies.
void transform(const Complex* x, std::size_t stride, std::size_t n, const std::vector<Complex>& roots, Complex* out) {
  if (n == 1) {
    out[0] = x[0];
    return;
  }
  const std::size_t half = n / 2;
  transform(x, 2 * stride, half, roots, out);
  transform(x + stride, 2 * stride, half, roots, out + half);
  for (std::size_t f = 0; f < half; ++f) {
    const Complex even = out[f], odd = roots[f * stride] * out[f + half];
    out[f] = even + odd;
    out[f + half] = even - odd;
  }
}

std::vector<Complex> transformed(const std::vector<Complex>& x) {
  std::vector<Complex> result(x.size());
  transform(x.data(), 1, x.size(), roots_of_unity(std::ssize(x)), result.data());
  return result;
}

/// x folded onto `points` elements.
std::vector<Complex> folded(std::span<const double> x, std::int64_t points) {
  std::vector<Complex> result(static_cast<std::size_t>(points));
  for (std::size_t j = 0; j < x.size(); ++j) result[j % result.size()] += x[j];
  return result;
}

/// The sums of the elements whose indices differ by a multiple of the period; the first `count` of them.
std::vector<double> wrapped(const std::vector<double>& x, std::int64_t period, std::int64_t count) {
  std::vector<double> result(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < std::ssize(x); ++i) {
    if (i % period < count) result[static_cast<std::size_t>(i % period)] += x[static_cast<std::size_t>(i)];
  }
  return result;
}

std::vector<double> reversed(std::span<const double> x) { return {x.rbegin(), x.rend()}; }

}  // namespace

std::vector<double> convolve_directly(std::span<const double> a, std::span<const double> b, std::int64_t period,
                                      std::int64_t count) {
  if (period != 0) return wrapped(convolve_directly(a, b, 0, std::ssize(a) + std::ssize(b)), period, count);
  std::vector<double> y(static_cast<std::size_t>(count));
  for (std::size_t j = 0; j < std::min(a.size(), y.size()); ++j) {
    const std::size_t terms = std::min(b.size(), y.size() - j);
    for (std::size_t s = 0; s < terms; ++s) y[j + s] += a[j] * b[s];
  }
  return y;
}

std::vector<double> convolve_by_transform(std::span<const double> a, std::span<const double> b, std::int64_t period,
                                          std::int64_t count) {
  const auto points = static_cast<std::int64_t>(std::bit_ceil(std::max<std::size_t>(a.size() + b.size(), 1)));
  std::vector<Complex> product = transformed(folded(a, points));
  const std::vector<Complex> other = transformed(folded(b, points));
  // The inverse transform of z is the conjugate of the transform of its conjugate, over the number of points.
  for (std::size_t f = 0; f < product.size(); ++f) product[f] = std::conj(product[f] * other[f]);
  const std::vector<Complex> sums = transformed(product);
  std::vector<double> y(static_cast<std::size_t>(points));
  for (std::size_t t = 0; t < y.size(); ++t) y[t] = sums[t].real() / static_cast<double>(points);
  if (period != 0) return wrapped(y, period, count);
  y.resize(static_cast<std::size_t>(count));
  return y;
}

std::vector<double> convolve(std::span<const double> a, std::span<const double> b, std::int64_t period,
                             std::int64_t count) {
  const bool is_short = std::ssize(a) == 0 || std::ssize(b) <= kMostProducts / std::ssize(a);
  return is_short ? convolve_directly(a, b, period, count) : convolve_by_transform(a, b, period, count);
}

std::vector<double> correlate(std::span<const double> a, std::span<const double> b, std::int64_t period,
                              std::int64_t count) {
  // The convolution of a with b reversed has at index j + size of b - 1 what is wanted at j.
  const std::int64_t last = std::ssize(b) - 1;
  if (last < 0) return std::vector<double>(static_cast<std::size_t>(count));
  if (period == 0) {
    const std::vector<double> all = convolve(a, reversed(b), 0, count + last);
    return {all.begin() + last, all.end()};
  }
  const std::vector<double> all = convolve(a, reversed(b), period, period);
  std::vector<double> result(static_cast<std::size_t>(count));
  for (std::int64_t j = 0; j < count; ++j) {
    result[static_cast<std::size_t>(j)] = all[static_cast<std::size_t>((j + last) % period)];
  }
  return result;
}

std::vector<Complex> discrete_fourier_transform(std::span<const double> x, std::int64_t points) {
  const std::vector<Complex> roots = roots_of_unity(points);
  std::vector<Complex> result(static_cast<std::size_t>(points / 2 + 1));
  for (std::size_t f = 0; f < result.size(); ++f) {
    for (std::size_t j = 0; j < x.size(); ++j) result[f] += x[j] * roots[f * j % roots.size()];
  }
  return result;
}

std::vector<Complex> fast_fourier_transform(std::span<const double> x, std::int64_t points) {
  std::vector<Complex> all = transformed(folded(x, points));
  all.resize(static_cast<std::size_t>(points / 2 + 1));
  return all;
}

double norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

}  // namespace ki::test
