// The gradient of the bias: the gradients of the scores, summed over the dimensions along which the bias is broadcast.
//
// A block owns a tile of the bias. It walks over all batch entries, heads and queries that share it, in order,
// recomputes the scores of each, as the kernel for the queries does, and keeps the sums in its registers: no atomics,
// and every sum is formed in the same order.
#pragma once

#include "attention/cuda/backward_place.cuh"
#include "attention/cuda/fragment_scores.cuh"
#include "attention/cuda/score_gradients.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/device/tile_copy.cuh"
#include "cuda/device/warp_matrix_float32.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

template <class Element_, class Rows_, class Variant_, int kHeadDim>
struct BiasGradientConfig {
  using Element = Element_;
  using Rows = Rows_;
  using Variant = Variant_;
  static constexpr BiasGradientTile kTile = bias_gradient_tile(kHeadDim, sizeof(Element));
};

template <class Config>
struct BiasGradientSharedMemory {
  static constexpr BiasGradientTile kTile = Config::kTile;
  using QueryTile = SharedTile<typename Config::Element, kTile.queries(), kTile.head_dim>;
  using KeyTile = SharedTile<typename Config::Element, kTile.keys, kTile.head_dim>;

  struct alignas(kGradientPlaceBytes) {
    GradientPlace place;
    Place of_head;
  };
  QueryTile queries,
      grad_outputs;  // at the end the sums over queries are in the first
  KeyTile keys, values;
};

// Where the block's tile lies in the bias.
struct BiasTile {
  int batch, head, query_tile, key_tile;

  __device__ explicit BiasTile(const BiasGradient& bias) {
    int block = ptx::ctaid_x();
    key_tile = block % bias.key_tiles;
    block /= bias.key_tiles;
    query_tile = block % bias.query_tiles;
    block /= bias.query_tiles;
    head = block % bias.heads;
    batch = block / bias.heads;
  }
};

// The variant, without the derivative of what it does to a score before it adds the bias.
template <class Variant>
struct AfterBias : Variant {
  using Variant::Variant;
  __device__ float score_gradient(float, int, int) const { return 1; }
};

// Adds the gradients of one tile of scores. Its sequence and head are in shared memory already.
template <class Config, int kRows, int kKeys>
__device__ void add_tile(const BackwardParams& p, BiasGradientSharedMemory<Config>& shared, int first_query,
                         int first_key, Accumulator<kRows, kKeys>& sums, int thread) {
  using T = typename Config::Element;
  using Rows = typename Config::Rows;
  using QueryTile = typename BiasGradientSharedMemory<Config>::QueryTile;
  using KeyTile = typename BiasGradientSharedMemory<Config>::KeyTile;
  constexpr int kThreads = Config::kTile.threads();
  const GradientPlace& place = shared.place;
  const int lane = thread % kWarpSize, first_row = thread / kWarpSize * kRows;
  const int row = place.first_query_row + first_query, rows = place.seq_q - first_query;
  const int key_row = place.first_key_row + first_key, key_rows = place.seq_k - first_key,
            head_kv = place.head / p.group;
  const Rows shape(p.row_bytes, p.alignment), shape_v(p.row_bytes_v, p.alignment);
  copy_rows<kThreads>(shared.queries, p.query, p.query_strides, place.batch, row, place.head, rows, shape, thread);
  copy_rows<kThreads>(shared.grad_outputs, p.grad_output, p.grad_output_strides, place.batch, row, place.head, rows,
                      shape_v, thread);
  copy_rows<kThreads>(shared.keys, p.key, p.key_strides, place.batch, key_row, head_kv, key_rows, shape, thread);
  copy_rows<kThreads>(shared.values, p.value, p.value_strides, place.batch, key_row, head_kv, key_rows, shape_v,
                      thread);
  const RowSums<kRows> row_sums(p, row_sums_at(p, place.batch, row + first_row, place.head), rows - first_row);
  ptx::cp_async_commit_group();
  ptx::cp_async_wait_group<0>();
  __syncthreads();

  Accumulator<kRows, kKeys> scores, gradients;
  const std::uint32_t queries_at = FactorAddress<T>::left(shared.queries, first_row, lane);
  const std::uint32_t keys_at = FactorAddress<T>::transposed(shared.keys, lane);
  scores.clear();
  multiply_tiles_transposed<KeyTile>(scores, queries_at, keys_at);
  gradients.clear();
  multiply_tiles_transposed<KeyTile>(gradients, queries_at + sizeof(QueryTile), keys_at + sizeof(KeyTile));

  const auto variant = make_variant<AfterBias<typename Config::Variant>>(p, shared.of_head);
  const FragmentScores<kRows, kKeys> view{scores, first_query + first_row, first_key};
  make_score_gradients(p, variant, TileChanges{true, true}, view, gradients, row_sums, [&](auto hidden) {
    hidden.for_each([&](float& score, int query, int key) {
      if (query >= place.seq_q || !place.visible.contains(query, key)) score = -kInfinity;
    });
  });
  for_each_element(sums, [&](float& x, int m, int n, int i) { x += gradients.at[m][n][i]; });
}

template <class T, int kRows, int kKeys>
__device__ void write_bias_gradient(const BackwardParams& p, const BiasTile& tile, int first_query, int first_key,
                                    Accumulator<kRows, kKeys>& sums) {
  const int lane = ptx::tid_x() % kWarpSize;
  char* rows = static_cast<char*>(p.bias.data) + tile.batch * p.bias.batch + tile.head * p.bias.head;
  for_each_element(sums, [&](float& x, int m, int n, int i) {
    const int query = first_query + m * 16 + FragmentC::row(lane, i), key = first_key + n * 8 + FragmentC::col(lane, i);
    if (query >= p.bias.queries || key >= p.bias.keys) return;
    detail::store_element(reinterpret_cast<T*>(rows + query * p.bias.query) + key, x);
  });
}

// Sums over all rows of the block, for a bias without queries: in the end row 0 of the first warp has them.
template <int kWarps, int kRows, int kKeys>
__device__ void sum_rows(Accumulator<kRows, kKeys>& sums, float* shared) {
  const int thread = ptx::tid_x(), warp = thread / kWarpSize, lane = thread % kWarpSize;
  __syncthreads();
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
    for (int side = 0; side < 2; ++side) {
      float sum = 0;
#pragma unroll
      for (int m = 0; m < kRows / 16; ++m) sum += sums.at[m][n][side] + sums.at[m][n][2 + side];
      for (int step = 4; step < kWarpSize; step *= 2) sum += __shfl_xor_sync(kFullWarp, sum, step);
      if (lane < 4) shared[warp * kKeys + n * 8 + FragmentC::col(lane, side)] = sum;
    }
  }
  __syncthreads();
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
    for (int side = 0; side < 2; ++side) {
      float sum = 0;
      for (int w = 0; w < kWarps; ++w) sum += shared[w * kKeys + n * 8 + FragmentC::col(lane, side)];
      sums.at[0][n][side] = sum;
    }
  }
}

template <class Config>
__device__ void backward_bias(const BackwardParams& p, BiasGradientSharedMemory<Config>& shared) {
  constexpr BiasGradientTile kTile = Config::kTile;
  constexpr int kRows = 16;
  const int thread = ptx::tid_x(), first_row = thread / kWarpSize * kRows;
  const BiasTile tile(p.bias);
  const bool over_batch = p.bias.batches == 1, over_heads = p.bias.heads == 1;
  const int first_key = tile.key_tile * kTile.keys;
  Accumulator<kRows, kTile.keys> sums;
  sums.clear();

#pragma unroll 1
  for (int batch = over_batch ? 0 : tile.batch; batch < (over_batch ? p.sequences.batch : tile.batch + 1); ++batch) {
#pragma unroll 1
    for (int head = over_heads ? 0 : tile.head; head < (over_heads ? p.heads_q : tile.head + 1); ++head) {
      __syncthreads();
      if (thread == 0) {
        shared.place.set_sequence(p, batch);
        shared.place.head = head;
        shared.of_head = shared.place.of_head(head);
      }
      __syncthreads();
      if (first_key >= shared.place.seq_k) continue;
      const int all = (shared.place.seq_q + kTile.queries() - 1) / kTile.queries();
      const int end = p.bias.is_broadcast_over_queries ? all : min(tile.query_tile + 1, all);
#pragma unroll 1
      for (int t = p.bias.is_broadcast_over_queries ? 0 : tile.query_tile; t < end; ++t) {
        __syncthreads();  // Nobody needs the tiles before any more.
        add_tile<Config>(p, shared, t * kTile.queries(), first_key, sums, thread);
      }
    }
  }

  int first_query = tile.query_tile * kTile.queries() + first_row;
  if (p.bias.is_broadcast_over_queries) {
    sum_rows<kTile.warps>(sums, reinterpret_cast<float*>(&shared.queries));
    first_query = first_row;
  }
  if (p.bias.is_float32) {
    write_bias_gradient<float>(p, tile, first_query, first_key, sums);
  } else if constexpr (sizeof(typename Config::Element) != 4) {
    write_bias_gradient<typename Config::Element>(p, tile, first_query, first_key, sums);
  }
}

}  // namespace ki::attention::cuda
