// What the rows of a decode tile are, and which tiles of keys its warps visit.
#pragma once

#include "attention/cuda/decode_tile.cuh"
#include "attention/cuda/variant.cuh"

namespace ki::attention::cuda {

// One row of the tile: its query, and its own head.
struct DecodeRow {
  Place place;
  int query;

  __device__ DecodeRow(const DecodeTile& tile, int row) : place(tile.place), query(tile.query_of(row)) {
    place.head = tile.head_of(row);
  }
};

// The tiles of keys that a warp visits.
template <class Config>
struct DecodeWalk {
  const DecodeTile& tile;
  const typename Config::Variant& variant;

  __device__ TileState state_of(int first_key) const {
    return variant.tile_state(tile.first_query, tile.first_query + tile.queries - 1, first_key,
                              first_key + kDecodeKeys - 1);
  }

  // Whether some row does not see some key.
  __device__ bool hides(int first_key) const {
    return !tile.keys.full(first_key / kDecodeKeys) || state_of(first_key) == TileState::partial;
  }

  // The first key of the next tile, from the index-th on, that some row sees; negative if there is none.
  __device__ int next(int& index) const {
    for (; index < tile.end; index += Config::kSize.warps) {
      const int first_key = tile.key_tile(index) * kDecodeKeys;
      if (state_of(first_key) != TileState::skip) return first_key;
    }
    return -1;
  }
};

}  // namespace ki::attention::cuda
