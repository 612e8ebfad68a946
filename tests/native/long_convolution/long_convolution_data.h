#pragma once

#include <optional>
#include <vector>

#include "long_convolution/long_convolution_cases.h"
#include "reference/long_convolution_reference.h"
#include "support/tensor_data.h"

namespace ki::test {

/// The tensors of a case, laid out and filled from a seed that depends on the case's name only.
struct LongConvolutionData {
  explicit LongConvolutionData(const LongConvolutionCase& convolution_case);

  LongConvolutionCase convolution_case;
  TensorData input, output;  ///< [batch, channels, length], of all pieces
  TensorData filter;         ///< [channels, filter_length]
  std::optional<TensorData> input_gate, output_gate, skip;
  std::optional<TensorData> state;           ///< what a streaming case begins with
  std::optional<TensorData> frequency_mask;  ///< on the host

  std::vector<TensorData*> tensors();

  /// A copy in which tensors that share memory still do, and nobody else does.
  LongConvolutionData copy() const;

  /// What the tensors hold, as the reference takes it.
  LongConvolutionArguments arguments() const;
};

/// A tensor [batch, channels, length] where its case places it; what is written never lies on top of itself.
TensorData placed_rows(const LongConvolutionCase& convolution_case, bool is_written);

}  // namespace ki::test
