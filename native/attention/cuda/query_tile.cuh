// Which part of a problem a block computes.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/tile_size.h"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

// The tile of queries that a block computes. Tiles of one head are neighbours in the grid, so their keys stay in the L2
// cache, and the last goes first: with causality it sees the most keys.
struct QueryTile {
  int batch, head, first_query;

  __device__ QueryTile(const ForwardParams& p, int queries) {
    const unsigned tiles = p.query_tiles, heads = p.heads_q;
    const unsigned block = ptx::ctaid_x(), row = block / tiles;
    batch = row / heads;
    head = row % heads;
    first_query = (tiles - 1 - block % tiles) * queries;
  }

  __device__ int last_query(const ForwardParams& p, TileSize size) const {
    return min(first_query + size.queries(), p.seq_q) - 1;
  }
  __device__ KeyTiles key_tiles(const ForwardParams& p, TileSize size) const {
    return p.visible.tiles(first_query, last_query(p, size), size.keys);
  }

  // The row of a tensor at a head and position of this tile's batch.
  template <class Byte>
  __device__ Byte* at(Byte* data, const Strides& strides, int head, int position) const {
    return data + batch * strides.batch + head * strides.head + position * strides.position;
  }

  // The first key and the first value of this tile's head.
  __device__ const char* key_rows(const ForwardParams& p) const {
    return at(static_cast<const char*>(p.key), p.key_strides, head / p.group, 0);
  }
  __device__ const char* value_rows(const ForwardParams& p) const {
    return at(static_cast<const char*>(p.value), p.value_strides, head / p.group, 0);
  }
};

}  // namespace ki::attention::cuda
