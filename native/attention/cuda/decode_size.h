// How the decode kernels cut a problem, and why so.
#pragma once

#include "attention/cuda/tile_size.h"

namespace ki::attention::cuda {

// Query rows of a tile: the least that tensor cores multiply. A row is one head of one position; the heads that share a key
// and value head lie together, so a single token's group reads the keys once.
inline constexpr int kDecodeRows = 16;

// Keys that a warp has in shared memory at a time: a lane finds the place of one of them each, and one counter of dropout's
// random numbers serves a lane's share of a row.
inline constexpr int kDecodeKeys = 32;

// What a block knows about its tile, at the begin of its shared memory.
inline constexpr int kDecodeTileBytes = 128;

// The warps of a block share the tile's rows and take turns at its keys: none waits for another before the end, where their
// parts are merged. (Were the rows split instead, a single token would occupy one warp.)
struct DecodeSize {
  int head_dim;  // columns of every tile; narrower heads are padded with zeros
  int warps;
  int blocks;  // that share a multiprocessor
  int element_bytes;

  KI_HOST_DEVICE constexpr int threads() const { return warps * 32; }
  // Queries; for each warp keys and values, which of int8 are half a tile each and one to widen them into, and of float32
  // one tile that serves both and the weights; the largest score and the sum of every row.
  KI_HOST_DEVICE constexpr int shared_bytes() const {
    const int tile = kDecodeKeys * head_dim * element_bytes;
    const int of_warp = element_bytes == 4 ? tile + kDecodeRows * kDecodeKeys * 4 : 2 * tile;
    return kDecodeTileBytes + kDecodeRows * head_dim * element_bytes + warps * (of_warp + kDecodeRows * 8);
  }
  KI_HOST_DEVICE constexpr int registers_per_thread() const {
    const int share = kRegistersPerMultiprocessor / (blocks * threads()) / 8 * 8;
    return share < 255 ? share : 255;
  }
};

// What is in flight hides the latency of memory: some 10 KiB on a multiprocessor of sm_80 suffice. Here it is half of the
// keys' and values' tiles, 16 to 64 KiB. Of 256 columns, two warps keep two blocks within shared memory.
constexpr DecodeSize decode_size(int head_dim) {
  return head_dim <= 64    ? DecodeSize{64, 4, 3, 2}
         : head_dim <= 128 ? DecodeSize{128, 4, 2, 2}
                           : DecodeSize{256, 2, 2, 2};
}

// Float32 on CUDA cores: a tile of keys, then the same memory for its values.
constexpr DecodeSize decode_float32_size(int head_dim) {
  return head_dim <= 64    ? DecodeSize{64, 4, 3, 4}
         : head_dim <= 128 ? DecodeSize{128, 4, 2, 4}
                           : DecodeSize{256, 2, 1, 4};
}

}  // namespace ki::attention::cuda
