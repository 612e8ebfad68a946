// A butterfly convolution, checked. Every backend's kernels start from this and assume that it is valid.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "core/tensor.h"

namespace ki::long_convolution {

inline constexpr OperatorId kButterflyOperator{"butterfly convolution"};
inline constexpr std::int64_t kMinButterflyFactor = 16;
inline constexpr std::int64_t kMaxButterflyFactor = 256;

// The factors n1 and n2 of the points n.
struct ButterflySize {
  int n1, n2;
  int points() const { return n1 * n2; }
};

// The blocks of both transforms, or their gradients: contiguous float32. Those that are absent have rank 0.
struct ButterflyCoefficients {
  Tensor forward_first;   // [n2, n1, n1, 2]: for each t2 the block [k1, t1]
  Tensor forward_second;  // [n1, n2, n2, 2]: for each k1 the block [k2, t2]
  Tensor inverse_second;  // [n1, n2, n2, 2]: for each k1 the block [t2, k2]
  Tensor inverse_first;   // [n2, n1, n1, 2]: for each t2 the block [t1, k1]
};

// Tensors that are absent have rank 0.
struct ButterflyProblem {
  Tensor input, output;            // [batch, channels, length]
  Tensor input_gate, output_gate;  // [batch, channels, length]
  Tensor filter;                   // [channels, filter_length]
  Tensor skip;                     // [channels], float32 or the input's dtype
  ButterflyCoefficients coefficients;
  ButterflySize size;
  std::int64_t batch, channels, length, filter_length;
};

ButterflyProblem read_butterfly_problem(const ki_butterfly_convolution_problem* problem, const ki_device_info& device,
                                        Addresses addresses = Addresses::required);

// The gradients of a problem, which has no output. Tensors that are absent have rank 0.
struct ButterflyBackwardProblem {
  ButterflyProblem forward;
  Tensor grad_output;
  Tensor grad_input, grad_input_gate, grad_output_gate;  // [batch, channels, length]
  Tensor grad_filter;                                    // [channels, filter_length] float32
  Tensor grad_skip;                                      // [channels] float32
  ButterflyCoefficients grad_coefficients;
};

ButterflyBackwardProblem read_butterfly_backward_problem(const ki_butterfly_convolution_problem* problem,
                                                         const ki_butterfly_convolution_gradients* gradients,
                                                         const ki_device_info& device,
                                                         Addresses addresses = Addresses::required);

// Coefficients that will be written.
struct ButterflyTables {
  ButterflyCoefficients coefficients;
  ButterflySize size;
};

ButterflyTables read_butterfly_tables(const ki_tensor* forward_first, const ki_tensor* forward_second,
                                      const ki_tensor* inverse_second, const ki_tensor* inverse_first,
                                      const ki_device_info& device);

// What a backend offers for butterfly convolutions. Workspaces depend on no address.
struct ButterflyOperations {
  std::uint64_t (*forward_workspace)(Device& device, const ButterflyProblem& problem);
  void (*forward)(Device& device, Stream& stream, const ButterflyProblem& problem, void* workspace);
  std::uint64_t (*backward_workspace)(Device& device, const ButterflyBackwardProblem& problem);
  void (*backward)(Device& device, Stream& stream, const ButterflyBackwardProblem& problem, void* workspace);
  void (*write_dft)(Device& device, Stream& stream, const ButterflyTables& tables);
};

}  // namespace ki::long_convolution
