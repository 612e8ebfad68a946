#pragma once

#include "kernels_interop.h"
#include "reference/attention_reference.h"
#include "support/array.h"

// Gradients of attention over one sequence, in the notation of attention_reference.h, from the derivative of each of its lines.
// With dO the gradient of the output, for each query i of head h and each key j that it sees:
//
//   p_j = exp(s_j - logsumexp)
//   delta = sum_c dO_c o_c
//   dp_j = d_j sum_c dO_c v[j, g, c]
//   ds_j = p_j (dp_j - delta)                         which is the gradient of the bias, too
//   dt_j = ds_j (1 - tanh(s / softcap)^2)             s being scale * q . k
//   dq[i, h] += scale dt_j k[j, g]
//   dk[j, g] += scale dt_j q[i, h]
//   dv[j, g] += p_j d_j dO
namespace ki::test {

struct AttentionGradients {
  Array query, key, value;  ///< each of the shape of what it is the gradient of
  Array bias;               ///< [heads_q, seq_q, seq_k], of the bias as it is spread over all of them
};

/// In double precision.
AttentionGradients gradients_reference(const AttentionArguments& arguments, const Array& grad_output);

/// The same sums over absolute values, from which the tolerance of float32 sums is derived. p_j counts 1 + |logsumexp| times: it
/// is the exponential of a difference of two numbers of about that size, whose roundings become its relative error.
AttentionGradients gradients_magnitude(const AttentionArguments& arguments, const Array& grad_output);

/// With every elementary result rounded to `storage` and sums in float32, as in attention_naive. The sums for key and bias, which
/// others may be added to, are left as they are.
AttentionGradients gradients_naive(const AttentionArguments& arguments, const Array& grad_output, ki_dtype storage);

}  // namespace ki::test
