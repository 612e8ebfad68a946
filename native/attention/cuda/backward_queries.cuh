// The gradient of the queries: FlashAttention-2 backward (Dao 2023, section 3.1.2), by tiles of queries, on the tensor
// cores of sm_80, or for float32 on the CUDA cores.
//
// A block owns a tile of queries of one head and walks over the keys that they see, as the forward pass does. Each warp
// owns some rows of queries:
//
//   S = Q K^T    dP = dO V^T    dQ += (exp(S - logsumexp) (dP - delta)) K
//
// The scores are computed a second time, for the gradients of keys and values are summed by other blocks; in return all
// sums are formed in a fixed order, by one warp each, without atomics.
#pragma once

#include "attention/cuda/backward_place.cuh"
#include "attention/cuda/fragment_scores.cuh"
#include "attention/cuda/hidden_rows.cuh"
#include "attention/cuda/score_gradients.cuh"
#include "attention/cuda/write_gradient.cuh"
#include "cuda/device/left_factor.cuh"
#include "cuda/device/tile_copy.cuh"
#include "cuda/device/warp_matrix_float32.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

template <class Element_, class Rows_, class Variant_, int kHeadDim>
struct QueryGradientConfig {
  using Element = Element_;
  using Rows = Rows_;
  using Variant = Variant_;
  static constexpr QueryGradientTile kTile = query_gradient_tile(kHeadDim, sizeof(Element));
};

template <class Config>
struct QueryGradientSharedMemory {
  static constexpr QueryGradientTile kTile = Config::kTile;
  using QueryTile = SharedTile<typename Config::Element, kTile.queries(), kTile.head_dim>;
  using KeyTile = SharedTile<typename Config::Element, kTile.keys, kTile.head_dim>;
  struct Stage {
    KeyTile keys, values;
  };

  struct alignas(kGradientPlaceBytes) {
    QueryGradientPlace place;
    Place of_head;
  };
  QueryTile queries, grad_outputs;  // at the end the gradient is in the first
  Stage stages[kTile.stages];
};

// The tiles of keys that the block walks over, from the last to the first, and how they are loaded.
template <class Config>
struct GradientKeyWalk {
  using Variant = typename Config::Variant;
  using Rows = typename Config::Rows;
  static constexpr int kKeys = Config::kTile.keys, kThreads = Config::kTile.threads();
  const BackwardParams& p;
  QueryGradientSharedMemory<Config>& shared;
  const Variant& variant;

  __device__ TileState state(int j) const {
    return variant.tile_state(shared.place.first_query, shared.place.last_query, j * kKeys, (j + 1) * kKeys - 1);
  }
  // Negative if there is none.
  __device__ int before(int j) const {
    do {
      j = shared.place.keys.before(j);
    } while (j >= 0 && state(j) == TileState::skip);
    return j;
  }
  __device__ void load(int j, int stage, int thread) const {
    const QueryGradientPlace& place = shared.place;
    const int first = j * kKeys, row = place.first_key_row + first, rows = place.seq_k - first,
              head = place.head / p.group;
    copy_rows<kThreads>(shared.stages[stage].keys, p.key, p.key_strides, place.batch, row, head, rows,
                        Rows(p.row_bytes, p.alignment), thread);
    copy_rows<kThreads>(shared.stages[stage].values, p.value, p.value_strides, place.batch, row, head, rows,
                        Rows(p.row_bytes_v, p.alignment), thread);
    ptx::cp_async_commit_group();
  }
};

template <class Config>
__device__ void backward_queries(const BackwardParams& p, QueryGradientSharedMemory<Config>& shared) {
  using T = typename Config::Element;
  using Variant = typename Config::Variant;
  using Rows = typename Config::Rows;
  using KeyTile = typename QueryGradientSharedMemory<Config>::KeyTile;
  using QueryTile = typename QueryGradientSharedMemory<Config>::QueryTile;
  constexpr QueryGradientTile kTile = Config::kTile;
  constexpr int kThreads = kTile.threads(), kRows = kTile.rows_per_warp, kKeys = kTile.keys;
  const int thread = ptx::tid_x(), lane = thread % kWarpSize, first_row = thread / kWarpSize * kRows;
  const QueryGradientPlace& place = shared.place;
  if (thread == 0) {
    shared.place.find(p, kTile);
    shared.of_head = place.of_head(place.head);
  }
  __syncthreads();
  if (!place.exists()) return;

  const int row = place.first_query_row + place.first_query, rows = place.seq_q - place.first_query;
  copy_rows<kThreads>(shared.queries, p.query, p.query_strides, place.batch, row, place.head, rows,
                      Rows(p.row_bytes, p.alignment), thread);
  copy_rows<kThreads>(shared.grad_outputs, p.grad_output, p.grad_output_strides, place.batch, row, place.head, rows,
                      Rows(p.row_bytes_v, p.alignment), thread);
  ptx::cp_async_commit_group();
  const auto variant = make_variant<Variant>(p, shared.of_head);
  const GradientKeyWalk<Config> walk{p, shared, variant};
  int j = walk.before(place.keys.end);
  if (kTile.stages > 1 && j >= 0) walk.load(j, 0, thread);
  const RowSums<kRows> row_sums(p, row_sums_at(p, place.batch, row + first_row, place.head), rows - first_row);

  Accumulator<kRows, kTile.head_dim> sums;
  sums.clear();
  const std::uint32_t queries_at = FactorAddress<T>::left(shared.queries, first_row, lane);
  const std::uint32_t keys_at = FactorAddress<T>::transposed(shared.stages[0].keys, lane);
  const std::uint32_t right_keys_at = FactorAddress<T>::right(shared.stages[0].keys, lane);
#pragma unroll 1
  for (int stage = 0; j >= 0; stage = kTile.stages - 1 - stage) {
    if constexpr (kTile.stages == 1) {
      __syncthreads();  // Nobody needs the tile before any more.
      walk.load(j, 0, thread);
    }
    ptx::cp_async_wait_group<0>();
    __syncthreads();  // The tile is here, and nobody needs the one before any more.
    const int tile = j;
    j = walk.before(j);
    if (kTile.stages > 1 && j >= 0) walk.load(j, 1 - stage, thread);

    const auto offset = static_cast<std::uint32_t>(stage * sizeof(shared.stages[0]));
    Accumulator<kRows, kKeys> scores, gradients;
    scores.clear();
    multiply_tiles_transposed<KeyTile>(scores, queries_at, keys_at + offset);
    gradients.clear();
    multiply_tiles_transposed<KeyTile>(gradients, queries_at + sizeof(QueryTile), keys_at + offset + sizeof(KeyTile));

    const TileState state = walk.state(tile);
    const TileChanges changes{state != TileState::full, !place.keys.full(tile)};
    make_score_gradients(p, variant, changes,
                         FragmentScores<kRows, kKeys>{scores, place.first_query + first_row, tile * kKeys}, gradients,
                         row_sums, [&](auto view) {
                           view.for_each([&](float& score, int query, int key) {
                             if (!place.visible.contains(query, key)) score = -kInfinity;
                           });
                         });
    if (changes.hidden || state == TileState::partial) {
      __syncthreads();  // All warps have multiplied with the keys, which now lose what is not finite.
      remove_not_finite<kThreads>(shared.stages[stage].keys, thread);
      __syncthreads();
    }
    LeftFactor<T, kRows, kKeys> left;
    left.set_all(gradients);
    multiply<KeyTile>(sums, left, right_keys_at + offset);
  }
  ptx::cp_async_wait_group<0>();
  __syncthreads();  // The queries are here even if there were no keys.
  write_gradient(
      sums, p.scale, shared.queries, first_row, kRows, min(kRows, rows - first_row),
      row_at(static_cast<char*>(p.grad_query), p.grad_query_strides, place.batch, row + first_row, place.head),
      p.grad_query_strides.position, Rows(p.row_bytes, p.alignment));
}

}  // namespace ki::attention::cuda
