#include "reference/butterfly_reference.h"

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>

#include "support/dtype.h"

namespace ki::test {
namespace {

using Complex = std::complex<double>;
using Row = std::vector<Complex>;

/// The arithmetic that a formula is computed in.
class Numbers {
 public:
  Numbers(Arithmetic arithmetic, ki_dtype dtype) : arithmetic_(arithmetic), dtype_(dtype) {}

  double read(double x) const { return arithmetic_ == Arithmetic::absolute ? std::fabs(x) : x; }
  Complex read(const double* parts) const { return {read(parts[0]), read(parts[1])}; }
  double conjugate_sign() const { return arithmetic_ == Arithmetic::absolute ? 1 : -1; }
  Complex conjugate(Complex x) const { return {x.real(), conjugate_sign() * x.imag()}; }

  Complex product(Complex x, Complex y) const {
    // Over absolute values the sign of i squared counts as well.
    return {x.real() * y.real() + conjugate_sign() * x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real()};
  }
  void add(Complex& sum, Complex x) const { sum = {add(sum.real(), x.real()), add(sum.imag(), x.imag())}; }
  double add(double sum, double x) const {
    return arithmetic_ == Arithmetic::naive ? double{static_cast<float>(sum) + static_cast<float>(x)} : sum + x;
  }
  double round(double x) const {
    return arithmetic_ == Arithmetic::naive ? double{round_to(dtype_, static_cast<float>(x))} : x;
  }
  Complex round(Complex x) const { return {round(x.real()), round(x.imag())}; }

 private:
  Arithmetic arithmetic_;
  ki_dtype dtype_;
};

/// Everything about one call. A row of n numbers has (t1, t2) at t1 * n2 + t2, and (k1, t2) or (k1, k2) at k1 * n2 + t2
/// or k2.
class Butterfly {
 public:
  Butterfly(const ButterflyReferenceInputs& in, Arithmetic arithmetic)
      : in_(in), numbers_(arithmetic, in.dtype), n1_(in.n1), n2_(in.n2) {}

  /// What becomes of one row.
  struct Steps {
    Row x, a, spectrum;           // of the input
    Row product, mirror, result;  // of the product of spectra; only the result's real part counts
  };

  Steps forward(Row x) const {
    Steps s;
    s.x = std::move(x);
    s.a = first(in_.forward_first, s.x, false);
    s.spectrum = second(in_.forward_second, s.a, false);
    return s;
  }

  void inverse(Steps& s, const Row& filter_spectrum) const {
    s.product.resize(s.spectrum.size());
    for (std::size_t i = 0; i < s.product.size(); ++i) {
      s.product[i] = numbers_.round(numbers_.product(s.spectrum[i], filter_spectrum[i]));
    }
    s.mirror = second(in_.inverse_second, s.product, false);
    s.result = first(in_.inverse_first, s.mirror, false);
  }

  Row padded(const double* values, std::int64_t count, const double* gate = nullptr) const {
    Row row(static_cast<std::size_t>(n1_ * n2_));
    for (std::int64_t t = 0; t < count; ++t) {
      const double x = numbers_.read(values[t]);
      row[static_cast<std::size_t>(t)] = gate == nullptr ? x : numbers_.round(x * numbers_.read(gate[t]));
    }
    return row;
  }

  /// A stage of blocks [n2, n1, n1]: sums over t1 or k1, for each t2. Adjoint: with the blocks' conjugate transposes.
  Row first(const Array& blocks, const Row& in, bool adjoint) const {
    Row out(in.size());
    for (int t2 = 0; t2 < n2_; ++t2) {
      for (int m = 0; m < n1_; ++m) {
        Complex sum = 0;
        for (int k = 0; k < n1_; ++k) {
          const Complex c =
              adjoint ? numbers_.conjugate(element(blocks, n1_, t2, k, m)) : element(blocks, n1_, t2, m, k);
          numbers_.add(sum, numbers_.product(c, in[at(k, t2)]));
        }
        out[at(m, t2)] = numbers_.round(sum);
      }
    }
    return out;
  }

  /// A stage of blocks [n1, n2, n2]: sums over t2 or k2, for each k1.
  Row second(const Array& blocks, const Row& in, bool adjoint) const {
    Row out(in.size());
    for (int k1 = 0; k1 < n1_; ++k1) {
      for (int m = 0; m < n2_; ++m) {
        Complex sum = 0;
        for (int k = 0; k < n2_; ++k) {
          const Complex c =
              adjoint ? numbers_.conjugate(element(blocks, n2_, k1, k, m)) : element(blocks, n2_, k1, m, k);
          numbers_.add(sum, numbers_.product(c, in[at(k1, k)]));
        }
        out[at(k1, m)] = numbers_.round(sum);
      }
    }
    return out;
  }

  /// gradient[t2, m, k] += left[m, t2] conj(right[k, t2])
  void first_gradient(Array& gradient, const Row& left, const Row& right) const {
    for (int t2 = 0; t2 < n2_; ++t2) {
      for (int m = 0; m < n1_; ++m) {
        for (int k = 0; k < n1_; ++k) add_element(gradient, n1_, t2, m, k, left[at(m, t2)], right[at(k, t2)]);
      }
    }
  }
  void second_gradient(Array& gradient, const Row& left, const Row& right) const {
    for (int k1 = 0; k1 < n1_; ++k1) {
      for (int m = 0; m < n2_; ++m) {
        for (int k = 0; k < n2_; ++k) add_element(gradient, n2_, k1, m, k, left[at(k1, m)], right[at(k1, k)]);
      }
    }
  }

  const Numbers& numbers() const { return numbers_; }

 private:
  std::size_t at(int outer, int inner) const { return static_cast<std::size_t>(outer * n2_ + inner); }

  static std::size_t place(int order, int block, int m, int k) {
    return 2 * (static_cast<std::size_t>(block * order + m) * static_cast<std::size_t>(order) +
                static_cast<std::size_t>(k));
  }
  Complex element(const Array& blocks, int order, int block, int m, int k) const {
    return numbers_.read(blocks.values.data() + place(order, block, m, k));
  }
  void add_element(Array& gradient, int order, int block, int m, int k, Complex left, Complex right) const {
    double* parts = gradient.values.data() + place(order, block, m, k);
    const Complex more = numbers_.product(left, numbers_.conjugate(right));
    parts[0] = numbers_.add(parts[0], more.real());
    parts[1] = numbers_.add(parts[1], more.imag());
  }

  const ButterflyReferenceInputs& in_;
  Numbers numbers_;
  int n1_, n2_;
};

const double* row_or_null(const Array& array, std::int64_t b, std::int64_t h) {
  return array.values.empty() ? nullptr : array.row({b, h});
}

}  // namespace

Array butterfly_forward(const ButterflyReferenceInputs& in, Arithmetic arithmetic) {
  const Butterfly butterfly(in, arithmetic);
  const Numbers& numbers = butterfly.numbers();
  const std::int64_t length = in.input.shape[2];
  Array output(in.input.shape);
  for (std::int64_t h = 0; h < in.input.shape[1]; ++h) {
    const Row filter = butterfly.forward(butterfly.padded(in.filter.row({h}), in.filter.shape[1])).spectrum;
    for (std::int64_t b = 0; b < in.input.shape[0]; ++b) {
      auto steps = butterfly.forward(butterfly.padded(in.input.row({b, h}), length, row_or_null(in.input_gate, b, h)));
      butterfly.inverse(steps, filter);
      for (std::int64_t t = 0; t < length; ++t) {
        double y = steps.result[static_cast<std::size_t>(t)].real();
        if (!in.output_gate.values.empty()) y = numbers.round(y * numbers.read(in.output_gate({b, h, t})));
        if (!in.skip.values.empty()) {
          y = numbers.add(y, numbers.round(numbers.read(in.skip({h})) * numbers.read(in.input({b, h, t}))));
        }
        output({b, h, t}) = numbers.round(y);
      }
    }
  }
  return output;
}

ButterflyReferenceGradients butterfly_backward(const ButterflyReferenceInputs& in, const Array& grad_output,
                                               Arithmetic arithmetic) {
  const Butterfly butterfly(in, arithmetic);
  const Numbers& numbers = butterfly.numbers();
  const std::int64_t length = in.input.shape[2], taps = in.filter.shape[1];
  ButterflyReferenceGradients g{
      Array(in.input.shape),          Array(in.filter.shape),         Array(in.forward_first.shape),
      Array(in.forward_second.shape), Array(in.inverse_second.shape), Array(in.inverse_first.shape),
      Array(in.input.shape),          Array(in.input.shape),          Array({in.input.shape[1]})};
  for (std::int64_t h = 0; h < in.input.shape[1]; ++h) {
    const auto filter = butterfly.forward(butterfly.padded(in.filter.row({h}), taps));
    Row grad_filter_spectrum(filter.spectrum.size());
    for (std::int64_t b = 0; b < in.input.shape[0]; ++b) {
      auto steps = butterfly.forward(butterfly.padded(in.input.row({b, h}), length, row_or_null(in.input_gate, b, h)));
      butterfly.inverse(steps, filter.spectrum);
      const Row dc = butterfly.padded(grad_output.row({b, h}), length, row_or_null(in.output_gate, b, h));
      butterfly.first_gradient(g.grad_inverse_first, dc, steps.mirror);
      const Row grad_mirror = butterfly.first(in.inverse_first, dc, true);
      butterfly.second_gradient(g.grad_inverse_second, grad_mirror, steps.product);
      const Row grad_product = butterfly.second(in.inverse_second, grad_mirror, true);
      Row grad_spectrum(grad_product.size());
      for (std::size_t i = 0; i < grad_product.size(); ++i) {
        grad_spectrum[i] = numbers.round(numbers.product(numbers.conjugate(filter.spectrum[i]), grad_product[i]));
        numbers.add(grad_filter_spectrum[i], numbers.product(numbers.conjugate(steps.spectrum[i]), grad_product[i]));
      }
      butterfly.second_gradient(g.grad_forward_second, grad_spectrum, steps.a);
      const Row grad_a = butterfly.second(in.forward_second, grad_spectrum, true);
      butterfly.first_gradient(g.grad_forward_first, grad_a, steps.x);
      const Row dx = butterfly.first(in.forward_first, grad_a, true);
      for (std::int64_t t = 0; t < length; ++t) {
        const auto i = static_cast<std::size_t>(t);
        const double dy = numbers.read(grad_output({b, h, t})), u = numbers.read(in.input({b, h, t}));
        double& grad_input = g.grad_input({b, h, t});
        grad_input = dx[i].real();
        if (!in.input_gate.values.empty()) {
          grad_input = numbers.round(grad_input * numbers.read(in.input_gate({b, h, t})));
        }
        if (!in.skip.values.empty()) {
          grad_input = numbers.add(grad_input, numbers.round(numbers.read(in.skip({h})) * dy));
        }
        grad_input = numbers.round(grad_input);
        g.grad_input_gate({b, h, t}) = numbers.round(dx[i].real() * u);
        g.grad_output_gate({b, h, t}) = numbers.round(dy * steps.result[i].real());
        g.grad_skip({h}) = numbers.add(g.grad_skip({h}), dy * u);
      }
    }
    butterfly.second_gradient(g.grad_forward_second, grad_filter_spectrum, filter.a);
    const Row grad_a = butterfly.second(in.forward_second, grad_filter_spectrum, true);
    butterfly.first_gradient(g.grad_forward_first, grad_a, filter.x);
    const Row dk = butterfly.first(in.forward_first, grad_a, true);
    for (std::int64_t j = 0; j < taps; ++j) g.grad_filter({h, j}) = dk[static_cast<std::size_t>(j)].real();
  }
  return g;
}

ButterflyCoefficientArrays dft_coefficients(int n1, int n2) {
  const auto root = [](double sign, double turns, double divisor, double* to) {
    to[0] = std::cos(2 * std::numbers::pi * turns) / divisor;
    to[1] = sign * std::sin(2 * std::numbers::pi * turns) / divisor;
  };
  ButterflyCoefficientArrays c{Array({n2, n1, n1, 2}), Array({n1, n2, n2, 2}), Array({n1, n2, n2, 2}),
                               Array({n2, n1, n1, 2})};
  for (int t1 = 0; t1 < n1; ++t1) {
    for (int t2 = 0; t2 < n2; ++t2) {
      for (int k1 = 0; k1 < n1; ++k1) {
        const double turns = double(k1 * (t1 * n2 + t2) % (n1 * n2)) / (n1 * n2);
        root(-1, turns, 1, c.forward_first.row({t2, k1, t1}));
        root(1, turns, n1, c.inverse_first.row({t2, t1, k1}));
      }
    }
  }
  for (int k1 = 0; k1 < n1; ++k1) {
    for (int t2 = 0; t2 < n2; ++t2) {
      for (int k2 = 0; k2 < n2; ++k2) {
        const double turns = double(t2 * k2 % n2) / n2;
        root(-1, turns, 1, c.forward_second.row({k1, k2, t2}));
        root(1, turns, n2, c.inverse_second.row({k1, t2, k2}));
      }
    }
  }
  return c;
}

}  // namespace ki::test
