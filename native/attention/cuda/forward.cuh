// FlashAttention-2 forward (Dao 2023, section 3.1) on the tensor cores of sm_80.
//
// A block computes the output of one tile of queries of one head. It walks over the tiles of keys and values from the last
// to the first; each warp owns some rows of queries, whose scores, sums and outputs never leave its registers. Keys and
// values have one tile of shared memory each, and take turns: while one is being multiplied, the other arrives.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/hidden_values.cuh"
#include "attention/cuda/key_tile_walk.cuh"
#include "attention/cuda/load_queries.cuh"
#include "attention/cuda/query_tile.cuh"
#include "attention/cuda/tile_size.h"
#include "attention/cuda/variant.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/tile_copy.cuh"
#include "cuda/device/warp_matrix.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

template <class Element_, class Rows_, class Variant_, int kHeadDim>
struct ForwardConfig {
  using Element = Element_;
  using Rows = Rows_;
  using Variant = Variant_;
  static constexpr TileSize kTile = Rows::kWhole ? whole_tile(kHeadDim) : padded_tile(kHeadDim);
};

template <class Config>
struct ForwardSharedMemory {
  static constexpr TileSize kTile = Config::kTile;
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

// Lets the variant see every score of a tile.
template <class Variant, int kRows, int kKeys>
__device__ void apply_variant(const Variant& variant, Accumulator<kRows, kKeys>& scores, int first_query,
                              int first_key) {
  const int lane = ptx::tid_x() % kWarpSize;
  first_query += ptx::tid_x() / kWarpSize * kRows;
#pragma unroll
  for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
    for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
      for (int i = 0; i < FragmentC::kElements; ++i) {
        scores.at[m][n][i] = variant.score(scores.at[m][n][i], first_query + m * 16 + FragmentC::row(lane, i),
                                           first_key + n * 8 + FragmentC::col(lane, i));
      }
    }
  }
}

// Adds the values that remove_values_not_finite() has taken out of the block's tiles.
template <class Config, class Output>
__device__ void add_values_not_finite(const ForwardParams& p, Output& output) {
  const QueryTile tile(p, Config::kTile.queries());
  const int warp = ptx::tid_x() / kWarpSize;
  const KeyTiles tiles = tile.key_tiles(p, Config::kTile);
  const int first_key = tiles.full * Config::kTile.keys;
  const int last_key = min(tiles.end * Config::kTile.keys, p.visible.seq_k) - 1;
  const char* from = tile.value_rows(p) + first_key * p.value_strides.position;
  add_values_not_finite<typename Config::Element>(output, typename Config::Variant{p.visible},
                                                  tile.first_query + warp * Config::kTile.rows_per_warp, first_key,
                                                  last_key, from, p.value_strides.position, p.row_bytes_v);
}

// Divides the output by the sums and writes it, by way of the warp's rows of the tile of queries, which nobody else reads. A
// barrier must have passed since its lanes read them.
template <class Config, class Tile>
__device__ void write_output(const ForwardParams& p, const WarpState<Config>& state, Tile& staging) {
  using T = typename Config::Element;
  constexpr int kRows = Config::kTile.rows_per_warp;
  const QueryTile tile(p, Config::kTile.queries());
  const int lane = ptx::tid_x() % kWarpSize, first_row = ptx::tid_x() / kWarpSize * kRows;
  const int first_query = tile.first_query + first_row;
#pragma unroll
  for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = m * 16 + FragmentC::row(lane, 2 * half), query = first_query + row;
      const SoftmaxRow<4>& softmax = state.rows[m][half];
      const float total = softmax.total(), inverse = inverse_of(total);
#pragma unroll
      for (int n = 0; n < Config::kTile.head_dim / 8; ++n) {
        const float* pair = &state.output.at[m][n][2 * half];
        reinterpret_cast<std::uint32_t*>(&staging.chunk(first_row + row, n))[lane % 4] =
            ptx::cvt_rn_x2_f32<T>(pair[1] * inverse, pair[0] * inverse);
      }
      if (p.logsumexp != nullptr && lane % 4 == 0 && query < p.seq_q) {
        *reinterpret_cast<float*>(tile.at(static_cast<char*>(p.logsumexp), p.logsumexp_strides, tile.head, query)) =
            logsumexp_of(softmax, total, p.scale_log2);
      }
    }
  }
  __syncwarp();
  const typename Config::Rows shape(p.row_bytes_v, p.alignment);
  char* to = tile.at(static_cast<char*>(p.output), p.output_strides, tile.head, first_query);
  store_rows(staging, first_row, min(kRows, p.seq_q - first_query), to, p.output_strides.position, shape, lane);
}

template <class Config>
__device__ void attention_forward(const ForwardParams& p, ForwardSharedMemory<Config>& shared) {
  using Rows = typename Config::Rows;
  constexpr TileSize kTile = Config::kTile;
  constexpr int kThreads = kTile.threads(), kRows = kTile.rows_per_warp;
  const int thread = ptx::tid_x(), lane = thread % kWarpSize, warp = thread / kWarpSize;
  const QueryTile tile(p, kTile.queries());
  const typename Config::Variant variant{p.visible};
  const KeyTileWalk<Config> walk{p, tile, variant};

  int j = walk.last();
  TileStream<decltype(shared.keys), kThreads, Rows> keys(tile.key_rows(p), p.key_strides.position, p.visible.seq_k,
                                                         Rows(p.row_bytes, p.alignment), j, thread);
  TileStream<decltype(shared.values), kThreads, Rows> values(
      tile.value_rows(p), p.value_strides.position, p.visible.seq_k, Rows(p.row_bytes_v, p.alignment), j, thread);
  if (j >= 0) {
    load_queries<Config>(p, tile, shared.queries, thread);
    keys.load(shared.keys, j, thread);
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
    values.load(shared.values, j, thread);

    Accumulator<kRows, kTile.keys> scores;
    scores.clear();
    multiply_transposed<decltype(shared.keys)>(scores, queries_at, keys_at);
    const bool partial = walk.state_of(j) == TileState::partial;
    if (partial) apply_variant(variant, scores, tile.first_query, j * kTile.keys);

    ptx::cp_async_wait_group<0>();
    if (partial) found_not_finite |= remove_values_not_finite<kThreads>(shared.values, thread);
    __syncthreads();  // The values are here, and nobody needs the keys any more.
    next = walk.before(j);
    keys.move(next - j);
    values.move(next - j);
    if (next >= 0) keys.load(shared.keys, next, thread);

    softmax(scores, state, p.scale_log2);
    multiply<decltype(shared.values)>(state.output, scores, values_at);
  }
  if (__syncthreads_or(found_not_finite)) add_values_not_finite<Config>(p, state.output);
  write_output(p, state, shared.queries);
}

}  // namespace ki::attention::cuda
