// Which frequencies of a spectrum count.
#pragma once

#include <cstdint>

namespace ki::long_convolution::cuda {

struct FrequencyMask {
  const std::uint8_t* mask;  // null: all frequencies count
  std::int64_t block;
  std::int32_t blocks;

  // frequency: of the half that a real row's spectrum has.
  __device__ bool keeps(int frequency) const {
    if (mask == nullptr) return true;
    return mask[min(frequency / block, std::int64_t{blocks} - 1)] != 0;
  }
};

}  // namespace ki::long_convolution::cuda
