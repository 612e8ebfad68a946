// Float32 transforms of any power of two over global memory, row by row.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace ki::long_convolution::cuda {

inline constexpr std::int64_t kMaxGridRows = 65535;  // of a grid's second dimension

// Two buffers of complex numbers that a transform goes back and forth between.
struct PassBuffers {
  float *data, *other;
};

// Transforms `rows` rows of `points` complex numbers, at most kMaxGridRows; the result is in the buffers' data again.
void transform_rows(Stream& stream, PassBuffers& buffers, std::int64_t points, std::int64_t rows);

}  // namespace ki::long_convolution::cuda
