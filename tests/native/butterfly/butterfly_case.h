#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reference/butterfly_reference.h"
#include "support/dtype.h"
#include "support/random.h"
#include "support/staging.h"
#include "support/tensor_data.h"

namespace ki::test {

/// A butterfly convolution to compute.
struct ButterflyCase {
  ki_dtype dtype = KI_DTYPE_FLOAT32;
  int n1 = 16, n2 = 16;
  std::int64_t batch = 1, channels = 3, length = 200, filter_length = 56;
  ki_dtype filter_dtype = KI_DTYPE_FLOAT32;
  bool gates = false;
  std::optional<ki_dtype> skip{};
  bool dft = false;      ///< the Fourier transform's coefficients, else random ones
  bool strided = false;  ///< rows with gaps, channels before batch entries

  std::string name() const;
};

/// Every combination that a backend is tested with, forwards and backwards.
std::vector<ButterflyCase> butterfly_cases();

/// A case's tensors, full of random values.
struct ButterflyData {
  explicit ButterflyData(const ButterflyCase& c) : ButterflyData(c, Random(seed_of(c.name()))) {}

  /// Their values, as their types hold them.
  ButterflyReferenceInputs inputs() const;

  ButterflyCase butterfly_case;
  TensorData input, filter, forward_first, forward_second, inverse_second, inverse_first, grad_output;
  std::optional<TensorData> input_gate, output_gate, skip;

 private:
  ButterflyData(const ButterflyCase& c, Random random);
};

/// What a call wrote.
struct ButterflyGradientTensors {
  TensorData grad_input, grad_filter, grad_forward_first, grad_forward_second, grad_inverse_second, grad_inverse_first;
  std::optional<TensorData> grad_input_gate, grad_output_gate, grad_skip;
};

/// Runs a case with a workspace of exactly the size that is asked for. Fails the test if anything else was written to.
TensorData run_butterfly_forward(const ButterflyData& data, const Device& device);
/// Backwards all gradients are asked for, or the one of this name `only`; the others then keep what was written there before.
ButterflyGradientTensors run_butterfly_backward(const ButterflyData& data, const Device& device,
                                                const std::optional<std::string>& only = {});

/// A gradient, and what it should be.
struct ButterflyGradientCheck {
  const char* name;
  const TensorData* got;
  Array ButterflyReferenceGradients::*want;
};
std::vector<ButterflyGradientCheck> all_gradients(const ButterflyGradientTensors& tensors);

}  // namespace ki::test
