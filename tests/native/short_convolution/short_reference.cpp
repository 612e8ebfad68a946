#include "short_convolution/short_reference.h"

#include <cmath>

#include "support/dtype.h"

namespace ki::test {
namespace {

/// One sum of products: in double precision, as a plain implementation in the storage type computes it, and of absolute
/// values.
class Sum {
 public:
  explicit Sum(ki_dtype dtype) : dtype_(dtype) {}

  void add(double x) {
    reference_ += x;
    naive_ += static_cast<float>(x);
    magnitude_ += std::fabs(x);
  }
  void add_product(double a, double b) {
    reference_ += a * b;
    naive_ += round_to(dtype_, static_cast<float>(a * b));
    magnitude_ += std::fabs(a * b);
  }
  void store(Expected& to, std::size_t i) const {
    to.reference.values[i] = reference_;
    to.naive.values[i] = round_to(dtype_, naive_);
    to.magnitude.values[i] = magnitude_;
  }

 private:
  ki_dtype dtype_;
  double reference_ = 0, magnitude_ = 0;
  float naive_ = 0;
};

Expected expected_of(const Shape& shape) { return {Array(shape), Array(shape), Array(shape)}; }

}  // namespace

Expected short_convolution(const ShortData& data) {
  const ShortCase& c = data.c;
  const Array input = data.input.read(), filter = data.filter.read();
  const Array bias = data.bias ? data.bias->read() : Array({c.channels});
  const Array state = data.state ? data.state->read() : Array(c.state_shape());
  Expected result = expected_of(c.shape());
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t h = 0; h < c.channels; ++h) {
      for (std::int64_t t = 0; t < c.length; ++t) {
        Sum sum(c.dtype);
        sum.add(bias({h}));
        for (std::int64_t j = 0; j < c.width; ++j) {
          const double x = t >= j ? input.values[c.at(c.length, b, h, t - j)]
                                  : state.values[c.at(c.width - 1, b, h, t - j + c.width - 1)];
          sum.add_product(filter({h, j}), x);
        }
        sum.store(result, c.at(c.length, b, h, t));
      }
    }
  }
  return result;
}

ShortGradients short_gradients(const ShortData& data) {
  const ShortCase& c = data.c;
  const Array input = data.input.read(), filter = data.filter.read(), grad_output = data.grad_output.read();
  ShortGradients result{expected_of(c.shape()), expected_of({c.channels, c.width}), expected_of({c.channels})};
  for (std::int64_t h = 0; h < c.channels; ++h) {
    for (std::int64_t b = 0; b < c.batch; ++b) {
      for (std::int64_t t = 0; t < c.length; ++t) {
        Sum sum(c.dtype);
        for (std::int64_t j = 0; j < c.width && t + j < c.length; ++j) {
          sum.add_product(filter({h, j}), grad_output.values[c.at(c.length, b, h, t + j)]);
        }
        sum.store(result.input, c.at(c.length, b, h, t));
      }
    }
    for (std::int64_t j = 0; j < c.width; ++j) {
      Sum sum(c.dtype);
      for (std::int64_t b = 0; b < c.batch; ++b) {
        for (std::int64_t t = j; t < c.length; ++t) {
          sum.add_product(grad_output.values[c.at(c.length, b, h, t)], input.values[c.at(c.length, b, h, t - j)]);
        }
      }
      sum.store(result.filter, static_cast<std::size_t>(h * c.width + j));
    }
    Sum sum(KI_DTYPE_FLOAT32);
    for (std::int64_t b = 0; b < c.batch; ++b) {
      for (std::int64_t t = 0; t < c.length; ++t) sum.add(grad_output.values[c.at(c.length, b, h, t)]);
    }
    sum.store(result.bias, static_cast<std::size_t>(h));
  }
  return result;
}

}  // namespace ki::test
