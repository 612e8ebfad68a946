// The end of a decode kernel: the warps' parts become one, which is written.
#pragma once

#include "attention/cuda/decode_tile.cuh"
#include "cuda/device/fragment.cuh"
#include "cuda/device/larger.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/row_columns.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// A warp's unscaled output. The chunks of a row change places so that four rows of two chunks fall on all banks, as the lanes
// of an accumulator write them.
template <int kColumns>
struct MergeTile {
  float4 chunks[kDecodeRows * kColumns / 4];

  __device__ float4& chunk(int row, int chunk) { return chunks[row * (kColumns / 4) + (chunk ^ row % 4 * 2)]; }
  __device__ float2& pair(int row, int column) {
    return reinterpret_cast<float2*>(&chunk(row, column / 4))[column / 2 % 2];
  }
};

// Of every row, by warp.
template <int kWarps>
struct MergeRows {
  float largest[kWarps][kDecodeRows];  // exponent of 2; -infinity if the warp's keys are hidden
  float sum[kWarps][kDecodeRows];

  // Scores that are all NaN have no largest, and are not hidden for that.
  __device__ void set(int warp, int row, float exponent, float total) {
    largest[warp][row] = exponent == -kInfinity && total != 0 ? total : exponent;
    sum[warp][row] = total;
  }
};

// Out: float, or the output's type. A barrier must have passed since the parts were written. tile_of(warp) is the warp's.
template <class Out, int kWarps, int kHeadDim, class TileOf>
__device__ void write_merged(const DecodeParams& p, const DecodeTile& tile, const MergeRows<kWarps>& rows,
                             TileOf tile_of, float weight_scale) {
  constexpr float kLn2 = 0.693147180559945309F;
  constexpr int kColumns = kChunkBytes / int(sizeof(Out)), kPerRow = kHeadDim / kColumns;
#pragma unroll 1
  for (int i = ptx::tid_x(); i < kDecodeRows * kPerRow; i += kWarps * kWarpSize) {
    const int row = i / kPerRow, column = i % kPerRow * kColumns, count = p.head_dim_v - column;
    if (row >= tile.rows() || count <= 0) continue;
    float largest = -kInfinity;
#pragma unroll
    for (int w = 0; w < kWarps; ++w) largest = larger(largest, rows.largest[w][row]);

    float x[kColumns] = {}, total = 0;
#pragma unroll
    for (int w = 0; w < kWarps; ++w) {
      if (rows.largest[w][row] == -kInfinity) continue;
      const float factor = ptx::ex2_approx_ftz_f32(rows.largest[w][row] - largest);
      total = fmaf(factor, rows.sum[w][row], total);
#pragma unroll
      for (int c = 0; c < kColumns / 4; ++c) {
        const float4 part = tile_of(w).chunk(row, column / 4 + c);
        x[4 * c] = fmaf(factor, part.x, x[4 * c]);
        x[4 * c + 1] = fmaf(factor, part.y, x[4 * c + 1]);
        x[4 * c + 2] = fmaf(factor, part.z, x[4 * c + 2]);
        x[4 * c + 3] = fmaf(factor, part.w, x[4 * c + 3]);
      }
    }
    const float factor = inverse_of(total) * weight_scale;
#pragma unroll
    for (float& element : x) element *= factor;
    char* output = static_cast<char*>(p.output) + tile.split * p.output_of_split;
    store_columns<Out>(reinterpret_cast<Out*>(tile.at(output, p.output_strides, row)) + column, x, count,
                       p.output_alignment == kChunkBytes);
    if (column == 0 && p.logsumexp != nullptr) {
      char* logsumexp = static_cast<char*>(p.logsumexp) + tile.split * p.logsumexp_of_split;
      *reinterpret_cast<float*>(tile.at(logsumexp, p.logsumexp_strides, row)) =
          fabsf(largest) == kInfinity ? largest : largest * kLn2 + logf(total);
    }
  }
}

}  // namespace ki::attention::cuda
