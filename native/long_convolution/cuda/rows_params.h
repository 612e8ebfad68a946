// What the kernels around transforms over global memory are given: plain structs that host and device share.
#pragma once

#include <cstdint>

#include "long_convolution/cuda/transform_params.h"

namespace ki::long_convolution::cuda {

inline constexpr int kRowsPoints = 2048;  // of a pair, that a block loads or stores

struct RowsParams {
  FusedParams rows;
  float* data;          // [pairs of this launch, points, 2]
  std::int32_t* marks;  // [pairs of this launch, 2]: not 0 if a window holds what is not finite
  std::uint32_t first;  // pair, counted through all channels
  std::int32_t points;
  bool outputs_only;  // load: points that become no outputs count as 0
};

struct StateParams {
  Rows input, gate, state;
  std::int64_t length, state_length, channels;
};

}  // namespace ki::long_convolution::cuda
