// What the kernels around transforms over global memory are given: plain structs that host and device share.
#pragma once

#include <cstdint>

#include "long_convolution/cuda/transform_params.h"

namespace ki::long_convolution::cuda {

inline constexpr int kRowsPoints = 2048;  // of a pair, that a block loads or stores

struct RowsParams {
  FusedParams rows;
  float* data;             // [pairs of this launch, points, 2]
  std::uint32_t* largest;  // [pairs of this launch, 2]: of a window's magnitudes, as the bits of a float32
  std::uint32_t first;     // pair, counted through all channels
  std::int32_t points;
  bool outputs_only;  // points that become no outputs count as 0
  bool scaled;  // every window is scaled by a power of two, and computed as zeros if something in it is not finite
};

struct StateParams {
  Rows input, gate, state;
  std::int64_t length, state_length, channels;
};

}  // namespace ki::long_convolution::cuda
