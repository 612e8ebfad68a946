// The tiles of queries that a tile of keys is seen by, of all query heads that share the keys.
#pragma once

#include "attention/cuda/backward_place.cuh"
#include "attention/cuda/query_gradient_sums.cuh"
#include "attention/cuda/recomputed_weights.cuh"
#include "cuda/device/tile_copy.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// What a block has to know of a tile of queries.
struct AboutQueries {
  Place place;
  int first_query;
  TileChanges changes;
  bool hides_some;    // some query does not see some key, by position or by the variant
  int queries;        // that exist, from the first on
  float* query_sums;  // of the first, if they are summed
};

static_assert(sizeof(AboutQueries) <= kAboutQueriesBytes);

// Stands at one tile of one head. Config gives the sizes, Stage the shared memory of one tile.
template <class Config, class Stage>
class QueryStream {
 public:
  // Stands at the first tile that the variant does not skip.
  __device__ QueryStream(const BackwardParams& p, const KeyGradientPlace& place, int thread)
      : p_(p), place_(place), head_(place.head * p.group), tile_(place.first_tile) {
    if (place.first_tile == place.end_tile) head_ = end_head();
    if (!at_end()) start_head(thread);
    while (!at_end() && state() == TileState::skip) step(thread);
  }

  __device__ bool at_end() const { return head_ == end_head(); }

  __device__ void advance(int thread) {
    do {
      step(thread);
    } while (!at_end() && state() == TileState::skip);
  }

  // Begins to copy the tile, as one group of cp.async. What the stage says of it can be read after the next barrier.
  __device__ void load(Stage& stage, int thread) const {
    const int left = place_.seq_q - tile_ * kQueries;
    if (thread == 0) {
      const TileState state = this->state();
      const bool hidden =
          place_.queries().hide(place_.key_range(Config::kTile), tile_ * kQueries, (tile_ + 1) * kQueries - 1);
      stage.about = {place_.of_head(head_),
                     tile_ * kQueries,
                     {state != TileState::full, hidden},
                     hidden || state == TileState::partial,
                     left,
                     query_sums()};
    }
    load_tile_async<kThreads>(stage.rows[0], queries_, p_.query_strides.position, left,
                              Rows(p_.row_bytes, p_.alignment), thread);
    load_tile_async<kThreads>(stage.rows[1], gradients_, p_.grad_output_strides.position, left,
                              Rows(p_.row_bytes_v, p_.alignment), thread);
    if (thread < 2 * kQueries) {
      ptx::cp_async_ca_4(ptx::cvta_to_shared(&stage.sums[0][thread]), sums_, thread % kQueries < left ? 4 : 0);
    }
    ptx::cp_async_commit_group();
  }

 private:
  using Rows = typename Config::Rows;
  static constexpr int kThreads = Config::kTile.threads(), kQueries = Config::kTile.queries;
  static_assert(2 * kQueries <= kThreads);

  __device__ float* query_sums() const {
    const int row = place_.first_query_row + tile_ * kQueries;
    return Config::kSumsQueries ? query_sums_at<Config>(p_, place_.batch, row, head_) : nullptr;
  }

  __device__ TileState state() const {
    const Place place = place_.of_head(head_);
    return make_variant<typename Config::Variant>(p_, place).tile_state(
        tile_ * kQueries, min((tile_ + 1) * kQueries, place_.seq_q) - 1, place_.first_key,
        place_.first_key + Config::kTile.keys() - 1);
  }

  __device__ int end_head() const { return (place_.head + 1) * p_.group; }

  __device__ void start_head(int thread) {
    using Share = TileShare<std::remove_extent_t<decltype(Stage::rows)>, kThreads>;
    const int row = place_.first_query_row + tile_ * kQueries;
    queries_ = Share::source(row_at(static_cast<const char*>(p_.query), p_.query_strides, place_.batch, row, head_),
                             p_.query_strides.position, thread);
    gradients_ = Share::source(
        row_at(static_cast<const char*>(p_.grad_output), p_.grad_output_strides, place_.batch, row, head_),
        p_.grad_output_strides.position, thread);
    sums_ = row_sums_at(p_, place_.batch, row, head_) + thread % kQueries + thread / kQueries % 2 * p_.row_sums_half;
  }

  __device__ void step(int thread) {
    if (++tile_ < place_.end_tile) {
      queries_ += kQueries * p_.query_strides.position;
      gradients_ += kQueries * p_.grad_output_strides.position;
      sums_ += kQueries;
      return;
    }
    tile_ = place_.first_tile;
    if (++head_ < end_head()) start_head(thread);
  }

  const BackwardParams& p_;
  const KeyGradientPlace& place_;
  int head_, tile_;
  const char *queries_, *gradients_;  // of this thread's first chunk
  const float* sums_;
};

}  // namespace ki::attention::cuda
