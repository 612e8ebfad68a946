#pragma once

#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

#include "convolution_run.h"

namespace ki::bench {

// The same convolution as one writes it with FFTW (single precision, FFTW_MEASURE): for each row, a real transform of at least
// twice its length, a product with the filter's spectrum, which is computed once, and the transform back. Rows are shared among
// threads.
class FftwConvolution {
 public:
  FftwConvolution(const ConvolutionCase& convolution_case, int threads);
  ~FftwConvolution();
  FftwConvolution(const FftwConvolution&) = delete;
  FftwConvolution& operator=(const FftwConvolution&) = delete;

  // Output rows of input rows; `set_filter` comes first.
  void set_filter(const float* filter);
  void forward(const float* input, float* output);

 private:
  struct Scratch;

  void compute_rows(int thread);
  void serve(int thread);

  ConvolutionCase case_;
  int threads_;
  std::int64_t points_;
  std::vector<Scratch> scratch_;  // of each thread
  float* spectra_ = nullptr;      // [channels, points / 2 + 1, 2], over points
  const float* input_ = nullptr;
  float* output_ = nullptr;
  std::barrier<> start_, done_;
  bool ends_ = false;
  std::vector<std::jthread> helpers_;
};

}  // namespace ki::bench
