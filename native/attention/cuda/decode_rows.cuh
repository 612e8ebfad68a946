// How a warp of a decode kernel gets its keys and values: rows that lie anywhere, copied to shared memory beside the
// arithmetic. The warp's tiles are its own; nobody else waits for them.
#pragma once

#include "attention/cuda/decode_tile.cuh"
#include "cuda/device/int8.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/tile_copy.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Where the 32 keys of a tile lie: each lane knows the place of one.
struct LaneKey {
  KeyPlace place{0, 0};
  int count;  // of the tile's keys, how many exist

  __device__ LaneKey(const DecodeTile& tile, int first_key, int lane) : count(tile.place.seq_k - first_key) {
    if (lane < count) place = tile.places.of(first_key + lane);
  }

  __device__ std::int64_t offset(const Strides& strides) const {
    return place.entry * strides.batch + place.row * strides.position;
  }
};

// A chunk of bytes at any address. What is beyond `bytes` becomes zero.
__device__ inline void load_bytes(uint4& shared, const char* global, int bytes) {
  std::uint32_t words[4] = {};
#pragma unroll
  for (int i = 0; i < kChunkBytes; ++i) {
    if (i < bytes) words[i / 4] |= std::uint32_t{*reinterpret_cast<const std::uint8_t*>(global + i)} << i % 4 * 8;
  }
  shared = {words[0], words[1], words[2], words[3]};
}

// Begins to copy the rows of a tile; chunk_at(row, chunk) says where a chunk goes. Rows beyond `rows` become zeros. `offset`
// is that of the lane's row from `base`.
template <int kChunksPerRow, class ChunkAt>
__device__ void gather_rows(ChunkAt chunk_at, const char* base, std::int64_t offset, int rows, int row_bytes,
                            int alignment, int lane) {
  constexpr int kLanesPerRow = kChunksPerRow < 8 ? kChunksPerRow : 8, kRowStep = kWarpSize / kLanesPerRow;
  const auto bytes_of = [&](int row, int chunk) {
    return row < rows ? min(max(row_bytes - chunk * kChunkBytes, 0), kChunkBytes) : 0;
  };
  if (alignment == kChunkBytes) {
#pragma unroll
    for (int r = 0; r < kDecodeKeys; r += kRowStep) {
      const int row = r + lane / kLanesPerRow;
      const char* from = base + __shfl_sync(kFullWarp, offset, row);
#pragma unroll
      for (int c = 0; c < kChunksPerRow; c += kLanesPerRow) {
        const int chunk = c + lane % kLanesPerRow;
        ptx::cp_async_cg_16(ptx::cvta_to_shared(&chunk_at(row, chunk)), from + chunk * kChunkBytes,
                            bytes_of(row, chunk));
      }
    }
    return;
  }
#pragma unroll 1
  for (int r = 0; r < kDecodeKeys; r += kRowStep) {
    const int row = r + lane / kLanesPerRow;
    const char* from = base + __shfl_sync(kFullWarp, offset, row);
#pragma unroll 1
    for (int chunk = lane % kLanesPerRow; chunk < kChunksPerRow; chunk += kLanesPerRow) {
      uint4& to = chunk_at(row, chunk);
      const int bytes = bytes_of(row, chunk);
      if (alignment == 1) {
        load_bytes(to, from + chunk * kChunkBytes, bytes);
      } else {
        detail::load_unaligned_chunk(to, from + chunk * kChunkBytes, bytes, alignment);
      }
    }
  }
}

// Keys and values of the query's type. They take turns: while one is multiplied, the other arrives.
template <class T, int kHeadDim>
class SameRows {
 public:
  using Tile = SharedTile<T, kDecodeKeys, kHeadDim>;
  struct Shared {
    Tile keys_tile, values_tile;
    __device__ Tile& keys() { return keys_tile; }
    __device__ Tile& values() { return values_tile; }
  };
  static constexpr bool kScaled = false;

  __device__ SameRows(const DecodeParams& p, const DecodeTile& tile, Shared& shared, int lane)
      : p_(p), tile_(tile), shared_(shared), lane_(lane), key_(tile, 0, lane) {}

  __device__ void start(int first_key) { load_keys(first_key); }

  // The keys are here from now on, until the values are.
  __device__ void wait_for_keys(int /*next_key*/) {
    ptx::cp_async_wait_group<0>();
    __syncwarp();  // Nobody needs the values before them any more.
    load(shared_.values_tile, p_.value, p_.value_strides, p_.head_dim_v);
  }

  // next_key: the first of the next tile; negative if there is none.
  __device__ void wait_for_values(int next_key) {
    ptx::cp_async_wait_group<0>();
    __syncwarp();  // Nobody needs the keys any more.
    if (next_key >= 0) load_keys(next_key);
  }

 private:
  __device__ void load_keys(int first_key) {
    key_ = LaneKey(tile_, first_key, lane_);
    load(shared_.keys_tile, p_.key, p_.key_strides, p_.head_dim);
  }

  __device__ void load(Tile& to, const void* from, const Strides& strides, int columns) {
    gather_rows<Tile::kChunksPerRow>([&](int row, int chunk) -> uint4& { return to.chunk(row, chunk); },
                                     static_cast<const char*>(from) + tile_.head_kv * strides.head,
                                     key_.offset(strides), key_.count, columns * int(sizeof(T)), p_.key_alignment,
                                     lane_);
    ptx::cp_async_commit_group();
  }

  const DecodeParams& p_;
  const DecodeTile& tile_;
  Shared& shared_;
  int lane_;
  LaneKey key_;
};

// Keys and values that are int8: copied as they are, then widened to T, exactly. The scales are left to the scores and the
// weights. One wide tile serves both; the narrow ones are free again once widened, so that two copies are always under way.
template <class T, int kHeadDim>
class Int8Rows {
 public:
  using Tile = SharedTile<T, kDecodeKeys, kHeadDim>;
  static constexpr int kChunksPerRow = kHeadDim / kChunkBytes;
  struct Narrow {
    uint4 chunks[kDecodeKeys * kChunksPerRow];
    __device__ uint4& at(int row, int chunk) { return chunks[row * kChunksPerRow + chunk]; }
  };
  struct Shared {
    Tile wide;
    Narrow narrow_keys, narrow_values;
    __device__ Tile& keys() { return wide; }
    __device__ Tile& values() { return wide; }
  };
  static constexpr bool kScaled = true;

  float key_scale = 0, value_scale = 0;  // of the lane's key, of the tile whose keys were waited for

  __device__ Int8Rows(const DecodeParams& p, const DecodeTile& tile, Shared& shared, int lane)
      : p_(p), tile_(tile), shared_(shared), lane_(lane), key_(tile, 0, lane) {}

  __device__ void start(int first_key) {
    load_keys(first_key);
    load_values();
  }

  __device__ void wait_for_keys(int next_key) {
    ptx::cp_async_wait_group<1>();
    key_scale = next_key_scale_;
    value_scale = next_value_scale_;
    __syncwarp();  // Nobody needs the values before them any more.
    widen(shared_.narrow_keys);
    __syncwarp();
    if (next_key >= 0) {
      load_keys(next_key);
    } else {
      ptx::cp_async_commit_group();  // an empty group in place of the keys, for the wait for the values
    }
  }

  __device__ void wait_for_values(int next_key) {
    ptx::cp_async_wait_group<1>();
    __syncwarp();  // Nobody needs the keys any more.
    widen(shared_.narrow_values);
    __syncwarp();
    if (next_key >= 0) load_values();
  }

 private:
  static constexpr int kLanesPerRow = kChunksPerRow < 8 ? kChunksPerRow : 8;

  __device__ void load_keys(int first_key) {
    key_ = LaneKey(tile_, first_key, lane_);
    load(shared_.narrow_keys, p_.key, p_.key_strides, p_.head_dim);
    next_key_scale_ = scale(p_.key_scale, p_.key_scale_strides);
    next_value_scale_ = scale(p_.value_scale, p_.value_scale_strides);
  }
  __device__ void load_values() { load(shared_.narrow_values, p_.value, p_.value_strides, p_.head_dim_v); }

  __device__ void load(Narrow& to, const void* from, const Strides& strides, int columns) {
    gather_rows<kChunksPerRow>([&](int row, int chunk) -> uint4& { return to.at(row, chunk); },
                               static_cast<const char*>(from) + tile_.head_kv * strides.head, key_.offset(strides),
                               key_.count, columns, p_.key_alignment, lane_);
    ptx::cp_async_commit_group();
  }

  __device__ float scale(const void* scales, const Strides& strides) const {
    if (lane_ >= key_.count) return 0;
    return *reinterpret_cast<const float*>(static_cast<const char*>(scales) + tile_.head_kv * strides.head +
                                           key_.offset(strides));
  }

  // Each lane widens what it has copied.
  __device__ void widen(Narrow& narrow) {
#pragma unroll 2
    for (int row = lane_ / kLanesPerRow; row < kDecodeKeys; row += kWarpSize / kLanesPerRow) {
#pragma unroll
      for (int c = 0; c < kChunksPerRow; c += kLanesPerRow) {
        const int chunk = c + lane_ % kLanesPerRow;
        uint4 halves[2];
        widen_int8<T>(halves, narrow.at(row, chunk));
        // Every other four lanes begin with the second half: eight lanes write to all banks.
        const int first = chunk / 4 % 2;
        shared_.wide.chunk(row, 2 * chunk + first) = first == 0 ? halves[0] : halves[1];
        shared_.wide.chunk(row, 2 * chunk + 1 - first) = first == 0 ? halves[1] : halves[0];
      }
    }
  }

  const DecodeParams& p_;
  const DecodeTile& tile_;
  Shared& shared_;
  int lane_;
  LaneKey key_;
  float next_key_scale_ = 0, next_value_scale_ = 0;
};

}  // namespace ki::attention::cuda
