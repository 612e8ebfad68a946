// Where the 16-byte chunks of a tile's rows lie in shared memory, so that eight rows of one column of chunks, which is what
// ldmatrix reads at a time, and eight chunks of one row, which is what copies write, fall on all 32 banks once.
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::cuda {

inline constexpr int kChunkBytes = 16;

template <int kChunksPerRow>
struct Swizzle {
  static_assert(kChunksPerRow % 4 == 0);

  // Chunks that change places with each other. Rows of a multiple of 128 bytes begin on the same bank, so eight rows need
  // eight places; rows of an odd multiple of 64 bytes alternate between two banks, so every other row needs a new one.
  static constexpr int kGroup = kChunksPerRow % 8 == 0 ? 8 : 4;

  // A tile must begin at a multiple of this.
  static constexpr int kAlignment = kGroup * kChunkBytes;

  KI_HOST_DEVICE static constexpr int place(int row, int chunk) {
    return chunk ^ (kGroup == 8 ? row % 8 : row / 2 % 4);
  }

  // Bytes from the begin of the tile.
  KI_HOST_DEVICE static constexpr int offset(int row, int chunk) {
    return (row * kChunksPerRow + place(row, chunk)) * kChunkBytes;
  }

  // The address of chunk c + step, given that of chunk c in the same row, where c and step have no bit in common. In a
  // loop over steps this costs one instruction where offset() costs several.
  KI_HOST_DEVICE static constexpr std::uint32_t moved(std::uint32_t address, int step) {
    return (address ^ static_cast<std::uint32_t>(step % kGroup * kChunkBytes)) + step / kGroup * kGroup * kChunkBytes;
  }
};

}  // namespace ki::cuda
