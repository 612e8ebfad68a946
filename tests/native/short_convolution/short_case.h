#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "kernels_interop.h"
#include "support/random.h"
#include "support/tensor_data.h"

namespace ki::test {

/// How the tensors of a case lie in memory. Plain ones begin one element behind a boundary of 64 bytes; every row of
/// aligned ones is at a multiple of 16 bytes, with a gap where it needs one.
enum class ShortPlacement { plain, aligned, strided, broadcast };

/// A short convolution; one struct drives every backend, forward and backward.
struct ShortCase {
  ki_dtype dtype = KI_DTYPE_FLOAT32;
  std::int64_t batch = 1, channels = 3, length = 20, width = 4;
  bool channels_last = false;
  bool bias = true;
  bool state = false;
  bool float32_filter = false;  ///< of the 16-bit types: filter and bias are float32 all the same
  ShortPlacement placement = ShortPlacement::plain;

  std::string name() const;

  /// Shapes in the case's order of dimensions.
  Shape shape() const { return ordered(length); }
  Shape state_shape() const { return ordered(width - 1); }

  /// Where the element (batch, channel, time) is in an array of such a shape.
  std::size_t at(std::int64_t rows, std::int64_t b, std::int64_t c, std::int64_t t) const {
    const std::int64_t i = channels_last ? (b * rows + t) * channels + c : (b * channels + c) * rows + t;
    return static_cast<std::size_t>(i);
  }

 private:
  Shape ordered(std::int64_t rows) const {
    return channels_last ? Shape{batch, rows, channels} : Shape{batch, channels, rows};
  }
};

inline std::ostream& operator<<(std::ostream& out, const ShortCase& c) { return out << c.name(); }

/// Random numbers of mean 0 and variance 1.
Array random_array(const Shape& shape, Random& random);

/// The tensors of a case, filled with random numbers; those that are written with a number that no test expects.
struct ShortData {
  explicit ShortData(const ShortCase& short_case);

  /// Tensors that share no memory with the other's.
  ShortData copy() const;

  ShortCase c;
  TensorData input, filter, output;
  std::optional<TensorData> bias, state;
  TensorData grad_output, grad_input, grad_filter;
  std::optional<TensorData> grad_bias;
};

/// The cases that every backend is tested with.
std::vector<ShortCase> short_cases();

}  // namespace ki::test
