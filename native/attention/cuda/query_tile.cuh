// Which part of a problem a block computes.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/tile_size.h"
#include "attention/cuda/variant.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

// The tile of queries that a block computes, and the keys that it walks over. One thread finds out, and leaves it in
// shared
// memory: numbers that are needed once a tile of keys, or only at the end, would take registers from the loop.
struct QueryTile {
  Place place;
  int first_query, last_query;  // within the sequence; none exist if the first lies behind its end
  int first_row;                // where the sequence begins in query, output and logsumexp
  const char* key_rows;         // its first key and value, of the head
  const char* value_rows;
  VisibleKeys visible;
  KeyTiles keys;

  // Tiles of one head are neighbours in the grid, so their keys stay in the L2 cache, and the last goes first: with
  // causality it sees the most keys.
  __device__ void find(const ForwardParams& p, TileSize size) {
    const unsigned tiles = p.query_tiles, block = ptx::ctaid_x(), heads = p.heads_q;
    int tile = static_cast<int>(tiles - 1 - block % tiles);
    if (p.sequences.cu_seqlens_q != nullptr) {
      const PackedTile found = find_packed_tile(p.sequences, tile, size.queries());
      place.batch = found.sequence;
      place.head = block / tiles;
      tile = found.tile;
    } else {
      place.batch = block / tiles / heads;
      place.head = block / tiles % heads;
    }
    const SequenceRows rows = p.sequences.rows(place.batch);
    place.seq_q = rows.seq_q;
    place.seq_k = rows.seq_k;
    first_row = rows.first_query;
    key_rows = rows_of(p.key, p.key_strides, p.group, rows.first_key);
    value_rows = rows_of(p.value, p.value_strides, p.group, rows.first_key);
    // Offsets that do not ascend can lead to a tile before the sequence's first.
    first_query = tile < 0 ? rows.seq_q : tile * size.queries();
    last_query = min(first_query + size.queries(), rows.seq_q) - 1;
    visible = VisibleKeys::of(p.window, rows.seq_q, rows.seq_k);
    keys = visible.tiles(first_query, last_query, size.keys);
  }

  __device__ bool exists() const { return first_query < place.seq_q; }

  // A row of query, output or logsumexp at this tile's head.
  template <class Byte>
  __device__ Byte* query_row(Byte* data, const Strides& strides, int query) const {
    return data + place.batch * strides.batch + place.head * strides.head + (first_row + query) * strides.position;
  }

 private:
  __device__ const char* rows_of(const void* data, const Strides& strides, int group, int position) const {
    return static_cast<const char*>(data) + place.batch * strides.batch + place.head / group * strides.head +
           position * strides.position;
  }
};

static_assert(sizeof(QueryTile) <= kQueryTileBytes);

}  // namespace ki::attention::cuda
