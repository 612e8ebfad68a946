// Gradients of scores, by tiles whose rows are queries.
#pragma once

#include "attention/cuda/backward_place.cuh"
#include "attention/cuda/fragment_scores.cuh"
#include "attention/cuda/recomputed_weights.cuh"
#include "cuda/device/tile_copy.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Begins to copy `rows` rows of one head of a tensor.
template <int kThreads, class Rows, class Tile>
__device__ void copy_rows(Tile& tile, const void* data, const Strides& strides, int batch, int row, int head, int rows,
                          const Rows& shape, int thread) {
  const char* from = row_at(static_cast<const char*>(data), strides, batch, row, head);
  load_tile_async<kThreads>(tile, TileShare<Tile, kThreads>::source(from, strides.position, thread), strides.position,
                            rows, shape, thread);
}

// The two sums of the lane's rows.
template <int kRows>
struct RowSums {
  float logsumexp[kRows / 16][2], delta[kRows / 16][2];

  // Rows that do not exist have zeros.
  __device__ RowSums(const BackwardParams& p, const float* first_row, int rows) {
    const int lane = ptx::tid_x() % kWarpSize;
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = m * 16 + FragmentC::row(lane, 2 * half);
        logsumexp[m][half] = row < rows ? first_row[row] : 0;
        delta[m][half] = row < rows ? first_row[p.row_sums_half + row] : 0;
      }
    }
  }
};

// Of scores, and of gradients of weights, makes gradients of scores, in `gradients`.
template <class Variant, int kRows, int kKeys, class Hide>
__device__ void make_score_gradients(const BackwardParams& p, const Variant& variant, const TileChanges& changes,
                                     FragmentScores<kRows, kKeys> view, Accumulator<kRows, kKeys>& gradients,
                                     const RowSums<kRows>& sums, Hide hide) {
  Accumulator<kRows, kKeys> signed_weights;
  recompute_weights(variant, changes, p.query_sign, p.softmax_factor, view, view.scores, signed_weights, hide,
                    [&](int m, int, int i) { return sums.logsumexp[m][i / 2]; });
  const auto& weights = Variant::kIsPlain ? view.scores : signed_weights;
  if (Variant::kIsPlain && !changes.hidden) {
    for_each_element(gradients,
                     [&](float& x, int m, int n, int i) { x = weights.at[m][n][i] * (x - sums.delta[m][i / 2]); });
  } else {
    for_each_element(gradients, [&](float& x, int m, int n, int i) {
      x = score_gradient(weights.at[m][n][i], x, sums.delta[m][i / 2], variant);
    });
  }
}

}  // namespace ki::attention::cuda
