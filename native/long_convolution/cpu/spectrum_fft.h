// A transform in double precision and natural order, between a filter and the spectrum that callers see. It is used
// when spectra are read, set, saved and loaded, where exactness counts more than speed.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace ki::long_convolution::cpu {

class SpectrumFft {
 public:
  // `points` has no prime factors but 2, 3 and 5.
  explicit SpectrumFft(std::int64_t points);

  static bool is_supported(std::int64_t points);

  std::int64_t points() const { return static_cast<std::int64_t>(roots_.size()); }

  // data becomes its DFT, the sum of data[n] exp(-2 pi i f n / points); `scratch` is as long.
  void forward(std::complex<double>* data, std::complex<double>* scratch) const;

 private:
  std::vector<std::complex<double>> roots_;  // exp(-2 pi i n / points)
};

}  // namespace ki::long_convolution::cpu
