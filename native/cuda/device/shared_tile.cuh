// A tile of rows in shared memory, swizzled.
#pragma once

#include "cuda/device/swizzle.cuh"
#include "cuda/ptx/address.cuh"

namespace ki::cuda {

template <class T, int kRows_, int kColumns>
struct SharedTile {
  using Element = T;
  static constexpr int kRows = kRows_;
  static constexpr int kChunkElements = kChunkBytes / int(sizeof(T));
  static constexpr int kChunksPerRow = kColumns / kChunkElements;
  static constexpr int kRowBytes = kColumns * int(sizeof(T));
  using Layout = Swizzle<kChunksPerRow>;

  // Where an instruction on shared memory finds a chunk.
  __device__ std::uint32_t address(int row, int chunk) const {
    return ptx::cvta_to_shared(elements) + static_cast<std::uint32_t>(Layout::offset(row, chunk));
  }

  __device__ uint4& chunk(int row, int chunk) {
    return *reinterpret_cast<uint4*>(reinterpret_cast<char*>(elements) + Layout::offset(row, chunk));
  }

  alignas(128) T elements[kRows * kColumns];
};

}  // namespace ki::cuda
