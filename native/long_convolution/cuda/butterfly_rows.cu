// Rows of the problem into columns of points, and back; and the gradient of the skip. One instantiation; modules.cmake
// lists them all.
//   KI_ELEMENT  elements of the rows: float, f16 or bf16
#include "cuda/device/fragment.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/butterfly_params.h"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;
using ptx::bf16;
using ptx::f16;
using Element = KI_ELEMENT;

constexpr int kTile = kButterflyTile, kThreadRows = kButterflyTileThreads / kTile;

// Rows are transposed in here; the odd pitch puts a column's elements on different banks.
using TransposeTile = float[kTile][kTile + 1];

// Where a thread block's tile of points and columns begins.
struct TileOrigin {
  std::int64_t point, column;
  __device__ explicit TileOrigin(std::int64_t points) {
    const unsigned point_tiles = (points + kTile - 1) / kTile, index = ptx::ctaid_x();
    point = std::int64_t{index % point_tiles} * kTile;
    column = std::int64_t{index / point_tiles} * kTile;
  }
};

__device__ Element* row_of(const ButterflyRowsParams& rows, std::int64_t batch, std::int64_t channel) {
  return static_cast<Element*>(rows.data) + batch * rows.batch_stride + channel * rows.channel_stride;
}

__device__ void load(const ButterflyLoadParams& p) {
  __shared__ TransposeTile tile;
  const TileOrigin origin(p.n1 * p.n2);
  const int x = ptx::tid_x() % kTile, y = ptx::tid_x() / kTile;
  const std::int64_t t = origin.point + x;
#pragma unroll
  for (int c = y; c < kTile; c += kThreadRows) {
    const std::int64_t column = origin.column + c, batch = column / p.padded, channel = column % p.padded;
    float value = 0;
    if (column < p.columns && channel < p.channels && t < p.length) {
      value = to_float(row_of(p.rows, batch, channel)[t]);
      if (p.gate.data != nullptr) value *= to_float(row_of(p.gate, batch, channel)[t]);
    }
    tile[c][x] = value;
  }
  __syncthreads();
  const std::int64_t column = origin.column + x;
  if (column >= p.columns) return;
#pragma unroll
  for (int i = y; i < kTile; i += kThreadRows) {
    const int point = static_cast<int>(origin.point) + i;  // n is a multiple of the tile
    p.to[(std::int64_t{point % p.n2} * p.n1 + point / p.n2) * p.columns + column] = tile[x][i];
  }
}

__device__ float skip_of(const ButterflyStoreParams& p, std::int64_t channel) {
  const std::int64_t at = channel * p.skip_stride;
  return p.skip_is_float32 ? static_cast<const float*>(p.skip)[at] : to_float(static_cast<const Element*>(p.skip)[at]);
}

__device__ void store(const ButterflyStoreParams& p) {
  __shared__ TransposeTile tile;
  const TileOrigin origin(p.length);
  const int x = ptx::tid_x() % kTile, y = ptx::tid_x() / kTile;
#pragma unroll
  for (int i = y; i < kTile; i += kThreadRows) {
    const std::int64_t column = origin.column + x, point = origin.point + i;
    const bool exists = column < p.columns && point < p.length;
    tile[i][x] = exists ? p.from[point * p.columns + column] : 0;
  }
  __syncthreads();
  const std::int64_t t = origin.point + x;
  if (t >= p.length) return;
#pragma unroll
  for (int c = y; c < kTile; c += kThreadRows) {
    const std::int64_t column = origin.column + c, batch = column / p.padded, channel = column % p.padded;
    if (column >= p.columns || channel >= p.channels) continue;
    float value = tile[x][c];
    if (p.factor.data != nullptr) value *= to_float(row_of(p.factor, batch, channel)[t]);
    if (p.skip != nullptr) value = fmaf(skip_of(p, channel), to_float(row_of(p.other, batch, channel)[t]), value);
    detail::store_element(row_of(p.to, batch, channel) + t, value);
  }
}

// A channel's sum: each thread's elements in their order, then the threads' sums as a tree.
__device__ void sum_products(const ButterflySkipParams& p) {
  constexpr int kWarps = kButterflySumThreads / kWarpSize;
  __shared__ float sums[kWarps];
  const int channel = ptx::ctaid_x(), thread = ptx::tid_x();
  float sum = 0;
  for (std::int64_t batch = 0; batch < p.batch; ++batch) {
    const Element *a = row_of(p.a, batch, channel), *b = row_of(p.b, batch, channel);
    for (std::int64_t t = thread; t < p.length; t += kButterflySumThreads) {
      sum = fmaf(to_float(a[t]), to_float(b[t]), sum);
    }
  }
#pragma unroll
  for (int step = kWarpSize / 2; step > 0; step /= 2) sum += __shfl_xor_sync(0xFFFFFFFF, sum, step);
  if (thread % kWarpSize == 0) sums[thread / kWarpSize] = sum;
  __syncthreads();
  if (thread > 0) return;
  sum = 0;
#pragma unroll
  for (const float each : sums) sum += each;
  p.sum[channel * p.sum_stride] = sum;
}

extern "C" __global__ void __launch_bounds__(kButterflyTileThreads)
    butterfly_load(const __grid_constant__ ButterflyLoadParams params) {
  load(params);
}

extern "C" __global__ void __launch_bounds__(kButterflyTileThreads)
    butterfly_store(const __grid_constant__ ButterflyStoreParams params) {
  store(params);
}

extern "C" __global__ void __launch_bounds__(kButterflySumThreads)
    butterfly_skip_gradient(const __grid_constant__ ButterflySkipParams params) {
  sum_products(params);
}

}  // namespace ki::long_convolution::cuda
