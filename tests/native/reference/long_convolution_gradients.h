#pragma once

#include <optional>
#include <vector>

#include "reference/long_convolution_reference.h"
#include "support/array.h"

// Gradients of a long convolution without a state, in the notation of long_convolution_reference.h, from the derivative of each
// of its lines. With dy the gradient of the output:
//
//   dc[t] = dy[t] output_gate[t]
//   dx[s] = sum over t of dc[t] k[t - s]
//   grad_input[t] = dx[t] input_gate[t] + skip[h] dy[t]
//   grad_input_gate[t] = dx[t] input[t]
//   grad_output_gate[t] = dy[t] c[t]
//   grad_skip[h] = sum over b and t of dy[t] input[t]
//   dk[j] = sum over b and t of dc[t] x[t - j]
//   grad_filter[j] = dk[j] where |k[j]| > squash, else 0
//
// The sums for dx and dk are modulo the length if circular; taps that fold onto one another have the same dk. With a frequency
// mask they are modulo fft_size, and dk is masked as the filter is: the mask is a symmetric linear map of the fft_size taps.
namespace ki::test {

struct LongConvolutionGradients {
  Array input, input_gate, output_gate;  ///< [batch, channels, length]
  Array filter;                          ///< [channels, filter_length]
  Array skip;                            ///< [channels]
  Array input_sums;                      ///< dx, [batch, channels, length]
  Array input_norms;                     ///< [batch, channels]: of dx; with a mask, of all fft_size values
  Array filter_norms;                    ///< [channels]: of dk, likewise, summed over the batch
};

/// In double precision. Gradients of gates and of a skip that there are not are as if they were 1.
LongConvolutionGradients gradients_reference(const LongConvolutionArguments& arguments, const Array& grad_output);

}  // namespace ki::test
