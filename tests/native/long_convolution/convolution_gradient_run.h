#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "long_convolution/long_convolution_run.h"

// Runs of the backward pass of long convolution.
namespace ki::test {

enum class WantedGradients { all, input, filter, gates_and_skip };

struct ConvolutionGradientCase {
  LongConvolutionCase forward;
  WantedGradients wanted = WantedGradients::all;

  std::string name() const;

  bool wants_input() const { return wanted == WantedGradients::all || wanted == WantedGradients::input; }
  bool wants_filter() const { return wanted == WantedGradients::all || wanted == WantedGradients::filter; }
  bool wants_gates() const { return wanted == WantedGradients::all || wanted == WantedGradients::gates_and_skip; }
};

void PrintTo(const ConvolutionGradientCase& gradient_case, std::ostream* stream);

/// The table that drives every backend.
const std::vector<ConvolutionGradientCase>& convolution_gradient_cases();

/// The tensors of a case, filled.
struct ConvolutionGradientData {
  explicit ConvolutionGradientData(const ConvolutionGradientCase& gradient_case);

  ConvolutionGradientCase gradient_case;
  LongConvolutionData forward;
  TensorData grad_output;
  std::optional<TensorData> grad_input, grad_filter, grad_input_gate, grad_output_gate, grad_skip;

  /// The gradients that are wanted, in the order above.
  std::vector<TensorData*> written();
  ConvolutionGradientData copy() const;
};

struct ConvolutionGradients {
  std::optional<Array> input, filter, input_gate, output_gate, skip;
  std::vector<std::uint32_t> bits;         ///< of all of them
  std::optional<std::string> stray_write;  ///< a byte that changed and is no element of a gradient
  TransformPrecision precision;
};

ConvolutionGradients run_backward(const ConvolutionGradientData& data, const Device& device, ki_stream* stream,
                                  const LongConvolutionPlan& plan, Workspace workspace = Workspace::of_stream);

/// The same with a new plan on a new stream.
ConvolutionGradients run_backward(const ConvolutionGradientData& data, const Device& device,
                                  Workspace workspace = Workspace::of_stream);

struct ConvolutionGradientExpectation {
  explicit ConvolutionGradientExpectation(const ConvolutionGradientData& data);

  TransformExpected input, filter, input_gate, output_gate, skip;
};

testing::AssertionResult is_right(const ConvolutionGradientData& data, const ConvolutionGradients& got,
                                  const ConvolutionGradientExpectation& want);

}  // namespace ki::test
