#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace ki::test {

using Shape = std::vector<std::int64_t>;

inline std::int64_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

inline std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

/// A dense row-major array of doubles, which hold every value of every storage type exactly.
struct Array {
  Shape shape;
  std::vector<double> values;

  Array() = default;
  explicit Array(Shape dimensions, double fill = 0)
      : shape(std::move(dimensions)), values(static_cast<std::size_t>(element_count(shape)), fill) {}

  double& operator()(std::initializer_list<std::int64_t> index) { return values[position(index)]; }
  double operator()(std::initializer_list<std::int64_t> index) const { return values[position(index)]; }

  /// First element of a row, the row being the last dimension.
  const double* row(std::initializer_list<std::int64_t> outer) const {
    return values.data() + position(outer) * static_cast<std::size_t>(shape.back());
  }
  double* row(std::initializer_list<std::int64_t> outer) {
    return values.data() + position(outer) * static_cast<std::size_t>(shape.back());
  }

  /// Index of the element at a position in `values`.
  Shape index(std::size_t position) const {
    Shape result(shape.size());
    auto rest = static_cast<std::int64_t>(position);
    for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d]) result[d] = rest % shape[d];
    return result;
  }

 private:
  std::size_t position(std::initializer_list<std::int64_t> index) const {
    std::int64_t result = 0;
    std::size_t d = 0;
    for (const std::int64_t i : index) result = result * shape[d++] + i;
    return static_cast<std::size_t>(result);
  }
};

}  // namespace ki::test
