#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "attention/attention_data.h"
#include "attention/attention_run.h"
#include "support/handles.h"
#include "support/tolerance.h"

// Runs of the backward pass. Output and logsumexp, which it reads, are the reference's, rounded to their types.
namespace ki::test {

struct GradientCase {
  AttentionCase forward;
  bool wants_bias = true;  ///< if there is one
  bool deterministic = false;
  bool nan_gradient = false;  ///< NaN in the gradient of one query's output

  std::string name() const;
};

void PrintTo(const GradientCase& gradient_case, std::ostream* stream);

/// The table that drives every backend.
const std::vector<GradientCase>& gradient_cases();

/// The tensors of a case, filled. Rows of packed gradients that belong to no sequence may be written or not.
struct GradientData {
  explicit GradientData(const GradientCase& gradient_case);

  GradientCase gradient_case;
  AttentionData forward;
  TensorData grad_output, grad_query, grad_key, grad_value;
  std::optional<TensorData> grad_bias;

  /// All that there are, and those that the library writes.
  std::vector<TensorData*> tensors();
  std::vector<TensorData*> written();
  GradientData copy() const;
};

/// The structs of the C ABI for a case whose tensors are on a device.
struct GradientCall {
  GradientCall(GradientData& data, Staging& staging);

  AttentionCall forward;
  ki_attention_gradients gradients{};
};

struct Gradients {
  Array query, key, value;  ///< without rows that belong to no sequence
  std::optional<Array> bias;
  std::vector<std::uint32_t> bits;         ///< of all of them
  std::optional<std::string> stray_write;  ///< a byte that changed and is no element of a gradient
};

/// What a run has left in the tensors of a case.
Gradients gradients_in(const GradientData& data);

Gradients run_backward(const GradientData& data, const Device& device, ki_stream* stream,
                       Workspace workspace = Workspace::of_stream);
Gradients run_backward(const GradientData& data, const Device& device, Workspace workspace = Workspace::of_stream);

struct GradientExpectation {
  explicit GradientExpectation(const GradientData& data);

  Expected query, key, value, bias;
};

testing::AssertionResult is_right(const GradientData& data, const Gradients& got, const GradientExpectation& want);

}  // namespace ki::test
