// Which columns of the lines of a fused transform a plan's frequency mask leaves. Nothing here needs a device.
#pragma once

#include <cstdint>

#include "long_convolution/cuda/column_order.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

struct KeptColumns {
  ColumnOrder order;
  int count;  // columns that hold a frequency which is kept: the first ones
};

KeptColumns kept_columns(const PlanOptions& options, std::int64_t fft_size);

}  // namespace ki::long_convolution::cuda
