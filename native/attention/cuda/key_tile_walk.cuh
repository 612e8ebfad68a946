// Which tiles of keys a block visits, and what its queries see of each.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/query_tile.cuh"
#include "attention/cuda/variant.cuh"

namespace ki::attention::cuda {

// From the last tile that may be visible to the first, without those that the variant skips.
template <class Config>
struct KeyTileWalk {
  const ForwardParams& p;
  const QueryTile& queries;
  const typename Config::Variant& variant;

  __device__ TileState state_of(int j) const {
    constexpr int kKeys = Config::kTile.keys;
    return variant.tile_state(queries.first_query, queries.last_query(p, Config::kTile), j * kKeys,
                              (j + 1) * kKeys - 1);
  }

  // Negative if there is none.
  __device__ int before(int j) const {
    do {
      --j;
    } while (j >= 0 && state_of(j) == TileState::skip);
    return j;
  }

  __device__ int last() const { return before(queries.key_tiles(p, Config::kTile).end); }
};

}  // namespace ki::attention::cuda
