// How the forward kernels cut a problem, and why so.
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

// What one multiprocessor of sm_80 offers its blocks. sm_86 and sm_89 have less shared memory (100 KiB): there fewer blocks
// fit, and all tiles still do.
inline constexpr int kRegistersPerMultiprocessor = 65536;
inline constexpr int kSharedBytesPerMultiprocessor = 164 * 1024;
inline constexpr int kReservedSharedBytesPerBlock = 1024;
inline constexpr int kMaxSharedBytesPerBlock = 99 * 1024;  // the least of all 8.x

// What a block knows about its tile of queries, at the begin of its shared memory.
inline constexpr int kQueryTileBytes = 128;

struct TileSize {
  int head_dim;       // columns of every tile; narrower heads are padded with zeros
  int rows_per_warp;  // queries
  int warps;
  int keys;    // keys and values that are in shared memory at a time
  int blocks;  // that share a multiprocessor: the compiler may use this block's share of registers
  int element_bytes;

  KI_HOST_DEVICE constexpr int threads() const { return warps * 32; }
  KI_HOST_DEVICE constexpr int queries() const { return warps * rows_per_warp; }
  // One tile each of queries, keys and values; of float32 the weights as well, which tensor cores keep in registers.
  KI_HOST_DEVICE constexpr int shared_bytes() const {
    return kQueryTileBytes + (queries() + 2 * keys) * head_dim * element_bytes +
           (element_bytes == 4 ? queries() * keys * 4 : 0);
  }
  KI_HOST_DEVICE constexpr int registers_per_thread() const {
    return kRegistersPerMultiprocessor / (blocks * threads()) / 8 * 8;
  }
};

// Tiles for heads of exactly this size, 64 or 128, in rows aligned to 16 bytes.
//
// 32 rows a warp, because every fragment of keys and values that ldmatrix loads then serves two products: with 16 rows,
// ldmatrix would take as long as the tensor cores. 4 warps and 2 blocks, because the accumulators (32 x 128 floats are 128
// registers a lane) and a tile's scores (32 x 64: 64 registers) leave no room for more, and because while one block waits
// at a barrier the other computes.
//
// The work on a row (its largest score, rescaling its sums) is done once a tile, so a tile has as many keys as registers
// allow: 64 beside 128 columns, 128 beside 64.
constexpr TileSize whole_tile(int head_dim) {
  return head_dim == 64 ? TileSize{64, 32, 4, 128, 2, 2} : TileSize{128, 32, 4, 64, 2, 2};
}

// Tiles for all other heads of 16-bit elements, up to this size. Correctness is their aim: 16 rows a warp leave registers
// for the checks at the edges. Beyond 128 columns, half as many keys keep two blocks within shared memory.
constexpr TileSize padded_tile(int head_dim) { return {head_dim, 16, 4, head_dim > 128 ? 32 : 64, 2, 2}; }

// The same under a variant, whose temporaries need room as well: half as many keys. Half as many rows would cost more, for
// the reason above.
constexpr TileSize variant_tile(int head_dim) {
  return head_dim == 64 ? TileSize{64, 32, 4, 64, 2, 2} : TileSize{128, 32, 4, 32, 2, 2};
}

// Tiles for float32, which is computed without tensor cores: TF32 would round the inputs to 10 bits. 16 lanes share 4 rows,
// and every value they load from shared memory serves 4 products. The keys are as many as leave room for two blocks, and
// for one in the 99 KiB of sm_86.
constexpr TileSize float32_tile(int head_dim) {
  return head_dim <= 64    ? TileSize{64, 8, 8, 64, 2, 4}
         : head_dim <= 128 ? TileSize{128, 8, 8, 32, 2, 4}
                           : TileSize{256, 8, 4, 16, 2, 4};
}

// The sizes that heads are padded to. Multiples of 32, because a swizzle exchanges at least four chunks of eight elements.
inline constexpr int kPaddedHeadDims[] = {32, 64, 96, 128, 192, 256};

constexpr int padded_head_dim(int head_dim) {
  for (const int padded : kPaddedHeadDims) {
    if (head_dim <= padded) return padded;
  }
  return 0;
}

}  // namespace ki::attention::cuda
