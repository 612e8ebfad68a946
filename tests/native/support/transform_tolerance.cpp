#include "support/transform_tolerance.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include "support/dtype.h"

namespace ki::test {
namespace {

/// Units that a transform and its inverse may lose for each doubling of their points; the errors of the two add up, and those of the
/// filter's transform.
constexpr double kUnitsPerElement = 2;
constexpr double kUnitsPerRow = 2;

/// Roundings of float32 that what is outside of transforms may lose, as in tolerance.h.
constexpr double kRoundings = 16;

/// Doublings from 1 to the number of points; a transform of few points still rounds.
double doublings(const TransformPrecision& precision) {
  return std::max(std::log2(static_cast<double>(precision.points)), 1.0);
}

std::size_t row_length(const Array& array) { return static_cast<std::size_t>(array.shape.back()); }

bool is_finite_row(const TransformExpected& expected, std::size_t row) {
  return std::isfinite(expected.product_norms.values[row]) && std::isfinite(expected.result_norms.values[row]);
}

double element_allowance(ki_dtype dtype, const TransformExpected& e, const TransformPrecision& precision,
                         std::size_t i) {
  const double norm = std::fabs(e.factor.values[i]) * e.product_norms.values[i / row_length(e.reference)];
  return kUnitsPerElement * doublings(precision) * precision.unit * norm + kRoundings * 0x1p-24 * e.terms.values[i] +
         half_ulp(dtype, e.reference.values[i]);
}

double row_allowance(ki_dtype dtype, const TransformExpected& e, const TransformPrecision& precision, std::size_t row) {
  double factor = 0, terms = 0, ulps = 0;
  for (std::size_t i = row * row_length(e.reference); i < (row + 1) * row_length(e.reference); ++i) {
    if (!std::isfinite(e.reference.values[i])) continue;
    factor = std::max(factor, std::fabs(e.factor.values[i]));
    terms += e.terms.values[i] * e.terms.values[i];
    ulps += half_ulp(dtype, e.reference.values[i]) * half_ulp(dtype, e.reference.values[i]);
  }
  const double norms = e.product_norms.values[row] + e.result_norms.values[row];
  return kUnitsPerRow * std::sqrt(doublings(precision)) * precision.unit * factor * norms +
         kRoundings * 0x1p-24 * std::sqrt(terms) + std::sqrt(ulps);
}

double row_error(const Array& got, const TransformExpected& expected, std::size_t row) {
  double square = 0;
  for (std::size_t i = row * row_length(got); i < (row + 1) * row_length(got); ++i) {
    if (!std::isfinite(expected.reference.values[i])) continue;
    const double error = got.values[i] - expected.reference.values[i];
    square += error * error;
  }
  return std::sqrt(square);
}

std::optional<std::string> anomaly(const Array& got, const TransformExpected& expected) {
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    const double want = expected.reference.values[i];
    if (std::isfinite(want) == std::isfinite(got.values[i])) continue;
    if (std::isfinite(want) && !is_finite_row(expected, i / row_length(got))) continue;
    return "element " + to_string(got.index(i)) + " is " + std::to_string(got.values[i]) + ", want " +
           std::to_string(want);
  }
  return std::nullopt;
}

}  // namespace

TransformError transform_error(ki_dtype dtype, const Array& got, const TransformExpected& expected,
                               const TransformPrecision& precision) {
  TransformError worst;
  const std::size_t rows = got.values.empty() ? 0 : got.values.size() / row_length(got);
  for (std::size_t row = 0; row < rows; ++row) {
    if (!is_finite_row(expected, row)) continue;
    const double error = row_error(got, expected, row);
    if (error > 0) worst.row = std::max(worst.row, error / row_allowance(dtype, expected, precision, row));
    for (std::size_t i = row * row_length(got); i < (row + 1) * row_length(got); ++i) {
      if (!std::isfinite(expected.reference.values[i])) continue;
      const double off = std::fabs(got.values[i] - expected.reference.values[i]);
      if (off > 0) worst.element = std::max(worst.element, off / element_allowance(dtype, expected, precision, i));
    }
  }
  return worst;
}

testing::AssertionResult matches(ki_dtype dtype, const Array& got, const TransformExpected& expected,
                                 const TransformPrecision& precision) {
  if (got.shape != expected.reference.shape) {
    return testing::AssertionFailure() << "shape is " << to_string(got.shape) << ", want "
                                       << to_string(expected.reference.shape);
  }
  if (const auto found = anomaly(got, expected)) return testing::AssertionFailure() << *found;
  const std::size_t rows = got.values.empty() ? 0 : got.values.size() / row_length(got);
  for (std::size_t row = 0; row < rows; ++row) {
    if (!is_finite_row(expected, row)) continue;
    for (std::size_t i = row * row_length(got); i < (row + 1) * row_length(got); ++i) {
      if (!std::isfinite(expected.reference.values[i])) continue;
      const double allowed = element_allowance(dtype, expected, precision, i);
      const double error = std::fabs(got.values[i] - expected.reference.values[i]);
      if (error <= allowed) continue;
      return testing::AssertionFailure() << "element " << to_string(got.index(i)) << ": got " << got.values[i]
                                         << ", want " << expected.reference.values[i] << ", allowed +-" << allowed
                                         << ", off by " << error / allowed << " times that (the first such element)";
    }
    const double allowed = row_allowance(dtype, expected, precision, row);
    const double error = row_error(got, expected, row);
    if (error <= allowed) continue;
    return testing::AssertionFailure() << "row " << row << ", from element "
                                       << to_string(got.index(row * row_length(got))) << ": its error is " << error
                                       << " in the Euclidean norm, allowed " << allowed;
  }
  return testing::AssertionSuccess();
}

}  // namespace ki::test
