// FlashAttention-2 forward (Dao 2023, section 3.1) on the tensor cores of sm_80.
//
// A block computes the output of one tile of queries of one head. It walks over the tiles of keys and values from the last
// to the first; each warp owns some rows of queries, whose scores, sums and outputs never leave its registers. Keys and
// values have one tile of shared memory each, and take turns: while one is being multiplied, the other arrives.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/fragment_scores.cuh"
#include "attention/cuda/hidden_values.cuh"
#include "attention/cuda/key_tile_walk.cuh"
#include "attention/cuda/load_keys.cuh"
#include "attention/cuda/load_queries.cuh"
#include "attention/cuda/query_tile.cuh"
#include "attention/cuda/tile_size.h"
#include "attention/cuda/variant.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/warp_matrix.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

template <class Element_, class Rows_, class Variant_, int kHeadDim>
struct ForwardConfig {
  using Element = Element_;
  using Rows = Rows_;
  using Variant = Variant_;
  using Params = KernelParams<typename Variant::Params>;
  static constexpr TileSize kTile = !Rows::kWhole       ? padded_tile(kHeadDim)
                                    : Variant::kIsPlain ? whole_tile(kHeadDim)
                                                        : variant_tile(kHeadDim);
};

template <class Config>
struct ForwardSharedMemory {
  static constexpr TileSize kTile = Config::kTile;
  alignas(kQueryTileBytes) QueryTile tile;
  SharedTile<typename Config::Element, kTile.queries(), kTile.head_dim> queries;  // at the end, the output
  SharedTile<typename Config::Element, kTile.keys, kTile.head_dim> keys;
  SharedTile<typename Config::Element, kTile.keys, kTile.head_dim> values;
};

// What a warp remembers of its rows from tile to tile.
template <class Config>
struct WarpState {
  static constexpr int kRows = Config::kTile.rows_per_warp;
  Accumulator<kRows, Config::kTile.head_dim> output;  // unscaled
  SoftmaxRow<4> rows[kRows / 16][2];
};

// Turns scores into powers of two, short of the division by their sum, and brings the state of every row up to date.
template <class Config, int kRows, int kKeys>
__device__ void softmax(Accumulator<kRows, kKeys>& scores, WarpState<Config>& state, float scale) {
#pragma unroll
  for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float largest = -kInfinity;
#pragma unroll
      for (auto& block : scores.at[m]) largest = fmaxf(largest, fmaxf(block[2 * half], block[2 * half + 1]));

      SoftmaxRow<4>& row = state.rows[m][half];
      const float factor = row.raise(largest, scale), shift = row.shift(scale);
#pragma unroll
      for (auto& block : scores.at[m]) {
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; ++i) {
          block[i] = ptx::ex2_approx_ftz_f32(fmaf(block[i], scale, -shift));
          row.sum += block[i];
        }
      }
#pragma unroll
      for (auto& block : state.output.at[m]) {
        block[2 * half] *= factor;
        block[2 * half + 1] *= factor;
      }
    }
  }
}

// Adds the values that remove_values_not_finite() has taken out of the block's tiles.
template <class Config>
__device__ void add_values_not_finite(const typename Config::Params& params, const QueryTile& tile,
                                      WarpState<Config>& state) {
  constexpr int kRows = Config::kTile.rows_per_warp, kKeys = Config::kTile.keys;
  const ForwardParams& p = params.forward;
  const typename Config::Variant variant(params.variant, tile.place);
  const KeyTileWalk<Config> walk{tile, variant};
#pragma unroll 1
  for (int j = walk.last(); j >= 0; j = walk.before(j)) {
    if (!walk.hides(j)) continue;
#pragma unroll 1
    for (int key = j * kKeys; key < min((j + 1) * kKeys, tile.place.seq_k); ++key) {
      const int lane = ptx::tid_x() % kWarpSize, warp = ptx::tid_x() / kWarpSize;
      unsigned seen = 0, dropped = 0;
#pragma unroll 1
      for (int row = 0; row < kRows / 8; ++row) {
        const int query = tile.first_query + warp * kRows + row * 8 + lane / 4;
        if (sees(tile.visible, variant, query, key)) seen |= 1U << row;
        if (variant.drops() && !variant.keeps(query, key)) dropped |= 1U << row;
      }
      add_values_not_finite<typename Config::Element>(state.output, tile.value_rows + key * p.value_strides.position,
                                                      p.row_bytes_v, seen, dropped);
    }
  }
}

// Divides the output by the sums and writes it, by way of the warp's rows of the tile of queries, which nobody else reads. A
// barrier must have passed since its lanes read them.
template <class Config>
__device__ void write_output(const ForwardParams& p, const WarpState<Config>& state,
                             ForwardSharedMemory<Config>& shared, float weight_scale) {
  using T = typename Config::Element;
  constexpr int kRows = Config::kTile.rows_per_warp;
  const QueryTile& tile = shared.tile;
  const int lane = ptx::tid_x() % kWarpSize, first_row = ptx::tid_x() / kWarpSize * kRows;
  const int first_query = tile.first_query + first_row;
#pragma unroll
  for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = m * 16 + FragmentC::row(lane, 2 * half), query = first_query + row;
      const SoftmaxRow<4>& softmax = state.rows[m][half];
      const float total = softmax.total(), factor = inverse_of(total) * weight_scale;
#pragma unroll
      for (int n = 0; n < Config::kTile.head_dim / 8; ++n) {
        const float* pair = &state.output.at[m][n][2 * half];
        reinterpret_cast<std::uint32_t*>(&shared.queries.chunk(first_row + row, n))[lane % 4] =
            ptx::cvt_rn_x2_f32<T>(pair[1] * factor, pair[0] * factor);
      }
      if (p.logsumexp != nullptr && lane % 4 == 0 && query < tile.place.seq_q) {
        *reinterpret_cast<float*>(tile.query_row(static_cast<char*>(p.logsumexp), p.logsumexp_strides, query)) =
            logsumexp_of(softmax, total, p.scale_log2);
      }
    }
  }
  __syncwarp();
  const typename Config::Rows shape(p.row_bytes_v, p.alignment);
  char* to = tile.query_row(static_cast<char*>(p.output), p.output_strides, first_query);
  store_rows(shared.queries, first_row, min(kRows, tile.place.seq_q - first_query), to, p.output_strides.position,
             shape, lane);
}

template <class Config>
__device__ void attention_forward(const typename Config::Params& params, ForwardSharedMemory<Config>& shared) {
  constexpr TileSize kTile = Config::kTile;
  constexpr int kThreads = kTile.threads(), kRows = kTile.rows_per_warp, kKeys = kTile.keys;
  const ForwardParams& p = params.forward;
  const QueryTile& tile = shared.tile;
  const int thread = ptx::tid_x(), lane = thread % kWarpSize, warp = thread / kWarpSize;
  if (thread == 0) shared.tile.find(p, kTile);
  __syncthreads();
  if (!tile.exists()) return;

  const typename Config::Variant variant(params.variant, tile.place);
  const KeyTileWalk<Config> walk{tile, variant};
  int j = walk.last();
  if (j >= 0) {
    load_queries<Config>(p, tile, shared.queries, thread);
    load_keys<Config>(p, shared, j);
  }

  WarpState<Config> state;
  state.output.clear();
  bool found_not_finite = false;
  const std::uint32_t queries_at = lane_address_a(shared.queries, warp * kRows, lane);
  const std::uint32_t keys_at = lane_address_b(shared.keys, 0, lane);
  const std::uint32_t values_at = lane_address_a(shared.values, 0, lane);
#pragma unroll 1
  for (int next; j >= 0; j = next) {
    ptx::cp_async_wait_group<0>();
    __syncthreads();  // The keys are here, and nobody needs the values before them any more.
    load_values<Config>(p, shared, j);

    Accumulator<kRows, kKeys> scores;
    scores.clear();
    multiply_transposed<decltype(shared.keys)>(scores, queries_at, keys_at);
    const FragmentScores<kRows, kKeys> view{scores, tile.first_query + ptx::tid_x() / kWarpSize * kRows, j * kKeys};

    if (walk.changes(j)) apply_variant(variant, view);
    hide_invisible(tile.visible, tile.keys, j, view);

    ptx::cp_async_wait_group<0>();
    if (walk.hides(j)) found_not_finite |= remove_values_not_finite<kThreads>(shared.values, ptx::tid_x());
    __syncthreads();  // The values are here, and nobody needs the keys any more.
    next = walk.before(j);
    if (next >= 0) load_keys<Config>(p, shared, next);

    softmax(scores, state, p.scale_log2);
    if (variant.drops()) apply_dropout(variant, view);
    multiply<decltype(shared.values)>(state.output, scores, values_at);
  }
  if (__syncthreads_or(found_not_finite)) add_values_not_finite<Config>(params, tile, state);
  write_output(p, state, shared, variant.weight_scale());
}

}  // namespace ki::attention::cuda
