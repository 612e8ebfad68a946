// Which part of a problem a block of a decode kernel computes.
#pragma once

#include "attention/cuda/decode_params.h"
#include "attention/cuda/decode_size.h"
#include "attention/cuda/rotary.cuh"
#include "attention/cuda/variant.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

// Some rows of queries that share a key and value head, and a split of the keys that any of them sees. Row r is head
// r % heads of position r / heads of the tile.
struct DecodeTile {
  Place place;  // its head is the first of the tile
  int head_kv, split;
  int first_row;             // of the query's tensor: where the sequence begins
  int first_query, queries;  // positions in the sequence
  int heads;
  VisibleKeys visible;
  KeyTiles keys;
  int begin, end;  // of the tiles of keys that some row sees, those that belong to the split
  KeyPlaces places;

  // Blocks of the same keys are neighbours in the grid, so that those stay in the L2 cache.
  __device__ void find(const DecodeParams& p) {
    const auto head_tiles = static_cast<unsigned>(p.head_tiles), query_tiles = static_cast<unsigned>(p.query_tiles);
    const auto splits = static_cast<unsigned>(p.splits);
    const bool packed = p.cache.sequences.cu_seqlens_q != nullptr;
    unsigned rest = ptx::ctaid_x();
    const int head_tile = rest % head_tiles;
    rest /= head_tiles;
    int query_tile = rest % query_tiles;
    rest /= query_tiles;
    split = rest % splits;
    rest /= splits;
    head_kv = rest % static_cast<unsigned>(p.heads_kv);
    place.batch = rest / static_cast<unsigned>(p.heads_kv);
    if (packed) {
      const PackedTile found = find_packed_tile(p.cache.sequences, query_tile, p.tile_queries);
      place.batch = found.sequence;
      query_tile = found.tile;
    }
    const SequenceRows rows = p.cache.rows(place.batch);
    place.seq_q = rows.seq_q;
    place.seq_k = rows.seq_k;
    place.head = head_kv * p.group + head_tile * kDecodeRows;
    heads = min(p.group - head_tile * kDecodeRows, kDecodeRows);
    first_row = rows.first_query;
    first_query = query_tile * p.tile_queries;
    queries = min(rows.seq_q - first_query, p.tile_queries);
    if (!exists()) return;

    visible = VisibleKeys::of(p.window, place.seq_q, place.seq_k);
    keys = visible.tiles(first_query, first_query + queries - 1, kDecodeKeys);
    const int tiles = keys.sinks + keys.end - keys.first, share = (tiles + p.splits - 1) / p.splits;
    begin = min(split * share, tiles);
    end = min(begin + share, tiles);
    places = p.cache.places(place.batch, rows.first_key);
  }

  __device__ bool exists() const { return queries > 0; }
  __device__ int rows() const { return queries * heads; }
  __device__ int query_of(int row) const { return first_query + row / heads; }
  __device__ int head_of(int row) const { return place.head + row % heads; }

  // The number of the index-th tile of keys that some row sees.
  __device__ int key_tile(int index) const { return index < keys.sinks ? index : index - keys.sinks + keys.first; }

  // A row of a tensor of queries.
  template <class Byte>
  __device__ Byte* at(Byte* data, const Strides& strides, int row) const {
    return data + place.batch * strides.batch + (first_row + query_of(row)) * strides.position +
           head_of(row) * strides.head;
  }
};
static_assert(sizeof(DecodeTile) <= kDecodeTileBytes);

// Loads the tile's queries, turns them and gives them the scale's sign. Rows and columns that do not exist become zeros.
template <class T, int kThreads, class Tile>
__device__ void load_decode_queries(const DecodeParams& p, const DecodeTile& tile, Tile& queries) {
  constexpr int kColumns = 8, kPerRow = Tile::kChunksPerRow * Tile::kChunkElements / kColumns;
#pragma unroll 1
  for (int i = ptx::tid_x(); i < kDecodeRows * kPerRow; i += kThreads) {
    const int row = i / kPerRow, column = i % kPerRow * kColumns;
    const int count = row < tile.rows() ? p.head_dim - column : 0;
    float x[kColumns] = {};
    if (count > 0) {
      const T* from = reinterpret_cast<const T*>(tile.at(static_cast<const char*>(p.query), p.query_strides, row));
      load_columns<T>(x, from + column, count, p.query_alignment == kChunkBytes);
      rotate(x, p.rotary, tile.place.position(tile.query_of(row)), column, from);
#pragma unroll
      for (float& element : x) element *= p.query_sign;
    }
    constexpr int kChunks = kColumns / Tile::kChunkElements;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      store_columns<T>(&queries.chunk(row, column / Tile::kChunkElements + c),
                       reinterpret_cast<const float(&)[Tile::kChunkElements]>(x[c * Tile::kChunkElements]));
    }
  }
}

}  // namespace ki::attention::cuda
