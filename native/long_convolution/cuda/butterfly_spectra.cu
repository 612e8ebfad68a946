// Products of spectra, point by point, their gradients, and the coefficients of the Fourier transform.
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/butterfly_params.h"

namespace ki::long_convolution::cuda {

struct Complex {
  float re, im;
};

__device__ Complex multiply(Complex x, Complex y) {
  return {fmaf(-x.im, y.im, x.re * y.re), fmaf(x.re, y.im, x.im * y.re)};
}
__device__ Complex conjugate(Complex x) { return {x.re, -x.im}; }

// The thread's frequency and column of the filters.
struct Place {
  std::int64_t point, imaginary, column;
  bool exists;

  __device__ explicit Place(const ButterflySpectraParams& p) {
    const std::int64_t index = std::int64_t{ptx::ctaid_x()} * kButterflySpectraThreads + ptx::tid_x();
    const std::int64_t frequency = index / p.padded;
    column = index % p.padded;
    point = frequency / p.n2 * 2 * p.n2 + frequency % p.n2;
    imaginary = p.n2;
    exists = frequency < std::int64_t{p.n1} * p.n2;
  }
  __device__ Complex load(const float* field, std::int64_t columns, std::int64_t batch_column) const {
    const float* at = field + point * columns + batch_column;
    return {at[0], at[imaginary * columns]};
  }
  __device__ void store(float* field, std::int64_t columns, std::int64_t batch_column, Complex x) const {
    float* at = field + point * columns + batch_column;
    at[0] = x.re;
    at[imaginary * columns] = x.im;
  }
};

extern "C" __global__ void __launch_bounds__(kButterflySpectraThreads)
    butterfly_spectra(const __grid_constant__ ButterflySpectraParams p) {
  const Place place(p);
  if (!place.exists) return;
  const Complex filter = place.load(p.filter, p.padded, place.column);
  for (std::int64_t column = place.column; column < p.columns; column += p.padded) {
    place.store(p.rows, p.columns, column, multiply(place.load(p.rows, p.columns, column), filter));
  }
}

extern "C" __global__ void __launch_bounds__(kButterflySpectraThreads)
    butterfly_spectra_backward(const __grid_constant__ ButterflySpectraParams p) {
  const Place place(p);
  if (!place.exists) return;
  const Complex filter = place.load(p.filter, p.padded, place.column);
  Complex sum = place.load(p.grad_filter, p.padded, place.column);
  for (std::int64_t column = place.column; column < p.columns; column += p.padded) {
    const Complex x = place.load(p.rows, p.columns, column), grad = place.load(p.grad_product, p.columns, column);
    place.store(p.rows, p.columns, column, multiply(x, filter));
    place.store(p.grad_product, p.columns, column, multiply(conjugate(filter), grad));
    const Complex more = multiply(conjugate(x), grad);
    sum = {sum.re + more.re, sum.im + more.im};
  }
  place.store(p.grad_filter, p.padded, place.column, sum);
}

// exp(2 pi i numerator / n) / divisor; its conjugate if sign is -1. n and divisor are powers of two.
__device__ void store_root(float* to, unsigned numerator, unsigned n, double sign, int divisor) {
  double sine, cosine;
  sincospi(2.0 * (numerator % n) / n, &sine, &cosine);
  to[0] = static_cast<float>(cosine / divisor);
  to[1] = static_cast<float>(sign * sine / divisor);
}

// One thread for each complex number of forward_first, and as many again for inverse_first, forward_second and
// inverse_second.
extern "C" __global__ void __launch_bounds__(kButterflySpectraThreads)
    butterfly_dft(const __grid_constant__ ButterflyDftParams p) {
  const unsigned n1 = p.n1, n2 = p.n2, n = n1 * n2;
  unsigned index = ptx::ctaid_x() * kButterflySpectraThreads + ptx::tid_x();
  if (index < 2 * n * n1) {
    const bool forward = index < n * n1;
    index %= n * n1;
    const unsigned row = index / n1 % n1, column = index % n1, t2 = index / n1 / n1;
    const unsigned k1 = forward ? row : column, t1 = forward ? column : row;
    float* to = (forward ? p.forward_first : p.inverse_first) + 2 * std::int64_t{index};
    store_root(to, k1 * (t1 * n2 + t2), n, forward ? -1 : 1, forward ? 1 : p.n1);
    return;
  }
  index -= 2 * n * n1;
  if (index >= 2 * n * n2) return;
  const bool forward = index < n * n2;
  index %= n * n2;
  float* to = (forward ? p.forward_second : p.inverse_second) + 2 * std::int64_t{index};
  store_root(to, index / n2 % n2 * (index % n2), n2, forward ? -1 : 1, forward ? 1 : p.n2);
}

}  // namespace ki::long_convolution::cuda
