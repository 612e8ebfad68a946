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

/// The same sums over absolute values, from which the tolerance of float32 sums is derived. In them p_j is more than itself, for
/// it is no sum but the exponential of a difference, and what float32 loses of that is its relative error: of s_j, with T the sum
/// of its absolute terms, and of the logsumexp four roundings each,
///
///   |error of p_j| <= 4 * 2^-24 (T + |logsumexp|) p_j
///
/// They are those of a sum, of the factor on it, of the change to base 2, and of the result: of the logsumexp, those in which
/// it is stored, changed to base 2 by a constant that is itself rounded, and subtracted. Of the 16 roundings that a sum
/// may lose, they are a quarter, so p_j counts 1 + (T + |logsumexp|) / 4 times. (Tried on 200 float32 problems with scales from
/// 0.25 to 30 on every backend: two roundings fail now and then, three never.)
AttentionGradients gradients_magnitude(const AttentionArguments& arguments, const Array& grad_output);

/// With every elementary result rounded to `storage` and sums in float32, as in attention_naive. The sums for key and bias, which
/// others may be added to, are left as they are.
AttentionGradients gradients_naive(const AttentionArguments& arguments, const Array& grad_output, ki_dtype storage);

}  // namespace ki::test
