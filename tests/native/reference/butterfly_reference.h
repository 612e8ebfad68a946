#pragma once

#include <cstdint>
#include <vector>

#include "support/array.h"
#include "support/tolerance.h"

// Butterfly convolutions from their formula, one row and one sum at a time; nothing here is shared with the library.
namespace ki::test {

struct ButterflyReferenceInputs {
  int n1, n2;
  ki_dtype dtype;  ///< of the rows: what the naive computation rounds to
  Array input;     ///< [batch, channels, length]
  Array filter;    ///< [channels, filter_length]
  Array forward_first, forward_second, inverse_second, inverse_first;
  Array input_gate, output_gate;  ///< of no element if there is none
  Array skip;                     ///< [channels], or of no element
};

struct ButterflyReferenceGradients {
  Array grad_input, grad_filter, grad_forward_first, grad_forward_second, grad_inverse_second, grad_inverse_first;
  Array grad_input_gate, grad_output_gate, grad_skip;
};

/// How a formula is computed: in double precision; naively, with every elementary result rounded to the rows' type and
/// sums in float32; or over absolute values.
enum class Arithmetic { exact, naive, absolute };

Array butterfly_forward(const ButterflyReferenceInputs& inputs, Arithmetic arithmetic = Arithmetic::exact);

ButterflyReferenceGradients butterfly_backward(const ButterflyReferenceInputs& inputs, const Array& grad_output,
                                               Arithmetic arithmetic = Arithmetic::exact);

/// The coefficients of the Fourier transform.
struct ButterflyCoefficientArrays {
  Array forward_first, forward_second, inverse_second, inverse_first;
};
ButterflyCoefficientArrays dft_coefficients(int n1, int n2);

}  // namespace ki::test
