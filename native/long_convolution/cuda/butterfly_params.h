// What the kernels of the butterfly convolution are given. Host and device share it.
//
// A field in scratch memory is a matrix of points by columns, which are rows of the problem: element (point, column)
// lies at point * columns + column. The number of columns is a multiple of 4, so that all accesses can have 16 bytes.
#pragma once

#include <cstdint>

namespace ki::long_convolution::cuda {

inline constexpr int kButterflyColumnMultiple = 4;

// A tile of a product: complex rows of a block, by columns; computed in steps of kButterflyDepth of the block's
// columns.
inline constexpr int kButterflyRows = 32, kButterflyColumns = 64, kButterflyDepth = 32;
// A tile of a gradient is kButterflyRows by kButterflyRows complex numbers, computed in steps of kButterflyDepth
// columns.
inline constexpr int kButterflyThreads = 128;
// Thread blocks that share a multiprocessor: 128 registers a thread, and 36 KiB of shared memory each at the most.
inline constexpr int kButterflyBlocks = 4;

// A field as the blocks of a stage see it, in points; part: 0 if it is real.
struct ButterflyFieldParams {
  float* data;
  std::int64_t block_step, index_step, part;
};

struct ButterflyProductParams {
  const float* coefficients;  // [blocks, order, order, 2]
  ButterflyFieldParams in, out;
  std::int64_t columns;
  std::int32_t order;
  bool adjoint;
  bool aligned;  // the coefficients to 16 bytes
};

struct ButterflyGradientParams {
  float* gradient;  // [blocks, order, order, 2]
  ButterflyFieldParams left, right;
  std::int64_t columns;
  std::int32_t order;
  bool add;
  bool aligned;  // the gradient to 16 bytes
};

// Rows of the problem, in elements; data is null if there are none.
struct ButterflyRowsParams {
  void* data;
  std::int64_t batch_stride, channel_stride;
};

// The rows are transposed in tiles of as many points as columns.
inline constexpr int kButterflyTile = 32;
inline constexpr int kButterflyTileThreads = 256;

struct ButterflyLoadParams {
  ButterflyRowsParams rows, gate;
  float* to;                               // [n2, n1, columns]
  std::int64_t columns, padded, channels;  // padded: columns of a batch entry, of which `channels` exist
  std::int64_t length;
  std::int32_t n1, n2;
};

struct ButterflyStoreParams {
  ButterflyRowsParams to, factor, other;
  const void* skip;  // [channels]
  std::int64_t skip_stride;
  const float* from;  // [n1 * n2, columns]
  std::int64_t columns, padded, channels;
  std::int64_t length;
  bool skip_is_float32;
};

inline constexpr int kButterflySumThreads = 256;

struct ButterflySkipParams {
  ButterflyRowsParams a, b;
  float* sum;  // [channels]
  std::int64_t sum_stride, batch, length;
};

inline constexpr int kButterflySpectraThreads = 256;

struct ButterflySpectraParams {
  float *rows, *grad_product, *filter, *grad_filter;
  std::int64_t columns, padded;  // of rows, and of filters
  std::int32_t n1, n2;
};

// The coefficients of the Fourier transform.
struct ButterflyDftParams {
  float *forward_first, *forward_second, *inverse_second, *inverse_first;
  std::int32_t n1, n2;
};

}  // namespace ki::long_convolution::cuda
