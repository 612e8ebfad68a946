// How the backward kernels cut a problem, and why so. All keep two blocks on a multiprocessor of sm_80 where they can.
#pragma once

#include "attention/cuda/tile_size.h"
#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

// What a block knows about its tile, at the begin of its shared memory.
inline constexpr int kGradientPlaceBytes = 128;

// What it knows about each tile of queries that is in shared memory.
inline constexpr int kAboutQueriesBytes = 128;

constexpr int registers_of_share(int blocks, int threads) {
  const int share = kRegistersPerMultiprocessor / (blocks * threads) / 8 * 8;
  return share < 255 ? share : 255;
}

// Of the kernel that sums over rows of queries: one warp a row.
inline constexpr int kRowSumsThreads = 128;

// Of the kernel that computes the gradients of keys and values. Two warps share some rows of keys: one sums the
// gradient of the values, the other that of the keys.
struct KeyGradientTile {
  int head_dim;       // columns of every tile; narrower heads are padded with zeros
  int rows_per_pair;  // keys that two warps share
  int pairs;
  int queries;  // that are in shared memory at a time
  int stages;   // tiles of queries that shared memory holds: with two, one arrives while the other is used
  int blocks;   // that share a multiprocessor: the compiler may use this block's share of registers
  int element_bytes;
  bool sums_queries = false;  // the gradient of the queries as well

  KI_HOST_DEVICE constexpr int threads() const { return 2 * pairs * 32; }
  KI_HOST_DEVICE constexpr int keys() const { return pairs * rows_per_pair; }
  // Keys and values; queries and gradients of the output with two floats a row; and the weights, which one warp of a
  // pair tells the other.
  KI_HOST_DEVICE constexpr int shared_bytes() const {
    return kGradientPlaceBytes + 2 * keys() * head_dim * element_bytes +
           stages * (2 * queries * (head_dim * element_bytes + 4) + kAboutQueriesBytes) + keys() * queries * 4 +
           (sums_queries ? keys() * queries * element_bytes : 0);
  }
  constexpr int registers_per_thread() const { return registers_of_share(blocks, threads()); }
};

// Heads of exactly this size, 64 or 128, in rows aligned to 16 bytes. 32 rows of keys a pair: a fragment of queries
// that ldmatrix loads then serves two products. A tile of queries is as long as registers allow beside 32 x 64 or 32 x
// 128 sums, and two tiles of queries beside the keys leave room for two blocks. With the gradient of the queries, which
// has another barrier in every tile and many additions to global memory to wait for, three blocks of shorter tiles hide
// more.
constexpr KeyGradientTile whole_key_gradient_tile(int head_dim, bool sums_queries) {
  return head_dim == 128 ? KeyGradientTile{128, 32, 2, 32, 2, 2, 2, sums_queries}
         : sums_queries  ? KeyGradientTile{64, 32, 2, 32, 2, 3, 2, true}
                         : KeyGradientTile{64, 32, 2, 64, 2, 2, 2, false};
}

// All other heads of 16-bit elements, up to this size, and all under a variant, whose temporaries take registers from
// the tile of queries.
constexpr KeyGradientTile general_key_gradient_tile(int head_dim) {
  return head_dim <= 64    ? KeyGradientTile{64, 32, 2, 32, 2, 2, 2}
         : head_dim <= 128 ? KeyGradientTile{128, 32, 2, 16, 2, 2, 2}
                           : KeyGradientTile{256, 16, 2, 16, 2, 2, 2};
}

// Float32, whose rows are twice as long.
constexpr KeyGradientTile float32_key_gradient_tile(int head_dim) {
  return head_dim <= 64    ? KeyGradientTile{64, 16, 4, 32, 2, 1, 4}
         : head_dim <= 128 ? KeyGradientTile{128, 16, 2, 16, 2, 1, 4}
                           : KeyGradientTile{256, 16, 2, 16, 1, 1, 4};
}

// Of the kernel that computes the gradient of the queries.
struct QueryGradientTile {
  int head_dim;
  int rows_per_warp;  // queries
  int warps;
  int keys;    // keys and values that are in shared memory at a time
  int stages;  // tiles of keys that shared memory holds
  int blocks;
  int element_bytes;

  KI_HOST_DEVICE constexpr int threads() const { return warps * 32; }
  KI_HOST_DEVICE constexpr int queries() const { return warps * rows_per_warp; }
  KI_HOST_DEVICE constexpr int shared_bytes() const {
    return kGradientPlaceBytes + 2 * (queries() + stages * keys) * head_dim * element_bytes;
  }
  constexpr int registers_per_thread() const { return registers_of_share(blocks, threads()); }
};

// 16 rows a warp: queries and gradients of the output stay in shared memory, and twice as many rows would leave no room
// there for a second block.
constexpr QueryGradientTile query_gradient_tile(int head_dim, int element_bytes) {
  if (element_bytes == 4) {
    return head_dim <= 64    ? QueryGradientTile{64, 16, 4, 32, 2, 1, 4}
           : head_dim <= 128 ? QueryGradientTile{128, 16, 2, 16, 2, 1, 4}
                             : QueryGradientTile{256, 16, 2, 16, 1, 1, 4};
  }
  return head_dim <= 64    ? QueryGradientTile{64, 16, 4, 64, 2, 2, 2}
         : head_dim <= 128 ? QueryGradientTile{128, 16, 4, 32, 2, 2, 2}
                           : QueryGradientTile{256, 16, 2, 32, 2, 1, 2};
}

// Of the kernel that computes the gradient of the bias.
struct BiasGradientTile {
  int head_dim;
  int warps;  // of 16 rows of queries
  int keys;
  int element_bytes;

  KI_HOST_DEVICE constexpr int threads() const { return warps * 32; }
  KI_HOST_DEVICE constexpr int queries() const { return warps * 16; }
  KI_HOST_DEVICE constexpr int shared_bytes() const {
    return kGradientPlaceBytes + 2 * (queries() + keys) * head_dim * element_bytes;
  }
  constexpr int registers_per_thread() const { return registers_of_share(1, threads()); }
};

// One tile each of queries, gradients of the output, keys and values.
constexpr BiasGradientTile bias_gradient_tile(int head_dim, int element_bytes) {
  const int row_bytes = head_dim * element_bytes;
  return row_bytes <= 256   ? BiasGradientTile{head_dim, 4, 64, element_bytes}
         : row_bytes <= 512 ? BiasGradientTile{head_dim, 2, 32, element_bytes}
                            : BiasGradientTile{head_dim, 2, 16, element_bytes};
}

}  // namespace ki::attention::cuda
