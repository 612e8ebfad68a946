#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

// Sums of products of two sequences in double precision: directly, and for those too long for that by a transform. A sequence
// is zero before its start and behind its end; with a period, indices that differ by a multiple of it are the same.
namespace ki::test {

/// y[t] = sum over j of a[j] b[t - j] for 0 <= t < count, modulo `period`, or with no period if that is 0. A sequence that is longer
/// than the period folds.
std::vector<double> convolve_directly(std::span<const double> a, std::span<const double> b, std::int64_t period,
                                      std::int64_t count);

/// The same by radix-2 transforms of both, padded with zeros.
std::vector<double> convolve_by_transform(std::span<const double> a, std::span<const double> b, std::int64_t period,
                                          std::int64_t count);

/// The same: directly, if that takes less than about a second.
std::vector<double> convolve(std::span<const double> a, std::span<const double> b, std::int64_t period,
                             std::int64_t count);

/// r[j] = sum over t of a[t] b[t - j] for 0 <= j < count, modulo `period`, or with no period if that is 0: the gradient, with respect
/// to either factor, of a sum of a[t] times the convolution of the two.
std::vector<double> correlate(std::span<const double> a, std::span<const double> b, std::int64_t period,
                              std::int64_t count);

/// X[f] = sum over j of x[j] exp(-2 pi i f j / points) for 0 <= f <= points / 2, term by term. x may be longer than `points`.
std::vector<std::complex<double>> discrete_fourier_transform(std::span<const double> x, std::int64_t points);

/// The same by a radix-2 transform; `points` is a power of two.
std::vector<std::complex<double>> fast_fourier_transform(std::span<const double> x, std::int64_t points);

/// In the Euclidean norm.
double norm(const std::vector<double>& x);

}  // namespace ki::test
