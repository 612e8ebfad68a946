// Which tiles of keys a block visits, and what its queries see of each.
#pragma once

#include "attention/cuda/query_tile.cuh"
#include "attention/cuda/variant.cuh"

namespace ki::attention::cuda {

// From the last tile that may be visible to the first, without those that the variant skips.
template <class Config>
struct KeyTileWalk {
  const QueryTile& queries;
  const typename Config::Variant& variant;

  // What the variant makes of a tile, all of whose keys are taken to be visible by their positions.
  __device__ TileState state_of(int j) const {
    constexpr int kKeys = Config::kTile.keys;
    return variant.tile_state(queries.first_query, queries.last_query, j * kKeys, (j + 1) * kKeys - 1);
  }

  // Whether score() has to see each.
  __device__ bool changes(int j) const { return state_of(j) != TileState::full; }

  // Whether a query may not see a key of it.
  __device__ bool hides(int j) const { return !queries.keys.full(j) || state_of(j) == TileState::partial; }

  // Negative if there is none.
  __device__ int before(int j) const {
    do {
      j = queries.keys.before(j);
    } while (j >= 0 && state_of(j) == TileState::skip);
    return j;
  }

  __device__ int last() const { return before(queries.keys.end); }
};

}  // namespace ki::attention::cuda
