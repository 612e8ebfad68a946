// In which order a line's columns stand. The last step of a fused transform decides the high digit q2 of a frequency; digits of which
// a frequency mask keeps nothing come last, so that the kernel can leave out the second half of the columns.
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::long_convolution::cuda {

struct ColumnOrder {
  std::uint64_t places;  // four bits for each digit: its column

  KI_HOST_DEVICE constexpr int place(int digit) const { return static_cast<int>(places >> 4 * digit & 15); }
  KI_HOST_DEVICE constexpr int digit(int column) const {
    int digit = 0;
    while (place(digit) != column) ++digit;
    return digit;
  }
};

}  // namespace ki::long_convolution::cuda
