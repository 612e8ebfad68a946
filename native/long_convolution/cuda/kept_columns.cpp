#include "long_convolution/cuda/kept_columns.h"

#include <algorithm>

#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {

KeptColumns kept_columns(const PlanOptions& options, std::int64_t fft_size) {
  if (fft_size > kMaxFusedPoints) return {{0}, 0};
  const std::int64_t frequencies = fft_size / 16;  // of a digit
  bool kept[16] = {};
  for (std::int64_t f = 0; f < fft_size; ++f) {
    if (options.keeps(std::min(f, fft_size - f))) kept[f / frequencies] = true;
  }
  const int count = static_cast<int>(std::ranges::count(kept, true));
  KeptColumns columns{{0}, count};
  int first = 0, last = count;
  for (int digit = 0; digit < 16; ++digit) {
    const auto place = static_cast<std::uint64_t>(kept[digit] ? first++ : last++);
    columns.order.places |= place << 4 * digit;
  }
  return columns;
}

}  // namespace ki::long_convolution::cuda
