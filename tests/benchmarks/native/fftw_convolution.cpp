#include "fftw_convolution.h"

#include <fftw3.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "pinned.h"

namespace ki::bench {
namespace {

// The least number of points that FFTW is good at: with no prime factor above 7, and even.
std::int64_t good_points(std::int64_t least) {
  for (std::int64_t points = least + least % 2;; points += 2) {
    std::int64_t rest = points;
    for (const std::int64_t prime : {2, 3, 5, 7}) {
      while (rest % prime == 0) rest /= prime;
    }
    if (rest == 1) return points;
  }
}

// FFTW measures for minutes before it has a plan of a million points. It remembers the plans in this file, if one is named.
const char* wisdom_file() { return std::getenv("KI_FFTW_WISDOM"); }

// a *= b for complex numbers, by the vectors of AVX2 as the compiler makes them.
__attribute__((target("avx2,fma"), optimize("O3"))) void multiply(float* __restrict a, const float* __restrict b,
                                                                  std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float re = a[2 * i] * b[2 * i] - a[2 * i + 1] * b[2 * i + 1];
    const float im = a[2 * i] * b[2 * i + 1] + a[2 * i + 1] * b[2 * i];
    a[2 * i] = re;
    a[2 * i + 1] = im;
  }
}

}  // namespace

// Plans belong to these arrays: FFTW may use that they are aligned.
struct FftwConvolution::Scratch {
  float* row = nullptr;
  fftwf_complex* spectrum = nullptr;
  fftwf_plan there = nullptr, back = nullptr;
};

FftwConvolution::FftwConvolution(const ConvolutionCase& c, int threads)
    : case_(c),
      threads_(threads),
      points_(good_points(c.length + c.filter_length - 1)),
      scratch_(static_cast<std::size_t>(threads)),
      start_(threads),
      done_(threads) {
  const int n = static_cast<int>(points_);
  const auto frequencies = static_cast<std::size_t>(points_ / 2 + 1);
  if (wisdom_file() != nullptr) fftwf_import_wisdom_from_filename(wisdom_file());
  for (Scratch& s : scratch_) {
    s.row = fftwf_alloc_real(static_cast<std::size_t>(points_));
    s.spectrum = fftwf_alloc_complex(frequencies);
    s.there = fftwf_plan_dft_r2c_1d(n, s.row, s.spectrum, FFTW_MEASURE);
    s.back = fftwf_plan_dft_c2r_1d(n, s.spectrum, s.row, FFTW_MEASURE);
  }
  if (wisdom_file() != nullptr) fftwf_export_wisdom_to_filename(wisdom_file());
  spectra_ = fftwf_alloc_real(static_cast<std::size_t>(c.channels) * frequencies * 2);
  for (int t = 1; t < threads_; ++t) helpers_.emplace_back([this, t] { serve(t); });
}

FftwConvolution::~FftwConvolution() {
  ends_ = true;
  start_.arrive_and_wait();
  helpers_.clear();
  for (Scratch& s : scratch_) {
    fftwf_destroy_plan(s.there);
    fftwf_destroy_plan(s.back);
    fftwf_free(s.row);
    fftwf_free(s.spectrum);
  }
  fftwf_free(spectra_);
}

void FftwConvolution::set_filter(const float* filter) {
  const std::int64_t numbers = 2 * (points_ / 2 + 1);
  const Scratch& s = scratch_[0];
  for (int h = 0; h < case_.channels; ++h) {
    std::fill_n(s.row, points_, 0.0F);
    for (std::int64_t j = 0; j < case_.filter_length; ++j) {
      s.row[j] = filter[h * case_.filter_length + j] / static_cast<float>(points_);
    }
    fftwf_execute(s.there);
    std::copy_n(&s.spectrum[0][0], numbers, spectra_ + h * numbers);
  }
}

void FftwConvolution::forward(const float* input, float* output) {
  input_ = input;
  output_ = output;
  const Pinned pinned(1, 0);
  start_.arrive_and_wait();
  compute_rows(0);
  done_.arrive_and_wait();
}

void FftwConvolution::serve(int thread) {
  const Pinned pinned(1, thread);
  while (true) {
    start_.arrive_and_wait();
    if (ends_) return;
    compute_rows(thread);
    done_.arrive_and_wait();
  }
}

void FftwConvolution::compute_rows(int thread) {
  const Scratch& s = scratch_[static_cast<std::size_t>(thread)];
  const std::int64_t rows = case_.rows(), length = case_.length, frequencies = points_ / 2 + 1;
  for (std::int64_t row = rows * thread / threads_; row < rows * (thread + 1) / threads_; ++row) {
    std::copy_n(input_ + row * length, length, s.row);
    std::fill(s.row + length, s.row + points_, 0.0F);
    fftwf_execute(s.there);
    multiply(&s.spectrum[0][0], spectra_ + row % case_.channels * 2 * frequencies, frequencies);
    fftwf_execute(s.back);
    std::copy_n(s.row, length, output_ + row * length);
  }
}

}  // namespace ki::bench
