// Rotary embedding (Su et al. 2021, section 3.2) of a few neighbouring columns of a row.
#pragma once

#include "attention/cuda/append_params.h"
#include "cuda/device/row_columns.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Turns columns [column, column + kColumns) of `row`, which has elements of T and holds what x was before. `column` is even.
template <class T, int kColumns>
__device__ void rotate(float (&x)[kColumns], const RotaryTables& tables, int position, int column, const T* row) {
  if (column >= 2 * tables.half || position < 0) return;
  const float* cosines = tables.cosines + position * tables.cosine_stride;
  const float* sines = tables.sines + position * tables.sine_stride;
  if (tables.interleaved) {
#pragma unroll
    for (int i = 0; i < kColumns; i += 2) {
      const int pair = (column + i) / 2;
      if (pair >= tables.half) break;
      const float first = x[i], second = x[i + 1];
      x[i] = first * cosines[pair] - second * sines[pair];
      x[i + 1] = second * cosines[pair] + first * sines[pair];
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < kColumns; ++i) {
    if (column + i >= 2 * tables.half) break;
    const bool first = column + i < tables.half;
    const int pair = first ? column + i : column + i - tables.half;
    const float partner = to_float(row[first ? pair + tables.half : pair]);
    x[i] = x[i] * cosines[pair] + (first ? -partner : partner) * sines[pair];
  }
}

}  // namespace ki::attention::cuda
