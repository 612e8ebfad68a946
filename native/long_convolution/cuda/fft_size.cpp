#include "long_convolution/cuda/fft_size.h"

#include <limits>

#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr std::int64_t kAligned = 8;  // points of 16 bytes

constexpr std::int64_t round_up(std::int64_t x) { return (x + kAligned - 1) / kAligned * kAligned; }

// What a point of a transform costs, more or less: instructions of the fused kernels, and passes over global memory beyond.
double cost_of_point(std::int64_t fft_size) {
  if (fft_size <= 4096) return 1;
  if (fft_size <= 8192) return 1.1;
  if (fft_size <= kMaxFusedPoints) return 1.25;
  return 10;
}

}  // namespace

bool holds_row(const PlanOptions& o, std::int64_t fft_size, std::int64_t length) {
  if (o.streaming) return false;  // The state comes before the first input.
  return o.circular ? fft_size == length : fft_size >= length + o.taps() - 1;
}

WindowStep window_step(const PlanOptions& o, std::int64_t fft_size, std::int64_t length) {
  if (holds_row(o, fft_size, length)) return {0, fft_size};
  const std::int64_t missing = o.taps() - 1, lead = round_up(missing);
  // Windows begin at multiples of 16 bytes, unless that leaves nothing.
  return fft_size - lead >= kAligned ? WindowStep{lead, fft_size - lead} : WindowStep{missing, fft_size - missing};
}

WindowStep adjoint_window_step(const PlanOptions& options, std::int64_t fft_size, std::int64_t length) {
  return {0, window_step(options, fft_size, length).hop};
}

std::int64_t choose_fft_size(const PlanOptions& o) {
  if (o.fft_size != 0) return o.fft_size;
  std::int64_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t size = kMinFftSize; size <= kMaxFftSize; size *= 2) {
    if (size < o.taps()) continue;
    const std::int64_t hop = window_step(o, size, o.length).hop;
    const double windows = static_cast<double>((o.length + hop - 1) / hop);
    const double cost = windows * static_cast<double>(size) * cost_of_point(size);
    if (cost < least) best = size, least = cost;
  }
  return best;
}

}  // namespace ki::long_convolution::cuda
