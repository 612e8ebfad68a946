// Products of float32 matrices on the tensor cores: every number is a sum of bfloat16 parts, each of which holds what
// the ones before it have left. Two parts keep 16 bits and three keep 24, over the whole range of float32.
#pragma once

#include <cstdint>

#include "cuda/device/warp_matrix.cuh"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

template <int kParts, int kRows, int kColumns>
struct SplitTile {
  using Tile = SharedTile<ptx::bf16, kRows, kColumns>;
  Tile part[kParts];

  // Two or four neighbours in a row.
  template <int kCount>
  __device__ void set(int row, int column, const float (&x)[kCount]) {
    constexpr int kChunk = Tile::kChunkElements;
    float rest[kCount];
#pragma unroll
    for (int i = 0; i < kCount; ++i) rest[i] = x[i];
#pragma unroll
    for (Tile& tile : part) {
      std::uint32_t words[kCount / 2];
#pragma unroll
      for (int i = 0; i < kCount / 2; ++i) {
        words[i] = ptx::cvt_rn_x2_f32<ptx::bf16>(rest[2 * i + 1], rest[2 * i]);
        rest[2 * i] -= __uint_as_float(words[i] << 16);
        rest[2 * i + 1] -= __uint_as_float(words[i] & 0xFFFF0000);
      }
      auto* to = reinterpret_cast<std::uint32_t*>(&tile.chunk(row, column / kChunk)) + column % kChunk / 2;
      if constexpr (kCount == 4) {
        *reinterpret_cast<uint2*>(to) = {words[0], words[1]};
      } else {
        *to = words[0];
      }
    }
  }
};

// A fragment of each part.
template <int kParts>
struct SplitFragment {
  std::uint32_t part[kParts][4];

  // A left factor, 16x16 at (row, column): from rows of it, or from its columns.
  template <class Split>
  __device__ void load_left(const Split& split, int row, int column, int lane) {
#pragma unroll
    for (int p = 0; p < kParts; ++p) {
      ptx::ldmatrix_x4(part[p],
                       split.part[p].address(row + MatrixRowsA::row(lane), column / 8 + MatrixRowsA::half(lane)));
    }
  }
  template <class Split>
  __device__ void load_left_transposed(const Split& split, int row, int column, int lane) {
#pragma unroll
    for (int p = 0; p < kParts; ++p) {
      ptx::ldmatrix_x4_trans(part[p],
                             split.part[p].address(row + MatrixRowsB::row(lane), column / 8 + MatrixRowsB::half(lane)));
    }
  }

  // Two right factors side by side, 16x8 each: from rows of the inner dimension, or from rows that are their columns.
  template <class Split>
  __device__ void load_right(const Split& split, int row, int column, int lane) {
#pragma unroll
    for (int p = 0; p < kParts; ++p) {
      ptx::ldmatrix_x4_trans(part[p],
                             split.part[p].address(row + MatrixRowsA::row(lane), column / 8 + MatrixRowsA::half(lane)));
    }
  }
  template <class Split>
  __device__ void load_right_transposed(const Split& split, int row, int column, int lane) {
#pragma unroll
    for (int p = 0; p < kParts; ++p) {
      ptx::ldmatrix_x4(part[p],
                       split.part[p].address(row + MatrixRowsB::row(lane), column / 8 + MatrixRowsB::half(lane)));
    }
  }

  __device__ void negate() {
#pragma unroll
    for (auto& registers : part) {
#pragma unroll
      for (std::uint32_t& pair : registers) pair ^= 0x80008000;
    }
  }
};

// sums += a b for the two right factors of b. Products of parts that are below the last part's precision are left out.
template <int kParts>
__device__ void multiply_split(float (&sums)[2][4], const SplitFragment<kParts>& a, const SplitFragment<kParts>& b) {
#pragma unroll
  for (int i = 0; i < kParts; ++i) {
#pragma unroll
    for (int j = 0; i + j < kParts; ++j) {
#pragma unroll
      for (int n = 0; n < 2; ++n) {
        ptx::mma_m16n8k16<ptx::bf16>(sums[n], a.part[i], b.part[j][2 * n], b.part[j][2 * n + 1]);
      }
    }
  }
}

}  // namespace ki::long_convolution::cuda
