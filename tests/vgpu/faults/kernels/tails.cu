// The edges of tiles: a wrong pitch, a tail that is read although it does not exist, rows that are not zeroed.
#include "ptx.cuh"

// out[c][r] = in[r][c]; rows of `in` are `pitch` apart.
template <bool correct>
__device__ void transpose(const float* in, float* out, int rows, int columns, int pitch) {
  const int row = blockIdx.x, column = threadIdx.x;
  if (column < columns) out[column * rows + row] = in[row * (correct ? pitch : columns) + column];
}

// out[i] = in[i] + in[i ^ 1]
template <bool correct>
__device__ void add_neighbours(const float* in, float* out, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  float value = 0;
  if (correct) {
    if (i < count) value = in[i];
  } else {
    value = in[i];  // mark: tail
  }
  value += __shfl_xor_sync(0xFFFFFFFF, value, 1);
  if (i < count) out[i] = value;
}

// Sums of columns, in tiles of 16 rows and 128 columns of bytes; rows from `rows` on do not exist.
template <bool correct>
__device__ void sum_columns(const float4* in, float* out, int rows) {
  __shared__ float tile[16][32];
  const int thread = threadIdx.x, row = thread / 8, part = thread % 8;  // 128 threads copy 16 rows of 128 bytes
  float sum = 0;
  for (int first = 0; first < rows; first += 16) {
    const bool exists = first + row < rows;
    if (correct || exists) {
      copy_async(&tile[row][part * 4], &in[exists ? (first + row) * 8 + part : 0], exists ? 16 : 0);
    }
    commit();
    wait<0>();
    __syncthreads();
    if (thread < 32) {
      for (int i = 0; i < 16; ++i) sum += tile[i][thread];  // mark: sum
    }
    __syncthreads();
  }
  if (thread < 32) out[thread] = sum;
}

extern "C" {
__global__ void transpose_none(const float* in, float* out, int rows, int columns, int pitch) {
  transpose<true>(in, out, rows, columns, pitch);
}
__global__ void transpose_wrong_pitch(const float* in, float* out, int rows, int columns, int pitch) {
  transpose<false>(in, out, rows, columns, pitch);
}
__global__ void add_neighbours_none(const float* in, float* out, int count) { add_neighbours<true>(in, out, count); }
__global__ void add_neighbours_unpredicated_tail(const float* in, float* out, int count) {
  add_neighbours<false>(in, out, count);
}
__global__ void sum_columns_none(const float4* in, float* out, int rows) { sum_columns<true>(in, out, rows); }
__global__ void sum_columns_no_zero_fill(const float4* in, float* out, int rows) { sum_columns<false>(in, out, rows); }
}
