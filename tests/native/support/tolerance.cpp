#include "support/tolerance.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include "support/dtype.h"

namespace ki::test {
namespace {

/// Roundings of float32 that a sum may lose, relative to the sum of its absolute terms.
constexpr double kRoundings = 16;

bool same_anomaly(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::isfinite(a) == std::isfinite(b) && (std::isfinite(a) || a == b);
}

std::string describe(const Array& array, std::size_t i) { return "element " + to_string(array.index(i)); }

testing::AssertionResult compare_anomalies(const Array& got, const Array& want) {
  std::size_t wrong = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    if (same_anomaly(got.values[i], want.values[i])) continue;
    if (wrong++ == 0) first = i;
  }
  if (wrong == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "anomalies differ: " << describe(got, first) << ": got " << got.values[first]
                                     << ", want " << want.values[first] << " (the first of " << wrong << " among "
                                     << got.values.size() << " elements)";
}

/// Allowance of each element, given what the worst element of the naive computation lost.
double allowance(ki_dtype dtype, const Expected& expected, std::size_t i, double naive_error) {
  return 2 * naive_error + kRoundings * 0x1p-24 * expected.magnitude.values[i] +
         half_ulp(dtype, expected.reference.values[i]);
}

testing::AssertionResult compare_elements(ki_dtype dtype, const Array& got, const Expected& expected) {
  double naive_error = 0;
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    const double error = std::fabs(expected.naive.values[i] - expected.reference.values[i]);
    if (std::isfinite(error)) naive_error = std::max(naive_error, error);
  }

  double worst_ratio = 1;
  std::optional<std::size_t> worst;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    if (!std::isfinite(expected.reference.values[i])) continue;
    const double ratio =
        std::fabs(got.values[i] - expected.reference.values[i]) / allowance(dtype, expected, i, naive_error);
    if (ratio <= 1) continue;
    ++wrong;
    if (!worst || ratio > worst_ratio) {
      worst = i;
      worst_ratio = ratio;
    }
  }
  if (!worst) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "worst " << describe(got, *worst) << ": got " << got.values[*worst] << ", want "
                                     << expected.reference.values[*worst] << ", allowed +-"
                                     << allowance(dtype, expected, *worst, naive_error) << ", off by " << worst_ratio
                                     << " times that (" << wrong << " of " << got.values.size()
                                     << " elements are wrong)";
}

/// Over the whole tensor, in the Euclidean norm: the angle between what came out and what should, or, where the error that is
/// allowed can turn that into any direction, their distance.
testing::AssertionResult compare_whole(ki_dtype dtype, const Array& got, const Expected& expected) {
  double dot = 0, got_square = 0, want_square = 0, distance_square = 0;
  double naive_square = 0, terms_square = 0, ulp_square = 0;
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    const double want = expected.reference.values[i];
    const double naive = expected.naive.values[i];
    if (!std::isfinite(want) || !std::isfinite(naive)) continue;
    dot += got.values[i] * want;
    got_square += got.values[i] * got.values[i];
    want_square += want * want;
    distance_square += (got.values[i] - want) * (got.values[i] - want);
    naive_square += (naive - want) * (naive - want);
    terms_square += expected.magnitude.values[i] * expected.magnitude.values[i];
    ulp_square += half_ulp(dtype, want) * half_ulp(dtype, want);
  }
  const double error =
      2 * std::sqrt(naive_square) + kRoundings * 0x1p-24 * std::sqrt(terms_square) + std::sqrt(ulp_square);
  constexpr double kOwnRounding = 0x1p-40;
  if (got_square == 0 || error >= std::sqrt(want_square)) {
    const double distance = std::sqrt(distance_square);
    if (distance <= error * (1 + kOwnRounding)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "too far in all: the distance is " << distance << ", allowed " << error;
  }
  const double sine = error / std::sqrt(want_square);  // of the widest angle such an error can open
  const double allowed = 1 - std::sqrt(1 - sine * sine) + kOwnRounding;
  const double difference = 1 - dot / std::sqrt(got_square * want_square);
  if (difference <= allowed) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "direction differs: 1 - cosine similarity is " << difference << ", allowed "
                                     << allowed;
}

}  // namespace

testing::AssertionResult matches(ki_dtype dtype, const Array& got, const Expected& expected) {
  if (got.shape != expected.reference.shape) {
    return testing::AssertionFailure() << "shape is " << to_string(got.shape) << ", want "
                                       << to_string(expected.reference.shape);
  }
  if (auto result = compare_anomalies(got, expected.reference); !result) return result;
  if (auto result = compare_elements(dtype, got, expected); !result) return result;
  return compare_whole(dtype, got, expected);
}

}  // namespace ki::test
