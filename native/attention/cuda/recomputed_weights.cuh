// The weights of the softmax, recomputed from scores and the logsumexp of their rows, and the gradient of the scores.
//
// A weight carries in its sign what became of its score: -0 says that the key is hidden, a negative weight that it was dropped.
#pragma once

#include "attention/cuda/variant.cuh"
#include "cuda/device/warp_matrix.cuh"
#include "cuda/ptx/math.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

inline constexpr float kHiddenWeight = -0.0F;

__device__ inline bool is_hidden(float weight) { return __float_as_uint(weight) == 0x80000000; }

// What happens to the scores of a tile.
struct TileChanges {
  bool by_variant;  // the variant has to see each
  bool hidden;      // some may be hidden
};

template <int kRows, int kColumns, class F>
__device__ void for_each_element(Accumulator<kRows, kColumns>& sums, F f) {
#pragma unroll
  for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
    for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
      for (int i = 0; i < FragmentC::kElements; ++i) f(sums.at[m][n][i], m, n, i);
    }
  }
}

// Makes of products of queries and keys the weights that multiply values, 0 where dropped, in `scores`, and, in `weights`,
// those that multiply gradients, with signs and with the derivative of the variant. For the plain variant both are the
// same, and `weights` is not used. hide(view) hides by position; logsumexp(m, n, i) is in base 2, +infinity for a row that
// sees nothing.
template <class Variant, class View, int kRows, int kColumns, class Hide, class Logsumexp>
__device__ void recompute_weights(const Variant& variant, const TileChanges& changes, float sign, float factor,
                                  View view, Accumulator<kRows, kColumns>& scores,
                                  Accumulator<kRows, kColumns>& weights, Hide hide, Logsumexp logsumexp) {
  if constexpr (Variant::kIsPlain) {
    factor *= sign;
    if (!changes.hidden) {
      for_each_element(scores, [&](float& x, int m, int n, int i) {
        x = ptx::ex2_approx_ftz_f32(fmaf(x, factor, -logsumexp(m, n, i)));
      });
      return;
    }
    hide(view);
    for_each_element(scores, [&](float& x, int m, int n, int i) {
      x = x == -kInfinity ? kHiddenWeight : ptx::ex2_approx_ftz_f32(fmaf(x, factor, -logsumexp(m, n, i)));
    });
  } else {
    for_each_element(scores, [&](float& x, int, int, int) { x *= sign; });
    for_each_element(weights, [&](float& x, int, int, int) { x = 1; });
    if (changes.by_variant) {
      View slopes{weights, view.first_query, view.first_key};
      for_each_element(scores, [&](float& x, int m, int n, int i) { weights.at[m][n][i] = x; });
      slopes.for_each([&](float& x, int query, int key) { x = variant.score_gradient(x, query, key); });
      apply_variant(variant, view);
    }
    if (changes.hidden) hide(view);
    for_each_element(scores, [&](float& x, int m, int n, int i) {
      float& weight = weights.at[m][n][i];
      const float power = ptx::ex2_approx_ftz_f32(fmaf(x, factor, -logsumexp(m, n, i)));
      const bool hidden = x == -kInfinity;
      x = hidden ? 0 : power;
      weight = hidden ? kHiddenWeight : power * weight;
    });
    if (!variant.drops()) return;
    apply_dropout(variant, view);
    for_each_element(scores, [&](float& x, int m, int n, int i) {
      float& weight = weights.at[m][n][i];
      if (x != 0) return;
      weight = -fabsf(weight);
      x = weight * 0;  // NaN stays NaN, though it is dropped
    });
  }
}

// weight * (gradient of the weight - delta)
template <class Variant>
__device__ float score_gradient(float weight, float gradient, float delta, const Variant& variant) {
  if constexpr (Variant::kIsPlain) {
    return is_hidden(weight) ? 0 : weight * (gradient - delta);
  } else {
    const float kept = weight < 0 ? 0 : gradient * variant.weight_scale();
    return is_hidden(weight) ? 0 : fabsf(weight) * (kept - delta);
  }
}

}  // namespace ki::attention::cuda
