// Which part of a problem a block of a backward kernel computes. One thread finds out, and leaves it in shared memory:
// numbers that are needed once a tile, or only at the end, would take registers from the loop.
#pragma once

#include <type_traits>

#include "attention/cuda/backward_params.h"
#include "attention/cuda/backward_tile.h"
#include "attention/cuda/variant.cuh"
#include "attention/cuda/visible_queries.h"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

// A row of a tensor.
template <class Byte>
__device__ Byte* row_at(Byte* data, const Strides& strides, int batch, int row, int head) {
  return data + batch * strides.batch + row * strides.position + head * strides.head;
}

// The first of a head's two sums for the queries of a sequence; the other is row_sums_half further.
__device__ inline float* row_sums_at(const BackwardParams& p, int batch, int row, int head) {
  return p.row_sums + batch * p.row_sums_batch + static_cast<std::int64_t>(head) * p.sequences.rows_q + row;
}

template <class Variant>
__device__ Variant make_variant(const BackwardParams& p, const Place& place) {
  if constexpr (std::is_same_v<typename Variant::Params, GeneralParams>) {
    return Variant(p.general, place);
  } else {
    return Variant({}, place);
  }
}

// A sequence, and where its rows lie.
struct GradientPlace {
  int batch, head;  // the head is one of queries or of keys
  int seq_q, seq_k;
  int first_query_row, first_key_row;
  VisibleKeys visible;

  __device__ void set_sequence(const BackwardParams& p, int sequence) {
    batch = sequence;
    const SequenceRows rows = p.sequences.rows(sequence);
    seq_q = rows.seq_q;
    seq_k = rows.seq_k;
    first_query_row = rows.first_query;
    first_key_row = rows.first_key;
    visible = VisibleKeys::of(p.window, seq_q, seq_k);
  }

  __device__ Place of_head(int query_head) const { return {batch, query_head, seq_q, seq_k}; }
};

// A tile of keys, whose gradients are summed, and the tiles of queries that may see some of it.
struct KeyGradientPlace : GradientPlace {
  int first_key, keys_left;  // of the tile; what the tensor has of the sequence from there on, whether it counts or not
  int first_tile, end_tile;  // of queries

  // Tiles of one head are neighbours in the grid, so their queries stay in the L2 cache, and the first goes first: with
  // causality most queries see it.
  __device__ void find(const BackwardParams& p, KeyGradientTile size) {
    const int block = ptx::ctaid_x(), row = block / p.tiles;
    int tile = block % p.tiles, rows_of_sequence = p.sequences.rows_k;
    if (p.sequences.cu_seqlens_k != nullptr) {
      // Rows behind the last sequence are one more, which nobody sees and whose gradients are zeros.
      const Sequences of_keys{p.sequences.cu_seqlens_k, nullptr, nullptr, p.sequences.batch + 1, p.sequences.rows_k, 0};
      const PackedTile found = find_packed_tile(of_keys, tile, size.keys());
      head = row;
      tile = found.tile;
      if (found.sequence < p.sequences.batch) {
        set_sequence(p, found.sequence);
        rows_of_sequence = max(of_keys.first_query(found.sequence + 1) - first_key_row, 0);
      } else {
        batch = seq_q = seq_k = first_query_row = 0;
        first_key_row = of_keys.first_query(found.sequence);
        rows_of_sequence = p.sequences.rows_k - first_key_row;
      }
    } else {
      head = row % p.heads_kv;
      set_sequence(p, row / p.heads_kv);
    }
    // Offsets that do not ascend can lead to a tile before the sequence's first.
    first_key = tile < 0 ? rows_of_sequence : tile * size.keys();
    keys_left = rows_of_sequence - first_key;
    find_queries(size);
  }

  __device__ bool exists() const { return keys_left > 0; }

  __device__ VisibleQueries queries() const { return {visible, seq_q}; }

  __device__ KeyRange key_range(KeyGradientTile size) const { return {first_key, first_key + size.keys() - 1}; }

 private:
  __device__ void find_queries(KeyGradientTile size) {
    first_tile = end_tile = 0;
    if (first_key >= seq_k) return;
    const QueryRange range = queries().of({first_key, min(first_key + size.keys(), seq_k) - 1});
    if (range.first == range.end) return;
    first_tile = range.first / size.queries;
    end_tile = (range.end - 1) / size.queries + 1;
  }
};

static_assert(sizeof(KeyGradientPlace) <= kGradientPlaceBytes);

// A tile of queries, whose gradient is summed, and the tiles of keys that it walks over.
struct QueryGradientPlace : GradientPlace {
  int first_query, last_query;
  KeyTiles keys;

  // The last tile goes first: with causality it sees the most keys.
  __device__ void find(const BackwardParams& p, QueryGradientTile size) {
    const int block = ptx::ctaid_x(), row = block / p.tiles;
    int tile = p.tiles - 1 - block % p.tiles;
    if (p.sequences.cu_seqlens_q != nullptr) {
      const PackedTile found = find_packed_tile(p.sequences, tile, size.queries());
      set_sequence(p, found.sequence);
      head = row;
      tile = found.tile;
    } else {
      set_sequence(p, row / p.heads_q);
      head = row % p.heads_q;
    }
    first_query = tile < 0 ? seq_q : tile * size.queries();
    last_query = min(first_query + size.queries(), seq_q) - 1;
    keys = visible.tiles(first_query, last_query, size.keys);
  }

  __device__ bool exists() const { return first_query < seq_q; }
};

static_assert(sizeof(QueryGradientPlace) <= kGradientPlaceBytes);

}  // namespace ki::attention::cuda
