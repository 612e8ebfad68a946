// Copies between rows in global memory and tiles in shared memory. Rows and columns that do not exist become zeros in the
// tile and are not written back.
#pragma once

#include <cstdint>

#include "cuda/device/fragment.cuh"
#include "cuda/device/shared_tile.cuh"
#include "cuda/ptx/add.cuh"
#include "cuda/ptx/cp_async.cuh"

namespace ki::cuda {

// Rows as wide as the tile, at addresses that are multiples of 16.
struct WholeRows {
  static constexpr bool kWhole = true;
  __device__ WholeRows(int, int) {}
};

// Any rows: `bytes` long, at addresses that are multiples of `alignment`, which is 16, 4 or 2.
struct AnyRows {
  static constexpr bool kWhole = false;
  int bytes;
  int alignment;
  __device__ AnyRows(int bytes, int alignment) : bytes(bytes), alignment(alignment) {}

  // How much of a chunk exists.
  __device__ int bytes_of(int chunk) const { return min(max(bytes - chunk * kChunkBytes, 0), kChunkBytes); }
};

// How kThreads threads spread over the chunks of a tile. Neighbours take neighbouring chunks, 64 or 128 bytes of a row
// together: whole sectors of global memory, and every bank of shared memory once. From one of its chunks to the next a
// thread moves by a constant, because it keeps its row modulo 8.
template <class Tile, int kThreads>
struct TileShare {
  static constexpr int kThreadsPerRow = Tile::Layout::kGroup;
  static constexpr int kRowStep = kThreads / kThreadsPerRow;
  static constexpr int kRowSteps = Tile::kRows / kRowStep;
  static constexpr int kChunkSteps = Tile::kChunksPerRow / kThreadsPerRow;
  static_assert(kThreads % kThreadsPerRow == 0 && Tile::kRows % kRowStep == 0);
  static_assert(kRowStep % 8 == 0 || kRowSteps == 1);

  KI_HOST_DEVICE static constexpr int row(int thread) { return thread / kThreadsPerRow; }
  KI_HOST_DEVICE static constexpr int chunk(int thread) { return thread % kThreadsPerRow; }

  // The address of a thread's first chunk, given that of the tile's first row.
  __device__ static const char* source(const char* rows, std::int64_t pitch, int thread) {
    return rows + row(thread) * pitch + chunk(thread) * kChunkBytes;
  }
  // The same of a tile whose first row is the first-th. Unsigned numbers are cheaper to multiply with 64 bits.
  __device__ static const char* source(const char* rows, unsigned first, std::int64_t pitch, int thread) {
    return rows + (first + static_cast<unsigned>(row(thread))) * pitch + chunk(thread) * kChunkBytes;
  }
};

namespace detail {

// A chunk whose address is no multiple of 16.
__device__ inline void load_unaligned_chunk(uint4& shared, const char* global, int bytes, int alignment) {
  if (alignment >= 4) {
    const std::uint32_t address = ptx::cvta_to_shared(&shared);
#pragma unroll
    for (int i = 0; i < kChunkBytes; i += 4) ptx::cp_async_ca_4(address + i, global + i, min(max(bytes - i, 0), 4));
    return;
  }
  std::uint32_t words[4];
#pragma unroll
  for (int i = 0; i < kChunkBytes; i += 4) {
    const std::uint32_t lower = i < bytes ? *reinterpret_cast<const std::uint16_t*>(global + i) : 0;
    const std::uint32_t upper = i + 2 < bytes ? *reinterpret_cast<const std::uint16_t*>(global + i + 2) : 0;
    words[i / 4] = upper << 16 | lower;
  }
  shared = {words[0], words[1], words[2], words[3]};
}

__device__ inline void store_partial_chunk(char* global, const uint4& chunk, int bytes) {
  const std::uint32_t words[4] = {chunk.x, chunk.y, chunk.z, chunk.w};
#pragma unroll
  for (int i = 0; i < kChunkBytes; i += 2) {
    if (i >= bytes) break;
    *reinterpret_cast<std::uint16_t*>(global + i) = static_cast<std::uint16_t>(words[i / 4] >> i % 4 * 8);
  }
}

}  // namespace detail

// Begins to copy `rows` rows (or as many as the tile holds) to `tile`. The rows may be read after cp.async's wait and a
// barrier. `source` is the address of the thread's first chunk, `pitch` the bytes from one row to the next.
template <int kThreads, class Tile, class Rows>
__device__ void load_tile_async(Tile& tile, const char* source, std::int64_t pitch, int rows, const Rows& shape,
                                int thread) {
  using Share = TileShare<Tile, kThreads>;
  const int row = Share::row(thread), chunk = Share::chunk(thread);
  const std::uint32_t shared = tile.address(row, chunk);
  const int rows_left = rows - row;
#pragma unroll(Rows::kWhole ? Share::kRowSteps : 1)
  for (int r = 0; r < Share::kRowSteps; ++r) {
    if (r > 0) source = ptx::add_s64(source, Share::kRowStep * pitch);
    const bool exists = r * Share::kRowStep < rows_left;
#pragma unroll(Rows::kWhole ? Share::kChunkSteps : 1)
    for (int c = 0; c < Share::kChunkSteps; ++c) {
      constexpr int kStep = Share::kThreadsPerRow;
      const std::uint32_t to = shared + r * Share::kRowStep * Tile::kRowBytes + c * kStep * kChunkBytes;
      const char* from = source + c * kStep * kChunkBytes;
      if constexpr (Rows::kWhole) {
        ptx::cp_async_cg_16(to, from, exists ? kChunkBytes : 0);
      } else {
        const int bytes = exists ? shape.bytes_of(chunk + c * kStep) : 0;
        if (shape.alignment == kChunkBytes) {
          ptx::cp_async_cg_16(to, from, bytes);
        } else {
          detail::load_unaligned_chunk(tile.chunk(row + r * Share::kRowStep, chunk + c * kStep), from, bytes,
                                       shape.alignment);
        }
      }
    }
  }
}

// A warp copies rows [first, first + count) of a tile out.
template <class Tile, class Rows>
__device__ void store_rows(Tile& tile, int first, int count, char* global, std::int64_t pitch, const Rows& shape,
                           int lane) {
  constexpr int kThreadsPerRow = Tile::Layout::kGroup;
  for (int row = lane / kThreadsPerRow; row < count; row += kWarpSize / kThreadsPerRow) {
#pragma unroll
    for (int chunk = lane % kThreadsPerRow; chunk < Tile::kChunksPerRow; chunk += kThreadsPerRow) {
      char* to = global + row * pitch + chunk * kChunkBytes;
      const uint4& from = tile.chunk(first + row, chunk);
      if constexpr (Rows::kWhole) {
        *reinterpret_cast<uint4*>(to) = from;
      } else {
        const int bytes = shape.bytes_of(chunk);
        if (shape.alignment == kChunkBytes && bytes == kChunkBytes) {
          *reinterpret_cast<uint4*>(to) = from;
        } else {
          detail::store_partial_chunk(to, from, bytes);
        }
      }
    }
  }
}

}  // namespace ki::cuda
