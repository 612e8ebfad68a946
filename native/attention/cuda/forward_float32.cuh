// FlashAttention-2 forward for float32, in full precision on the CUDA cores.
//
// The walk over the keys is that of forward.cuh. Sixteen lanes share four rows of queries: of the scores, a lane computes
// those of every sixteenth key; of the output, four columns out of every 64.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/key_tile_walk.cuh"
#include "attention/cuda/load_queries.cuh"
#include "attention/cuda/query_tile.cuh"
#include "attention/cuda/tile_size.h"
#include "attention/cuda/variant.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/tile_copy.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

inline constexpr int kLanesPerRow = 16;
inline constexpr int kRowsPerLane = 4;

template <class Variant_, int kHeadDim>
struct Float32Config {
  using Variant = Variant_;
  using Rows = AnyRows;
  static constexpr TileSize kTile = float32_tile(kHeadDim);
  static constexpr int kKeysPerLane = kTile.keys / kLanesPerRow;
  static constexpr int kColumnsPerLane = kTile.head_dim / kLanesPerRow;
  static_assert(kTile.rows_per_warp * kLanesPerRow == kWarpSize * kRowsPerLane);
};

template <class Config>
struct Float32SharedMemory {
  static constexpr TileSize kTile = Config::kTile;
  SharedTile<float, kTile.queries(), kTile.head_dim> queries;  // at the end, the output
  SharedTile<float, kTile.keys, kTile.head_dim> keys;
  SharedTile<float, kTile.keys, kTile.head_dim> values;
  SharedTile<float, kTile.queries(), kTile.keys> weights;  // of the current tile
};

template <class Config>
struct Float32State {
  float output[kRowsPerLane][Config::kColumnsPerLane];  // unscaled
  SoftmaxRow<kLanesPerRow> rows[kRowsPerLane];
};

// Where a thread stands: its first row among the block's, and its place among the lanes that share it.
struct Float32Place {
  int first_row, lane;
  __device__ explicit Float32Place(int thread)
      : first_row(thread / kLanesPerRow * kRowsPerLane), lane(thread % kLanesPerRow) {}
};

template <class Tile>
__device__ float4& chunk_of(Tile& tile, int row, int chunk) {
  return reinterpret_cast<float4&>(tile.chunk(row, chunk));
}

// scores[r][k] = query first_row + r times key lane + 16 k
template <class Config>
__device__ void compute_scores(float (&scores)[kRowsPerLane][Config::kKeysPerLane], Float32SharedMemory<Config>& shared,
                               const Float32Place& place) {
#pragma unroll
  for (auto& row : scores) {
#pragma unroll
    for (float& x : row) x = 0;
  }
#pragma unroll 2
  for (int chunk = 0; chunk < Config::kTile.head_dim / 4; ++chunk) {
    float4 queries[kRowsPerLane];
#pragma unroll
    for (int r = 0; r < kRowsPerLane; ++r) queries[r] = chunk_of(shared.queries, place.first_row + r, chunk);
#pragma unroll
    for (int k = 0; k < Config::kKeysPerLane; ++k) {
      const float4 key = chunk_of(shared.keys, place.lane + k * kLanesPerRow, chunk);
#pragma unroll
      for (int r = 0; r < kRowsPerLane; ++r) {
        float& sum = scores[r][k];
        sum = fmaf(queries[r].x, key.x, sum);
        sum = fmaf(queries[r].y, key.y, sum);
        sum = fmaf(queries[r].z, key.z, sum);
        sum = fmaf(queries[r].w, key.w, sum);
      }
    }
  }
}

// Turns scores into weights, in shared memory for the lanes of the row, and rescales the output.
template <class Config>
__device__ void softmax(const float (&scores)[kRowsPerLane][Config::kKeysPerLane], Float32State<Config>& state,
                        Float32SharedMemory<Config>& shared, const Float32Place& place, float scale) {
#pragma unroll
  for (int r = 0; r < kRowsPerLane; ++r) {
    // Scaled first, so that the largest score less the shift is 0 to the last bit, and a single key has weight 1.
    float scaled[Config::kKeysPerLane], largest = -kInfinity;
#pragma unroll
    for (int k = 0; k < Config::kKeysPerLane; ++k) {
      scaled[k] = scores[r][k] * scale;
      largest = fmaxf(largest, scaled[k]);
    }
    SoftmaxRow<kLanesPerRow>& row = state.rows[r];
    const float factor = row.raise(largest, 1), shift = row.shift(1);
#pragma unroll
    for (int k = 0; k < Config::kKeysPerLane; ++k) {
      const float weight = ptx::ex2_approx_ftz_f32(scaled[k] - shift);
      row.sum += weight;
      const int key = place.lane + k * kLanesPerRow;
      reinterpret_cast<float*>(&shared.weights.chunk(place.first_row + r, key / 4))[key % 4] = weight;
    }
#pragma unroll
    for (float& x : state.output[r]) x *= factor;
  }
  __syncwarp();  // The lanes of a row belong to one warp.
}

// output += weights * values. `sees(r, key)` says whether a row sees a key of the tile: what it does not see, which may be
// NaN, is not even multiplied by 0.
template <class Config, class Sees>
__device__ void accumulate_values(Float32State<Config>& state, Float32SharedMemory<Config>& shared,
                                  const Float32Place& place, Sees sees) {
#pragma unroll 1
  for (int four = 0; four < Config::kTile.keys / 4; ++four) {
    float4 weights[kRowsPerLane];
#pragma unroll
    for (int r = 0; r < kRowsPerLane; ++r) weights[r] = chunk_of(shared.weights, place.first_row + r, four);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
#pragma unroll
      for (int c = 0; c < Config::kColumnsPerLane / 4; ++c) {
        const float4 value = chunk_of(shared.values, four * 4 + k, place.lane + c * kLanesPerRow);
#pragma unroll
        for (int r = 0; r < kRowsPerLane; ++r) {
          if (!sees(r, four * 4 + k)) continue;
          const float weight = reinterpret_cast<const float*>(&weights[r])[k];
          float* output = &state.output[r][4 * c];
          output[0] = fmaf(weight, value.x, output[0]);
          output[1] = fmaf(weight, value.y, output[1]);
          output[2] = fmaf(weight, value.z, output[2]);
          output[3] = fmaf(weight, value.w, output[3]);
        }
      }
    }
  }
}

// Divides the output by the sums and writes it, by way of the warp's rows of the tile of queries, which nobody reads any
// more: a barrier of the block lies behind the last product with them.
template <class Config>
__device__ void write_output(const ForwardParams& p, const QueryTile& tile, const Float32State<Config>& state,
                             Float32SharedMemory<Config>& shared, const Float32Place& place) {
#pragma unroll
  for (int r = 0; r < kRowsPerLane; ++r) {
    const int row = place.first_row + r, query = tile.first_query + row;
    const float total = state.rows[r].total(), inverse = inverse_of(total);
#pragma unroll
    for (int c = 0; c < Config::kColumnsPerLane / 4; ++c) {
      const float* x = &state.output[r][4 * c];
      chunk_of(shared.queries, row, place.lane + c * kLanesPerRow) =
          float4{x[0] * inverse, x[1] * inverse, x[2] * inverse, x[3] * inverse};
    }
    if (p.logsumexp != nullptr && place.lane == 0 && query < p.seq_q) {
      *reinterpret_cast<float*>(tile.at(static_cast<char*>(p.logsumexp), p.logsumexp_strides, tile.head, query)) =
          logsumexp_of(state.rows[r], total, 1);
    }
  }
  __syncwarp();
  constexpr int kRows = Config::kTile.rows_per_warp;
  const int first_row = ptx::tid_x() / kWarpSize * kRows, first_query = tile.first_query + first_row;
  char* to = tile.at(static_cast<char*>(p.output), p.output_strides, tile.head, first_query);
  store_rows(shared.queries, first_row, min(kRows, p.seq_q - first_query), to, p.output_strides.position,
             AnyRows(p.row_bytes_v, p.alignment), ptx::tid_x() % kWarpSize);
}

template <class Config>
__device__ void attention_forward(const ForwardParams& p, Float32SharedMemory<Config>& shared) {
  using Rows = typename Config::Rows;
  constexpr TileSize kTile = Config::kTile;
  constexpr int kThreads = kTile.threads();
  const int thread = ptx::tid_x();
  const Float32Place place(thread);
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

  Float32State<Config> state{};
#pragma unroll 1
  for (int next; j >= 0; j = next) {
    ptx::cp_async_wait_group<0>();
    __syncthreads();  // The keys are here, and nobody needs the values before them any more.
    values.load(shared.values, j, thread);

    const int first_key = j * kTile.keys, first_query = tile.first_query + place.first_row;
    float scores[kRowsPerLane][Config::kKeysPerLane];
    compute_scores<Config>(scores, shared, place);
    const bool partial = walk.state_of(j) == TileState::partial;
    if (partial) {
#pragma unroll
      for (int r = 0; r < kRowsPerLane; ++r) {
#pragma unroll
        for (int k = 0; k < Config::kKeysPerLane; ++k) {
          scores[r][k] = variant.score(scores[r][k], first_query + r, first_key + place.lane + k * kLanesPerRow);
        }
      }
    }

    ptx::cp_async_wait_group<0>();
    __syncthreads();  // The values are here, and nobody needs the keys any more.
    next = walk.before(j);
    keys.move(next - j);
    values.move(next - j);
    if (next >= 0) keys.load(shared.keys, next, thread);

    softmax<Config>(scores, state, shared, place, p.scale_log2);
    if (partial) {
      accumulate_values<Config>(state, shared, place, [&](int r, int key) {
        return variant.score(0, first_query + r, first_key + key) != -kInfinity;
      });
    } else {
      accumulate_values<Config>(state, shared, place, [](int, int) { return true; });
    }
  }
  write_output<Config>(p, tile, state, shared, place);
}

}  // namespace ki::attention::cuda
