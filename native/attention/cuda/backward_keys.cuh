// Gradients of keys and values: FlashAttention-2 backward (Dao 2023, section 3.1.2), by tiles of keys, on the tensor
// cores of sm_80, or for float32 on the CUDA cores.
//
// A block owns a tile of keys of one head and walks over the queries of all heads that share it. Rows of the products
// are keys, so what a warp computes first is the left factor of what it computes next, without leaving its registers.
// Two warps share each part of the keys, and both do the same with other tiles:
//
//   the warp of values:  P^T = exp(K Q^T - logsumexp)     dV += P^T dO
//   the warp of keys:    dP^T = V dO^T                    dK += (P (dP - delta))^T Q
//
// Only the weights P go from the one to the other, through shared memory, as float32.
#pragma once

#include "attention/cuda/backward_place.cuh"
#include "attention/cuda/hidden_rows.cuh"
#include "attention/cuda/key_major_scores.cuh"
#include "attention/cuda/query_gradient_sums.cuh"
#include "attention/cuda/query_stream.cuh"
#include "attention/cuda/recomputed_weights.cuh"
#include "attention/cuda/write_gradient.cuh"
#include "cuda/device/left_factor.cuh"
#include "cuda/device/tile_copy.cuh"
#include "cuda/device/warp_matrix_float32.cuh"
#include "cuda/ptx/barrier.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// kSumsQueries_: whether the gradient of the queries is summed as well.
template <class Element_, class Rows_, class Variant_, int kHeadDim, bool kSumsQueries_>
struct KeyGradientConfig {
  using Element = Element_;
  using Rows = Rows_;
  using Variant = Variant_;
  static constexpr bool kSumsQueries = kSumsQueries_;
  static constexpr KeyGradientTile kTile = sizeof(Element) == 4 ? float32_key_gradient_tile(kHeadDim)
                                           : Variant::kIsPlain  ? whole_key_gradient_tile(kHeadDim, kSumsQueries)
                                                                : general_key_gradient_tile(kHeadDim);
  static_assert(kTile.sums_queries == kSumsQueries);
};

// The gradients of a tile's scores, which all warps need for the gradient of the queries.
template <class Config, bool kSumsQueries>
struct SharedScoreGradients {};

template <class Config>
struct SharedScoreGradients<Config, true> {
  SharedTile<typename Config::Element, Config::kTile.keys(), Config::kTile.queries> score_gradients;
};

template <class Config>
struct KeyGradientSharedMemory : SharedScoreGradients<Config, Config::kSumsQueries> {
  static constexpr KeyGradientTile kTile = Config::kTile;
  using KeyTile = SharedTile<typename Config::Element, kTile.keys(), kTile.head_dim>;
  using QueryTile = SharedTile<typename Config::Element, kTile.queries, kTile.head_dim>;
  struct Stage {
    QueryTile rows[2];             // queries, gradients of the output
    float sums[2][kTile.queries];  // logsumexp, delta
    alignas(kAboutQueriesBytes) AboutQueries about;
  };

  alignas(kGradientPlaceBytes) KeyGradientPlace place;
  KeyTile rows[2];  // keys, values; at the end the gradients
  Stage stages[kTile.stages];
  float4 weights[kTile.pairs][kTile.rows_per_pair / 16][kTile.queries / 8][kWarpSize];
};

// The two warps of a pair, in terms of the arrays of two above: the tile a warp multiplies with first is its own, the
// tile it multiplies with then is the other's.
enum Role { kOfValues = 0, kOfKeys = 1 };

template <class Config>
__device__ void load_keys(const BackwardParams& p, KeyGradientSharedMemory<Config>& shared, int thread) {
  using Tile = typename KeyGradientSharedMemory<Config>::KeyTile;
  using Rows = typename Config::Rows;
  constexpr int kThreads = Config::kTile.threads();
  const KeyGradientPlace& place = shared.place;
  const int row = place.first_key_row + place.first_key, rows = place.seq_k - place.first_key;
  const auto load = [&](Tile& tile, const void* data, const Strides& strides, int row_bytes) {
    const char* from = row_at(static_cast<const char*>(data), strides, place.batch, row, place.head);
    load_tile_async<kThreads>(tile, TileShare<Tile, kThreads>::source(from, strides.position, thread), strides.position,
                              rows, Rows(row_bytes, p.alignment), thread);
  };
  load(shared.rows[0], p.key, p.key_strides, p.row_bytes);
  load(shared.rows[1], p.value, p.value_strides, p.row_bytes_v);
  ptx::cp_async_commit_group();
}

// From products to the left factors of the next ones. Returns them.
template <class Config, class Products>
__device__ auto make_left_factor(const BackwardParams& p, KeyGradientSharedMemory<Config>& shared, Products& products,
                                 int stage, int pair, int role) {
  using Variant = typename Config::Variant;
  constexpr int kRows = Config::kTile.rows_per_pair, kQueries = Config::kTile.queries;
  const int lane = ptx::tid_x() % kWarpSize;
  const AboutQueries& about = shared.stages[stage].about;
  const auto variant = make_variant<Variant>(p, about.place);
  LeftFactor<typename Config::Element, kRows, kQueries> left;
  const auto sums = reinterpret_cast<const float2*>(shared.stages[stage].sums[role]);
  auto& exchanged = shared.weights[pair];
  if (role == kOfValues) {
    Products weights;
    const KeyGradientPlace& place = shared.place;
    const KeyMajorScores<kRows, kQueries> view{products, about.first_query, place.first_key + pair * kRows};
    // Each reason by itself: most tiles that hide something have one.
    const auto hide = [&](auto scores) {
      const VisibleQueries queries = place.queries();
      const KeyRange keys = place.key_range(Config::kTile);
      const int first = about.first_query, last = first + kQueries - 1;
      const auto hide_if = [&](auto hides) {
        scores.for_each([&](float& score, int query, int key) {
          if (hides(query, key)) score = -kInfinity;
        });
      };
      if (queries.cross_end(keys, first))
        hide_if([&](int query, int key) { return queries.is_behind_end(query, key); });
      if (queries.cross_begin(keys, last))
        hide_if([&](int query, int key) { return queries.is_before_begin(query, key); });
      if (queries.lack(last)) hide_if([&](int query, int) { return query >= queries.seq_q; });
    };
    float2 logsumexps[kQueries / 8];
#pragma unroll
    for (int n = 0; n < kQueries / 8; ++n) logsumexps[n] = sums[n * 4 + lane % 4];
    recompute_weights(variant, about.changes, p.query_sign, p.softmax_factor, view, products, weights, hide,
                      [&](int, int n, int i) { return i % 2 == 0 ? logsumexps[n].x : logsumexps[n].y; });
#pragma unroll
    for (int m = 0; m < kRows / 16; ++m) {
#pragma unroll
      for (int n = 0; n < kQueries / 8; ++n) {
        const float* x = products.at[m][n];
        const float* w = Variant::kIsPlain ? x : weights.at[m][n];
        exchanged[m][n][lane] = {w[0], w[1], w[2], w[3]};
        left.set(m, n, 0, x[0], x[1]);
        left.set(m, n, 1, x[2], x[3]);
      }
    }
    ptx::bar_arrive(1 + pair, 2 * kWarpSize);
  } else {
    ptx::bar_sync(1 + pair, 2 * kWarpSize);
    const auto fill = [&](auto gradient) {
#pragma unroll
      for (int n = 0; n < kQueries / 8; ++n) {
        const float2 delta = sums[n * 4 + lane % 4];
#pragma unroll
        for (int m = 0; m < kRows / 16; ++m) {
          const float* x = products.at[m][n];
          const float4 w = exchanged[m][n][lane];
          left.set(m, n, 0, gradient(w.x, x[0], delta.x), gradient(w.y, x[1], delta.y));
          left.set(m, n, 1, gradient(w.z, x[2], delta.x), gradient(w.w, x[3], delta.y));
        }
      }
    };
    if (Variant::kIsPlain && !about.changes.hidden) {
      fill([](float weight, float gradient, float delta) { return weight * (gradient - delta); });
    } else {
      fill([&](float weight, float gradient, float delta) { return score_gradient(weight, gradient, delta, variant); });
    }
  }
  return left;
}

template <class Config>
__device__ void backward_keys(const BackwardParams& p, KeyGradientSharedMemory<Config>& shared) {
  using T = typename Config::Element;
  using Variant = typename Config::Variant;
  using Shared = KeyGradientSharedMemory<Config>;
  using QueryTile = typename Shared::QueryTile;
  constexpr KeyGradientTile kTile = Config::kTile;
  constexpr int kThreads = kTile.threads(), kRows = kTile.rows_per_pair;
  const int thread = ptx::tid_x(), lane = thread % kWarpSize, warp = thread / kWarpSize;
  const int pair = warp % kTile.pairs, role = warp / kTile.pairs;
  const KeyGradientPlace& place = shared.place;
  if (thread == 0) shared.place.find(p, kTile);
  __syncthreads();
  if (!place.exists()) return;

  load_keys<Config>(p, shared, thread);
  QueryStream<Config, typename Shared::Stage> stream(p, place, thread);
  if (kTile.stages > 1 && !stream.at_end()) stream.load(shared.stages[0], thread);

  Accumulator<kRows, kTile.head_dim> sums;
  sums.clear();
  bool found_not_finite = false, keys_are_finite = true;
  if constexpr (Config::kSumsQueries) {
    ptx::cp_async_wait_group<0>();
    keys_are_finite = __syncthreads_and(is_finite<kThreads>(shared.rows[0], thread));
  }
  const std::uint32_t left_at = FactorAddress<T>::left(shared.rows[role], pair * kRows, lane);
  const std::uint32_t first_at = FactorAddress<T>::transposed(shared.stages[0].rows[role], lane);
  const std::uint32_t second_at = FactorAddress<T>::right(shared.stages[0].rows[1 - role], lane);
  const QueryProducts<Config> query_products(shared, thread);
#pragma unroll 1
  for (int stage = 0; !stream.at_end(); stage = kTile.stages - 1 - stage) {
    if constexpr (kTile.stages == 1) {
      __syncthreads();  // Nobody needs the tile before any more.
      stream.load(shared.stages[0], thread);
    }
    ptx::cp_async_wait_group<0>();
    __syncthreads();  // The tile is here, and nobody needs the one before any more.
    stream.advance(thread);
    if (kTile.stages > 1 && !stream.at_end()) stream.load(shared.stages[1 - stage], thread);

    Accumulator<kRows, kTile.queries> products;
    products.clear();
    const auto offset = static_cast<std::uint32_t>(stage * sizeof(typename Shared::Stage));
    multiply_tiles_transposed<QueryTile>(products, left_at, first_at + offset);

    const auto left = make_left_factor<Config>(p, shared, products, stage, pair, role);
    if constexpr (Config::kSumsQueries) {
      if (role == kOfKeys) share_score_gradients(shared.score_gradients, pair * kRows, left);
    }
    if (shared.stages[stage].about.hides_some) {
      __syncthreads();  // All warps have multiplied with what now loses its values that are not finite.
      remove_not_finite<kThreads>(shared.stages[stage].rows[0], thread);
      found_not_finite |= remove_not_finite<kThreads>(shared.stages[stage].rows[1], thread);
      __syncthreads();
    }
    multiply<QueryTile>(sums, left, second_at + offset);
    if constexpr (Config::kSumsQueries) {
      __syncthreads();  // All gradients of scores are there.
      const AboutQueries& about = shared.stages[stage].about;
      if (about.hides_some && !keys_are_finite) {
        add_visible_query_gradients<Config>(shared.score_gradients, shared.rows[0], about.query_sums, about.queries);
      } else {
        query_products.add(about.query_sums, about.queries);
      }
    }
  }
  // The keys are here even if there were no queries: where those are summed, the keys have been waited for before.
  if constexpr (!Config::kSumsQueries) ptx::cp_async_wait_group<0>();
  if (__syncthreads_or(found_not_finite)) {
    add_gradients_not_finite<Config>(p, place, shared.stages[0].about.place, sums, pair * kRows, role == kOfValues);
  }

  const Strides& strides = role == kOfValues ? p.grad_value_strides : p.grad_key_strides;
  const int row = place.first_key_row + place.first_key + pair * kRows;
  char* to =
      row_at(static_cast<char*>(role == kOfValues ? p.grad_value : p.grad_key), strides, place.batch, row, place.head);
  const auto variant = make_variant<Variant>(p, shared.stages[0].about.place);
  const float factor = role == kOfValues ? variant.weight_scale() : p.scale;
  write_gradient(sums, factor, shared.rows[role], pair * kRows, place.seq_k - place.first_key - pair * kRows,
                 min(kRows, place.keys_left - pair * kRows), to, strides.position,
                 typename Config::Rows(role == kOfValues ? p.row_bytes_v : p.row_bytes, p.alignment));
}

}  // namespace ki::attention::cuda
