#include "reference/long_convolution_reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>

#include "reference/cyclic_convolution.h"

namespace ki::test {
namespace {

using Complex = std::complex<double>;

constexpr std::int64_t kLongestDirectTransform = 1 << 12;

std::vector<Complex> spectrum_of(const std::vector<double>& x, std::int64_t points) {
  const bool is_direct = points <= kLongestDirectTransform || !std::has_single_bit(static_cast<std::uint64_t>(points));
  return is_direct ? discrete_fourier_transform(x, points) : fast_fourier_transform(x, points);
}

}  // namespace

bool FrequencyMask::keeps(std::int64_t frequency) const {
  return kept.at(std::min(static_cast<std::size_t>(frequency / block), kept.size() - 1));
}

std::int64_t LongConvolutionArguments::taps() const {
  return state ? filter_length() : std::min(filter_length(), length());
}

std::int64_t LongConvolutionArguments::period() const {
  if (mask) return mask->fft_size;
  return circular ? length() : 0;
}

double squashed(double tap, double squash) { return std::copysign(std::max(std::fabs(tap) - squash, 0.0), tap); }

std::vector<double> masked(const std::vector<double>& filter, const FrequencyMask& mask) {
  // The inverse of a real sequence's transform: frequencies but the first and the last stand for their mirror images, too.
  const std::int64_t n = mask.fft_size;
  const std::vector<Complex> spectrum = spectrum_of(filter, n);
  std::vector<double> cosines(static_cast<std::size_t>(n)), sines(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n);
    cosines[static_cast<std::size_t>(i)] = std::cos(angle);
    sines[static_cast<std::size_t>(i)] = std::sin(angle);
  }
  std::vector<double> result(static_cast<std::size_t>(n));
  for (std::int64_t f = 0; f <= n / 2; ++f) {
    if (!mask.keeps(f)) continue;
    const Complex value = spectrum[static_cast<std::size_t>(f)] / static_cast<double>(n);
    const double count = f == 0 || f == n / 2 ? 1 : 2;
    for (std::int64_t j = 0; j < n; ++j) {
      const auto turn = static_cast<std::size_t>(f * j % n);
      result[static_cast<std::size_t>(j)] += count * (value.real() * cosines[turn] - value.imag() * sines[turn]);
    }
  }
  return result;
}

std::vector<double> used_filter(const LongConvolutionArguments& a, std::int64_t channel) {
  const double* given = a.filter.row({channel});
  std::vector<double> filter(static_cast<std::size_t>(a.taps()));
  for (std::int64_t j = 0; j < a.filter_length(); ++j) {
    const double tap = squashed(given[j], a.squash);
    if (j < a.taps()) {
      filter[static_cast<std::size_t>(j)] = tap;
    } else if (a.circular && a.length() > 0) {
      filter[static_cast<std::size_t>(j % a.length())] += tap;
    }
  }
  return a.mask ? masked(filter, *a.mask) : filter;
}

Array filter_spectrum(const LongConvolutionArguments& a, std::int64_t fft_size) {
  Array result({a.channels(), fft_size / 2 + 1, 2});
  for (std::int64_t h = 0; h < a.channels(); ++h) {
    const std::vector<Complex> spectrum = spectrum_of(used_filter(a, h), fft_size);
    for (std::size_t f = 0; f < spectrum.size(); ++f) {
      result({h, static_cast<std::int64_t>(f), 0}) = spectrum[f].real();
      result({h, static_cast<std::int64_t>(f), 1}) = spectrum[f].imag();
    }
  }
  return result;
}

std::vector<double> gated_row(const LongConvolutionArguments& a, std::int64_t b, std::int64_t h, bool with_state) {
  std::vector<double> x;
  if (with_state && a.state) x.assign(a.state->row({b, h}), a.state->row({b, h}) + a.filter_length() - 1);
  for (std::int64_t t = 0; t < a.length(); ++t) {
    x.push_back(a.input({b, h, t}) * (a.input_gate ? (*a.input_gate)({b, h, t}) : 1));
  }
  return x;
}

LongConvolutionResult long_convolution_reference(const LongConvolutionArguments& a) {
  const Shape shape = a.input.shape;
  LongConvolutionResult result{Array(shape), Array(shape), Array({a.batch(), a.channels(), a.filter_length() - 1}),
                               Array({a.batch(), a.channels()})};
  for (std::int64_t h = 0; h < a.channels(); ++h) {
    const std::vector<double> filter = used_filter(a, h);
    for (std::int64_t b = 0; b < a.batch(); ++b) {
      const std::vector<double> x = gated_row(a, b, h, true);
      const std::int64_t before = std::ssize(x) - a.length();  // values of the state
      const std::int64_t all = a.period() != 0 ? a.period() : std::ssize(x) + std::ssize(filter);
      const std::vector<double> sums = convolve(filter, x, a.period(), std::max(all, std::ssize(x)));
      result.row_norms({b, h}) = norm(sums);
      for (std::int64_t t = 0; t < a.length(); ++t) {
        const double c = sums[static_cast<std::size_t>(before + t)];
        result.sums({b, h, t}) = c;
        result.output({b, h, t}) = (a.output_gate ? (*a.output_gate)({b, h, t}) : 1) * c;
        if (a.skip) result.output({b, h, t}) += (*a.skip)({h}) * a.input({b, h, t});
      }
      if (a.state) std::copy(x.end() - (a.filter_length() - 1), x.end(), result.state.row({b, h}));
    }
  }
  return result;
}

}  // namespace ki::test
