// Attention of few queries over many keys (Flash-Decoding, Dao et al. 2023) on the tensor cores of sm_80, for keys and values
// that lie in a cache.
//
// A block computes 16 query rows that share a key and value head, over one split of the keys. Its warps take turns at the
// tiles of keys, each with memory, scores and sums of its own, and meet once at the end, where their parts are merged.
#pragma once

#include "attention/cuda/decode_merge.cuh"
#include "attention/cuda/decode_rows.cuh"
#include "attention/cuda/decode_scores.cuh"
#include "attention/cuda/decode_walk.cuh"
#include "attention/cuda/forward.cuh"
#include "attention/cuda/general_variant.cuh"
#include "attention/cuda/rotary.cuh"

namespace ki::attention::cuda {

// Rows_: SameRows or Int8Rows.
template <class Element_, template <class, int> class Rows_, int kHeadDim>
struct DecodeConfig {
  using Element = Element_;
  using Rows = Rows_<Element, kHeadDim>;
  using Variant = GeneralVariant<Element>;
  static constexpr DecodeSize kSize = decode_size(kHeadDim);
  // As the softmax of the forward kernels counts.
  static constexpr TileSize kTile = {kHeadDim, kDecodeRows, kSize.warps, kDecodeKeys, kSize.blocks, 2};
};

template <class Config>
struct DecodeSharedMemory {
  static constexpr DecodeSize kSize = Config::kSize;
  union WarpMemory {
    typename Config::Rows::Shared rows;
    MergeTile<kSize.head_dim> merge;  // at the end
  };
  alignas(kDecodeTileBytes) DecodeTile tile;
  SharedTile<typename Config::Element, kDecodeRows, kSize.head_dim> queries;
  WarpMemory warps[kSize.warps];
  MergeRows<kSize.warps> merge_rows;
};

// Weights of int8 values: each is multiplied with its key's scale, over the largest power of two below all scales so far, so
// that 16 bits hold it well. The output is in units of that.
struct ValueUnit {
  float unit = 0;

  // The exponent's bits alone. Scales that are not finite leave the unit alone and make themselves felt in the weights.
  __device__ static float power_of_two_below(float x) { return __uint_as_float(__float_as_uint(x) & 0x7F800000); }

  template <int kColumns>
  __device__ void multiply(DecodeScores& weights, Accumulator<kDecodeRows, kColumns>& output, float scale, int lane) {
    const float largest = lanes_max<kWarpSize>(scale < kInfinity ? power_of_two_below(scale) : 0);
    if (largest > unit) {
      const float factor = unit / largest;
#pragma unroll
      for (auto& block : output.at[0]) {
#pragma unroll
        for (float& x : block) x *= factor;
      }
      unit = largest;
    }
    const float in_units = scale / (unit == 0 ? 1 : unit);
#pragma unroll
    for (int n = 0; n < kDecodeKeys / 8; ++n) {
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        const float factor = __shfl_sync(kFullWarp, in_units, n * 8 + FragmentC::col(lane, side));
#pragma unroll
        for (int i = side; i < FragmentC::kElements; i += 2) {
          float& weight = weights.at[0][n][i];
          weight = weight == 0 ? 0 : weight * factor;  // a hidden key's scale may be NaN
        }
      }
    }
  }
};

// Multiplies every score with its key's scale, which its lane holds.
__device__ inline void multiply_scales(DecodeScores& scores, float scale, int lane) {
#pragma unroll
  for (int n = 0; n < kDecodeKeys / 8; ++n) {
#pragma unroll
    for (int side = 0; side < 2; ++side) {
      const float factor = __shfl_sync(kFullWarp, scale, n * 8 + FragmentC::col(lane, side));
      scores.at[0][n][side] *= factor;
      scores.at[0][n][2 + side] *= factor;
    }
  }
}

// Writes a warp's part where the block merges it. Its lanes need the memory of their rows no more.
template <class Config>
__device__ void hand_over(DecodeSharedMemory<Config>& shared, const WarpState<Config>& state, float scale, float unit,
                          int warp, int lane) {
  MergeTile<Config::kSize.head_dim>& merge = shared.warps[warp].merge;
  __syncwarp();
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = FragmentC::row(lane, 2 * half);
    const SoftmaxRow<4>& softmax = state.rows[0][half];
    const float total = softmax.total();
    if (lane % 4 == 0) shared.merge_rows.set(warp, row, softmax.largest * scale, total);
#pragma unroll
    for (int n = 0; n < Config::kSize.head_dim / 8; ++n) {
      const float* pair = &state.output.at[0][n][2 * half];
      merge.pair(row, n * 8 + FragmentC::col(lane, 0)) = {pair[0] * unit, pair[1] * unit};
    }
  }
}

template <class Config>
__device__ void attention_decode(const DecodeParams& p, DecodeSharedMemory<Config>& shared) {
  using T = typename Config::Element;
  using Rows = typename Config::Rows;
  constexpr int kWarps = Config::kSize.warps;
  const int thread = ptx::tid_x(), lane = thread % kWarpSize, warp = thread / kWarpSize;
  const DecodeTile& tile = shared.tile;
  if (thread == 0) shared.tile.find(p);
  __syncthreads();
  if (!tile.exists()) return;

  const typename Config::Variant of_tile(p.general, tile.place);
  const DecodeWalk<Config> walk{tile, of_tile};
  auto& memory = shared.warps[warp].rows;
  Rows rows(p, tile, memory, lane);
  int index = tile.begin + warp, first_key = walk.next(index);
  if (first_key >= 0) rows.start(first_key);
  load_decode_queries<T, Config::kSize.threads()>(p, tile, shared.queries);
  __syncthreads();

  WarpState<Config> state;
  state.output.clear();
  ValueUnit values_in;
  const std::uint32_t queries_at = lane_address_a(shared.queries, 0, lane);
  const std::uint32_t keys_at = lane_address_b(memory.keys(), 0, lane);
  const std::uint32_t values_at = lane_address_a(memory.values(), 0, lane);
#pragma unroll 1
  for (int next_key; first_key >= 0; first_key = next_key) {
    index += kWarps;
    next_key = walk.next(index);
    rows.wait_for_keys(next_key);

    DecodeScores scores;
    scores.clear();
    multiply_transposed<typename Rows::Tile>(scores, queries_at, keys_at);
    if constexpr (Rows::kScaled) multiply_scales(scores, rows.key_scale, lane);
    const bool hides = walk.hides(first_key);
    if (hides || walk.state_of(first_key) != TileState::full) {
      for_each_row(scores, tile, first_key, [&](auto view, const DecodeRow& row) {
        apply_variant(typename Config::Variant(p.general, row.place), view);
        hide_invisible(tile.visible, tile.keys, first_key / kDecodeKeys, view);
      });
    }
    const ScoreBits hidden(scores, [](float score) { return score == -kInfinity; });
    softmax(scores, state, p.scale_log2);
    if (of_tile.drops()) {
      for_each_row(scores, tile, first_key, [&](auto view, const DecodeRow& row) {
        apply_dropout(typename Config::Variant(p.general, row.place), view);
      });
    }

    rows.wait_for_values(next_key);
    if constexpr (Rows::kScaled) {
      values_in.multiply(scores, state.output, rows.value_scale, lane);
    } else if (hides) {
      add_values_not_finite(state.output, scores, hidden, memory.values(), lane);
    }
    multiply<typename Rows::Tile>(state.output, scores, values_at);
  }

  hand_over(shared, state, p.scale_log2, Rows::kScaled ? values_in.unit : 1, warp, lane);
  __syncthreads();
  const auto part_of = [&](int warp) -> MergeTile<Config::kSize.head_dim>& { return shared.warps[warp].merge; };
  if (p.splits > 1) {
    write_merged<float, kWarps, Config::kSize.head_dim>(p, tile, shared.merge_rows, part_of, of_tile.weight_scale());
  } else {
    write_merged<T, kWarps, Config::kSize.head_dim>(p, tile, shared.merge_rows, part_of, of_tile.weight_scale());
  }
}

}  // namespace ki::attention::cuda
