// Loads tiles of keys and values.
#pragma once

#include "attention/cuda/query_tile.cuh"
#include "cuda/device/tile_copy.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Begins to copy the j-th tile of a sequence's rows as one group of cp.async. Addresses are computed anew for each tile: kept from
// one to the next, they would take registers that the sums need.
template <class Config, class Tile>
__device__ void load_rows(Tile& tile, const char* rows, std::int64_t pitch, int row_bytes, int alignment, int seq_k,
                          int j) {
  constexpr int kThreads = Config::kTile.threads();
  const int thread = ptx::tid_x(), first = j * Tile::kRows;
  const char* source = TileShare<Tile, kThreads>::source(rows, first, pitch, thread);
  load_tile_async<kThreads>(tile, source, pitch, seq_k - first, typename Config::Rows(row_bytes, alignment), thread);
  ptx::cp_async_commit_group();
}

template <class Config, class Shared>
__device__ void load_keys(const ForwardParams& p, Shared& shared, int j) {
  load_rows<Config>(shared.keys, shared.tile.key_rows, p.key_strides.position, p.row_bytes, p.alignment,
                    shared.tile.place.seq_k, j);
}

template <class Config, class Shared>
__device__ void load_values(const ForwardParams& p, Shared& shared, int j) {
  load_rows<Config>(shared.values, shared.tile.value_rows, p.value_strides.position, p.row_bytes_v, p.alignment,
                    shared.tile.place.seq_k, j);
}

}  // namespace ki::attention::cuda
