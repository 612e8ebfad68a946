// Loads a block's queries and gives them the scale's sign.
#pragma once

#include "attention/cuda/query_tile.cuh"
#include "cuda/device/tile_copy.cuh"
#include "cuda/ptx/convert.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

__device__ inline void multiply(float& x, float factor) { x *= factor; }

// Exact for the factors -1, 0 and 1.
template <class T>
__device__ void multiply(T& x, float factor) {
  x.bits = static_cast<std::uint16_t>(ptx::cvt_rn_x2_f32<T>(0, factor * ptx::cvt_f32(x)));
}

// Multiplies the queries by the scale's sign, each thread those that it has copied.
template <int kThreads, class Tile>
__device__ void apply_sign(Tile& queries, float sign, int thread) {
  using Share = TileShare<Tile, kThreads>;
#pragma unroll 1
  for (int row = Share::row(thread); row < Tile::kRows; row += Share::kRowStep) {
#pragma unroll 1
    for (int chunk = Share::chunk(thread); chunk < Tile::kChunksPerRow; chunk += Share::kThreadsPerRow) {
      auto* elements = reinterpret_cast<typename Tile::Element*>(&queries.chunk(row, chunk));
      for (int i = 0; i < Tile::kChunkElements; ++i) multiply(elements[i], sign);
    }
  }
}

// Begins to load them, as part of the next group of cp.async.
template <class Config, class Tile>
__device__ void load_queries(const ForwardParams& p, const QueryTile& tile, Tile& queries, int thread) {
  using Rows = typename Config::Rows;
  constexpr int kThreads = Config::kTile.threads();
  const char* from = tile.query_row(static_cast<const char*>(p.query), p.query_strides, tile.first_query);
  load_tile_async<kThreads>(queries, TileShare<Tile, kThreads>::source(from, p.query_strides.position, thread),
                            p.query_strides.position, tile.place.seq_q - tile.first_query,
                            Rows(p.row_bytes, p.alignment), thread);
  if (p.query_sign == 1) return;
  ptx::cp_async_commit_group();
  ptx::cp_async_wait_group<0>();
  apply_sign<kThreads>(queries, p.query_sign, thread);
}

}  // namespace ki::attention::cuda
