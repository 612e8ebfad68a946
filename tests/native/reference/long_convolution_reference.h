#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "support/array.h"

// Long convolution, forward, as slowly and plainly as it can be written. For batch b and channel h:
//
//   k[j] = sign(k[j]) max(|k[j]| - squash, 0)
//   x[t] = input[t] * input_gate[t]
//   c[t] = sum over j of k[j] x[t - j]
//   output[t] = output_gate[t] c[t] + skip[h] input[t]
//
// x before the first is zero, or what the state holds, or, if circular, x modulo the length. With a frequency mask, the discrete
// Fourier transform of k, padded with zeros to fft_size points, is set to zero where the mask says so; what it then is the
// transform of is used in place of k, modulo fft_size.
namespace ki::test {

struct FrequencyMask {
  std::int64_t fft_size = 0;
  std::int64_t block = 1;    ///< frequencies of a block
  std::vector<bool> kept{};  ///< of each block; the last has the frequency fft_size / 2 as well

  bool keeps(std::int64_t frequency) const;
};

struct LongConvolutionArguments {
  Array input;                         ///< [batch, channels, length]
  Array filter;                        ///< [channels, filter_length]
  std::optional<Array> input_gate{};   ///< [batch, channels, length]
  std::optional<Array> output_gate{};  ///< [batch, channels, length]
  std::optional<Array> skip{};         ///< [channels]
  std::optional<Array> state{};        ///< [batch, channels, filter_length - 1]: x before the first, the latest last
  bool circular = false;
  double squash = 0;
  std::optional<FrequencyMask> mask{};

  std::int64_t batch() const { return input.shape[0]; }
  std::int64_t channels() const { return input.shape[1]; }
  std::int64_t length() const { return input.shape[2]; }
  std::int64_t filter_length() const { return filter.shape[1]; }

  /// Taps that can meet an input; a longer circular filter folds to so many.
  std::int64_t taps() const;

  /// Modulo what c is computed; 0: it is not.
  std::int64_t period() const;
};

/// sign(k) max(|k| - squash, 0)
double squashed(double tap, double squash);

/// A channel's filter as it is used: squashed, cut or folded to the taps that count, masked.
std::vector<double> used_filter(const LongConvolutionArguments& arguments, std::int64_t channel);

/// The spectrum [channels, fft_size / 2 + 1, 2] of used_filter for a transform of so many points.
Array filter_spectrum(const LongConvolutionArguments& arguments, std::int64_t fft_size);

/// A part of a filter's spectrum set to zero, seen as taps.
std::vector<double> masked(const std::vector<double>& filter, const FrequencyMask& mask);

/// x of one row; `with_state` puts the state before it.
std::vector<double> gated_row(const LongConvolutionArguments& arguments, std::int64_t b, std::int64_t h,
                              bool with_state);

struct LongConvolutionResult {
  Array output;     ///< [batch, channels, length]
  Array sums;       ///< c, [batch, channels, length]
  Array state;      ///< [batch, channels, filter_length - 1] after the call
  Array row_norms;  ///< [batch, channels]: of c with all that the length cuts off, in the Euclidean norm
};

LongConvolutionResult long_convolution_reference(const LongConvolutionArguments& arguments);

}  // namespace ki::test
