// FlashAttention-2 forward for float32, in full precision on the CUDA cores.
//
// The walk over the keys is that of forward.cuh. Sixteen lanes share four rows of queries: of the scores, a lane computes
// those of every sixteenth key; of the output, four columns out of every 64.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/key_tile_walk.cuh"
#include "attention/cuda/load_keys.cuh"
#include "attention/cuda/load_queries.cuh"
#include "attention/cuda/query_tile.cuh"
#include "attention/cuda/tile_size.h"
#include "attention/cuda/variant.cuh"
#include "cuda/device/float_rows.cuh"
#include "cuda/device/online_softmax.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

inline constexpr int kLanesPerRow = 16;
inline constexpr int kRowsPerLane = 4;

template <class Variant_, int kHeadDim>
struct Float32Config {
  using Variant = Variant_;
  using Rows = AnyRows;
  using Params = KernelParams<typename Variant::Params>;
  static constexpr TileSize kTile = float32_tile(kHeadDim);
  static constexpr int kKeysPerLane = kTile.keys / kLanesPerRow;
  static constexpr int kColumnsPerLane = kTile.head_dim / kLanesPerRow;
  static_assert(kTile.rows_per_warp * kLanesPerRow == kWarpSize * kRowsPerLane);
};

template <class Config>
struct Float32SharedMemory {
  static constexpr TileSize kTile = Config::kTile;
  alignas(kQueryTileBytes) QueryTile tile;
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

// A lane's scores, as a variant sees them: variant.cuh. Its keys are every sixteenth.
template <int kKeys>
struct Float32Scores {
  static constexpr bool kPairs = false, kGroups = false;
  float (&scores)[kRowsPerLane][kKeys];
  int first_query, first_key;  // of the lane

  __device__ int query(int r) const { return first_query + r; }
  __device__ int key(int k) const { return first_key + k * kLanesPerRow; }
  __device__ int end_key() const { return key(kKeys - 1) + 1; }

  template <class F>
  __device__ void for_each(F f) {
#pragma unroll
    for (int r = 0; r < kRowsPerLane; ++r) {
#pragma unroll
      for (int k = 0; k < kKeys; ++k) f(scores[r][k], query(r), key(k));
    }
  }
};

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
      for (int r = 0; r < kRowsPerLane; ++r) add_dot(scores[r][k], queries[r], key);
    }
  }
}

// Turns scores into weights, short of the division by their sum, and brings the state of every row up to date.
template <class Config>
__device__ void softmax(float (&scores)[kRowsPerLane][Config::kKeysPerLane], Float32State<Config>& state, float scale) {
#pragma unroll
  for (int r = 0; r < kRowsPerLane; ++r) {
    const float factor = weigh(scores[r], state.rows[r], scale);
#pragma unroll
    for (float& x : state.output[r]) x *= factor;
  }
}

// What stands for the weight of a key that a row does not see. Its value, which may be NaN, is not even multiplied by 0.
inline constexpr float kHiddenWeight = -1;

// Bit r * kKeys + k says whether scores[r][k] is -infinity.
template <int kKeys>
__device__ unsigned minus_infinities(const float (&scores)[kRowsPerLane][kKeys]) {
  unsigned bits = 0;
#pragma unroll
  for (int i = 0; i < kRowsPerLane * kKeys; ++i) {
    if (scores[i / kKeys][i % kKeys] == -kInfinity) bits |= 1U << i;
  }
  return bits;
}

// Lets the lanes of a row have its weights.
template <class Config>
__device__ void share_weights(const float (&weights)[kRowsPerLane][Config::kKeysPerLane], unsigned hidden,
                              Float32SharedMemory<Config>& shared, const Float32Place& place) {
#pragma unroll
  for (int r = 0; r < kRowsPerLane; ++r) {
#pragma unroll
    for (int k = 0; k < Config::kKeysPerLane; ++k) {
      const bool is_hidden = (hidden >> (r * Config::kKeysPerLane + k) & 1) != 0;
      const int key = place.lane + k * kLanesPerRow;
      reinterpret_cast<float*>(&shared.weights.chunk(place.first_row + r, key / 4))[key % 4] =
          is_hidden ? kHiddenWeight : weights[r][k];
    }
  }
  __syncwarp();  // The lanes of a row belong to one warp.
}

// output += weights * values. Without kHides no weight is hidden.
template <bool kHides, class Config>
__device__ void accumulate_values(Float32State<Config>& state, Float32SharedMemory<Config>& shared,
                                  const Float32Place& place) {
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
          const float weight = reinterpret_cast<const float*>(&weights[r])[k];
          if (kHides && weight == kHiddenWeight) continue;
          add_product(&state.output[r][4 * c], weight, value);
        }
      }
    }
  }
}

// Divides the output by the sums and writes it, by way of the warp's rows of the tile of queries, which nobody reads any
// more: a barrier of the block lies behind the last product with them.
template <class Config>
__device__ void write_output(const ForwardParams& p, const Float32State<Config>& state,
                             Float32SharedMemory<Config>& shared, const Float32Place& place, float weight_scale) {
  const QueryTile& tile = shared.tile;
#pragma unroll
  for (int r = 0; r < kRowsPerLane; ++r) {
    const int row = place.first_row + r, query = tile.first_query + row;
    const float total = state.rows[r].total(), factor = inverse_of(total) * weight_scale;
#pragma unroll
    for (int c = 0; c < Config::kColumnsPerLane / 4; ++c) {
      const float* x = &state.output[r][4 * c];
      chunk_of(shared.queries, row, place.lane + c * kLanesPerRow) =
          float4{x[0] * factor, x[1] * factor, x[2] * factor, x[3] * factor};
    }
    if (p.logsumexp != nullptr && place.lane == 0 && query < tile.place.seq_q) {
      *reinterpret_cast<float*>(tile.query_row(static_cast<char*>(p.logsumexp), p.logsumexp_strides, query)) =
          logsumexp_of(state.rows[r], total, 1);
    }
  }
  __syncwarp();
  constexpr int kRows = Config::kTile.rows_per_warp;
  const int first_row = ptx::tid_x() / kWarpSize * kRows, first_query = tile.first_query + first_row;
  char* to = tile.query_row(static_cast<char*>(p.output), p.output_strides, first_query);
  store_rows(shared.queries, first_row, min(kRows, tile.place.seq_q - first_query), to, p.output_strides.position,
             AnyRows(p.row_bytes_v, p.alignment), ptx::tid_x() % kWarpSize);
}

template <class Config>
__device__ void attention_forward(const typename Config::Params& params, Float32SharedMemory<Config>& shared) {
  constexpr TileSize kTile = Config::kTile;
  constexpr int kKeys = Config::kKeysPerLane;
  const ForwardParams& p = params.forward;
  const QueryTile& tile = shared.tile;
  const int thread = ptx::tid_x();
  const Float32Place place(thread);
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

  Float32State<Config> state{};
#pragma unroll 1
  for (int next; j >= 0; j = next) {
    ptx::cp_async_wait_group<0>();
    __syncthreads();  // The keys are here, and nobody needs the values before them any more.
    load_values<Config>(p, shared, j);

    float scores[kRowsPerLane][kKeys];
    compute_scores<Config>(scores, shared, place);
    const Float32Scores<kKeys> view{scores, tile.first_query + place.first_row, j * kTile.keys + place.lane};
    const bool hides = walk.hides(j);
    const unsigned infinite = hides ? minus_infinities(scores) : 0;
    if (walk.changes(j)) apply_variant(variant, view);
    hide_invisible(tile.visible, tile.keys, j, view);
    unsigned hidden = hides ? minus_infinities(scores) : 0;
    // What was -infinity before may be so and be seen.
    for (unsigned left = hidden & infinite; left != 0; left &= left - 1) {
      const int i = __ffs(left) - 1;
      if (sees(tile.visible, variant, view.query(i / kKeys), view.key(i % kKeys))) hidden &= ~(1U << i);
    }

    ptx::cp_async_wait_group<0>();
    __syncthreads();  // The values are here, and nobody needs the keys any more.
    next = walk.before(j);
    if (next >= 0) load_keys<Config>(p, shared, next);

    softmax<Config>(scores, state, p.scale_log2);
    if (variant.drops()) apply_dropout(variant, view);
    share_weights<Config>(scores, hidden, shared, place);
    if (hides) {
      accumulate_values<true>(state, shared, place);
    } else {
      accumulate_values<false>(state, shared, place);
    }
  }
  write_output<Config>(p, state, shared, place, variant.weight_scale());
}

}  // namespace ki::attention::cuda
