// The decode kernel for float32 queries, in full precision on the CUDA cores, over keys and values of any type: they become
// float32 as they are loaded. Its blocks and warps share the work as those of decode.cuh do.
//
// Half a warp shares eight rows of queries: of the scores, a lane computes those of two keys; of the output, four columns out
// of every 64.
#pragma once

#include "attention/cuda/decode_merge.cuh"
#include "attention/cuda/decode_rows.cuh"
#include "attention/cuda/decode_walk.cuh"
#include "attention/cuda/general_variant.cuh"
#include "cuda/device/float_rows.cuh"
#include "cuda/device/online_softmax.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

inline constexpr int kLanesOfRow = 16;
inline constexpr int kRowsOfLane = 8;
inline constexpr int kKeysOfLane = kDecodeKeys / kLanesOfRow;

template <int kHeadDim>
struct DecodeFloat32Config {
  using Variant = GeneralVariant<float>;
  static constexpr DecodeSize kSize = decode_float32_size(kHeadDim);
  static constexpr int kChunksOfLane = kHeadDim / 4 / kLanesOfRow;
};

template <class Config>
struct DecodeFloat32SharedMemory {
  static constexpr DecodeSize kSize = Config::kSize;
  struct Rows {
    SharedTile<float, kDecodeKeys, kSize.head_dim> tile;  // keys, then values
    SharedTile<float, kDecodeRows, kDecodeKeys> weights;  // or scores; below 0 where the key is hidden
    __device__ float& weight(int row, int key) {
      return reinterpret_cast<float*>(&weights.chunk(row, key / 4))[key % 4];
    }
  };
  union WarpMemory {
    Rows rows;
    MergeTile<kSize.head_dim> merge;  // at the end
  };
  alignas(kDecodeTileBytes) DecodeTile tile;
  SharedTile<float, kDecodeRows, kSize.head_dim> queries;
  WarpMemory warps[kSize.warps];
  MergeRows<kSize.warps> merge_rows;
};

// Where a lane stands. Its rows are four out of every eight, so that the two halves of a warp write their weights to
// different banks.
struct DecodeFloat32Place {
  int half, lane;  // lane: among those that share rows
  __device__ explicit DecodeFloat32Place(int lane) : half(lane / kLanesOfRow), lane(lane % kLanesOfRow) {}
  __device__ int row(int r) const { return r / 4 * 8 + half * 4 + r % 4; }
  __device__ int key(int k) const { return lane + k * kLanesOfRow; }
};

template <class Config>
struct DecodeFloat32State {
  float output[kRowsOfLane][Config::kChunksOfLane][4];  // unscaled
  SoftmaxRow<kLanesOfRow> rows[kRowsOfLane];            // of scores that are scaled
};

// Loads the rows of a tile, elements of T. scale: of the lane's key.
template <class T, class Tile>
__device__ void load_wide_rows(Tile& tile, const char* base, std::int64_t offset, float scale, int rows, int columns,
                               int alignment, int lane) {
  constexpr int kColumns = 8, kLanesPerRow = Tile::kChunksPerRow / 2, kRowStep = kWarpSize / kLanesPerRow;
  static_assert(kLanesPerRow <= kWarpSize);
  const int unit = lane % kLanesPerRow;
#pragma unroll 4
  for (int r = 0; r < kDecodeKeys; r += kRowStep) {
    const int row = r + lane / kLanesPerRow;
    const T* from = reinterpret_cast<const T*>(base + __shfl_sync(kFullWarp, offset, row)) + unit * kColumns;
    const float factor = __shfl_sync(kFullWarp, scale, row);
    float x[kColumns];
    load_columns<T>(x, from, row < rows ? columns - unit * kColumns : 0, alignment == kChunkBytes);
    if constexpr (sizeof(T) == 1) {
#pragma unroll
      for (float& element : x) element *= factor;
    }
    // Every other four lanes begin with the second half: eight lanes write to all banks.
    const bool swaps = unit / 4 % 2 != 0;
    const float4 low{x[0], x[1], x[2], x[3]}, high{x[4], x[5], x[6], x[7]};
    chunk_of(tile, row, 2 * unit + swaps) = swaps ? high : low;
    chunk_of(tile, row, 2 * unit + !swaps) = swaps ? low : high;
  }
}

// Keys or values: `from` with its strides, and the scales of int8.
template <class Tile>
__device__ void load_wide_tile(Tile& tile, const DecodeParams& p, const DecodeTile& of, const LaneKey& key,
                               const void* from, const Strides& strides, const void* scales,
                               const Strides& scale_strides, int columns, int lane) {
  const char* base = static_cast<const char*>(from) + of.head_kv * strides.head;
  const auto load = [&](auto element, float scale) {
    load_wide_rows<decltype(element)>(tile, base, key.offset(strides), scale, key.count, columns, p.key_alignment,
                                      lane);
  };
  switch (p.element) {
    case CacheElement::same: return load(float{}, 1);
    case CacheElement::float16: return load(ptx::f16{}, 1);
    case CacheElement::bfloat16: return load(ptx::bf16{}, 1);
    case CacheElement::int8: {
      const char* scale =
          static_cast<const char*>(scales) + of.head_kv * scale_strides.head + key.offset(scale_strides);
      return load(std::int8_t{}, lane < key.count ? *reinterpret_cast<const float*>(scale) : 0);
    }
  }
}

template <class Config>
__device__ void compute_scores(float (&scores)[kRowsOfLane][kKeysOfLane], DecodeFloat32SharedMemory<Config>& shared,
                               int warp, const DecodeFloat32Place& place) {
#pragma unroll
  for (auto& row : scores) {
#pragma unroll
    for (float& x : row) x = 0;
  }
  auto& keys = shared.warps[warp].rows.tile;
#pragma unroll 2
  for (int chunk = 0; chunk < Config::kSize.head_dim / 4; ++chunk) {
    float4 key[kKeysOfLane];
#pragma unroll
    for (int k = 0; k < kKeysOfLane; ++k) key[k] = chunk_of(keys, place.key(k), chunk);
#pragma unroll
    for (int r = 0; r < kRowsOfLane; ++r) {
      const float4 query = chunk_of(shared.queries, place.row(r), chunk);
#pragma unroll
      for (int k = 0; k < kKeysOfLane; ++k) add_dot(scores[r][k], query, key[k]);
    }
  }
}

// A lane's scores, or weights, of one row in shared memory: a view as variant.cuh describes.
struct SharedRowScores {
  static constexpr bool kPairs = false, kGroups = false;

  float* at[kKeysOfLane];
  int query, first_key, lane;

  template <class F>
  __device__ void for_each(F f) {
#pragma unroll
    for (int k = 0; k < kKeysOfLane; ++k) f(*at[k], query, first_key + lane + k * kLanesOfRow);
  }
  __device__ int end_key() const { return first_key + kDecodeKeys; }
};

// Calls f(view, variant) for each of a lane's rows, whose scores are in shared memory: a loop in registers would be unrolled,
// and a variant is long.
template <class Config, class Rows, class F>
__device__ void for_each_row(const DecodeParams& p, const DecodeTile& tile, Rows& rows, const DecodeFloat32Place& place,
                             int first_key, F f) {
#pragma unroll 1
  for (int r = 0; r < kRowsOfLane; ++r) {
    const int row = place.row(r);
    const DecodeRow of(tile, row);
    f(
        SharedRowScores{
            {&rows.weight(row, place.key(0)), &rows.weight(row, place.key(1))}, of.query, first_key, place.lane},
        typename Config::Variant(p.general, of.place));
  }
}

template <class Rows, class F>
__device__ void for_each_weight(Rows& rows, const DecodeFloat32Place& place, F f) {
#pragma unroll
  for (int r = 0; r < kRowsOfLane; ++r) {
#pragma unroll
    for (int k = 0; k < kKeysOfLane; ++k) f(r, k, rows.weight(place.row(r), place.key(k)));
  }
}

// Turns scores into weights and rescales the output.
template <class Config>
__device__ void softmax(float (&scores)[kRowsOfLane][kKeysOfLane], DecodeFloat32State<Config>& state, float scale) {
#pragma unroll
  for (int r = 0; r < kRowsOfLane; ++r) {
    const float factor = weigh(scores[r], state.rows[r], scale);
#pragma unroll
    for (auto& chunk : state.output[r]) {
#pragma unroll
      for (float& x : chunk) x *= factor;
    }
  }
}

// output += weights * values. What a row does not see, which may be NaN, is not even multiplied by 0.
template <bool kHides, class Config, class Rows>
__device__ void accumulate_values(DecodeFloat32State<Config>& state, Rows& rows, const DecodeFloat32Place& place) {
  constexpr int kTogether = 2;  // keys: the weights of more would not stay in registers
#pragma unroll 1
  for (int first = 0; first < kDecodeKeys; first += kTogether) {
    float2 weights[kRowsOfLane];
#pragma unroll
    for (int r = 0; r < kRowsOfLane; ++r) weights[r] = reinterpret_cast<float2&>(rows.weight(place.row(r), first));
#pragma unroll
    for (int k = 0; k < kTogether; ++k) {
#pragma unroll
      for (int c = 0; c < Config::kChunksOfLane; ++c) {
        const float4 value = chunk_of(rows.tile, first + k, place.lane + c * kLanesOfRow);
#pragma unroll
        for (int r = 0; r < kRowsOfLane; ++r) {
          const float weight = k == 0 ? weights[r].x : weights[r].y;
          if (kHides && weight < 0) continue;
          add_product(state.output[r][c], weight, value);
        }
      }
    }
  }
}

template <class Config>
__device__ void attention_decode(const DecodeParams& p, DecodeFloat32SharedMemory<Config>& shared) {
  constexpr int kWarps = Config::kSize.warps;
  const int thread = ptx::tid_x(), lane = thread % kWarpSize, warp = thread / kWarpSize;
  const DecodeTile& tile = shared.tile;
  if (thread == 0) shared.tile.find(p);
  __syncthreads();
  if (!tile.exists()) return;
  load_decode_queries<float, Config::kSize.threads()>(p, tile, shared.queries);
  __syncthreads();

  const typename Config::Variant of_tile(p.general, tile.place);
  const DecodeWalk<Config> walk{tile, of_tile};
  const DecodeFloat32Place place(lane);
  auto& rows = shared.warps[warp].rows;
  DecodeFloat32State<Config> state{};
  int index = tile.begin + warp;
#pragma unroll 1
  for (int first_key = walk.next(index); first_key >= 0; index += kWarps, first_key = walk.next(index)) {
    const LaneKey key(tile, first_key, lane);
    load_wide_tile(rows.tile, p, tile, key, p.key, p.key_strides, p.key_scale, p.key_scale_strides, p.head_dim, lane);
    __syncwarp();
    float scores[kRowsOfLane][kKeysOfLane];
    compute_scores(scores, shared, warp, place);
    __syncwarp();  // Nobody needs the keys, nor the weights before, any more.
    load_wide_tile(rows.tile, p, tile, key, p.value, p.value_strides, p.value_scale, p.value_scale_strides,
                   p.head_dim_v, lane);

    const bool hides = walk.hides(first_key);
    if (hides || walk.state_of(first_key) != TileState::full) {
      for_each_weight(rows, place, [&](int r, int k, float& score) { score = scores[r][k]; });
      for_each_row<Config>(p, tile, rows, place, first_key, [&](auto view, const auto& variant) {
        apply_variant(variant, view);
        hide_invisible(tile.visible, tile.keys, first_key / kDecodeKeys, view);
      });
      for_each_weight(rows, place, [&](int r, int k, float& score) { scores[r][k] = score; });
    }
    std::uint32_t hidden = 0;
    for_each_weight(rows, place, [&](int r, int k, float&) {
      if (scores[r][k] == -kInfinity) hidden |= 1U << (r * kKeysOfLane + k);
    });
    softmax(scores, state, p.scale_log2);
    for_each_weight(rows, place, [&](int r, int k, float& weight) { weight = scores[r][k]; });
    if (of_tile.drops()) {
      for_each_row<Config>(p, tile, rows, place, first_key,
                           [&](auto view, const auto& variant) { apply_dropout(variant, view); });
    }
    if (hides) {
      for_each_weight(rows, place, [&](int r, int k, float& weight) {
        if ((hidden >> (r * kKeysOfLane + k) & 1) != 0) weight = -1;
      });
    }
    __syncwarp();
    if (hides) {
      accumulate_values<true>(state, rows, place);
    } else {
      accumulate_values<false>(state, rows, place);
    }
    __syncwarp();  // Nobody needs the values any more.
  }

  auto& merge = shared.warps[warp].merge;
#pragma unroll
  for (int r = 0; r < kRowsOfLane; ++r) {
    const int row = place.row(r);
    const float total = state.rows[r].total();
    if (place.lane == 0) shared.merge_rows.set(warp, row, state.rows[r].largest, total);
#pragma unroll
    for (int c = 0; c < Config::kChunksOfLane; ++c) {
      const float(&x)[4] = state.output[r][c];
      merge.chunk(row, place.lane + c * kLanesOfRow) = {x[0], x[1], x[2], x[3]};
    }
  }
  __syncthreads();
  const auto part_of = [&](int warp) -> MergeTile<Config::kSize.head_dim>& { return shared.warps[warp].merge; };
  write_merged<float, kWarps, Config::kSize.head_dim>(p, tile, shared.merge_rows, part_of, of_tile.weight_scale());
}

}  // namespace ki::attention::cuda
