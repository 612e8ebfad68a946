// A frequency mask of the taps themselves, for masks that do not let rows have a lower rate.
//
// The rows of a causal call are at most half as long as the mask's transform, so that no output meets a tap more than
// once, and taps of the second half only as those before the first. A negacyclic transform of the same row, which needs
// no second row to ride with (transform.h), computes the same with these taps' signs changed. So a masked filter is an
// ordinary one of fft_size taps, and costs what one without a mask does, however little the mask skips.
#pragma once

#include <cstdint>
#include <functional>

#include "cpu/aligned_memory.h"
#include "long_convolution/cpu/transform.h"
#include "long_convolution/cpu/transform_kernel.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {

// What a cyclic transform's spectrum is to be multiplied by, [2 * points]: gain(frequency) where a frequency is kept, 0
// where it is masked.
ki::cpu::AlignedMemory make_mask(const Transform& transform, const PlanOptions& options,
                                 const std::function<double(std::int64_t frequency)>& gain);

class TapMask {
 public:
  TapMask(const PlanOptions& options, ki::cpu::SimdTarget target);

  // Makes rows of fft_size values the taps of a negacyclic convolution, and the gradient of these the filter's. `z` has
  // room for 2 * fft_size floats.
  void apply(float* taps, float* z) const;
  void apply_to_gradient(float* gradient, float* z) const;

  // What apply() has done after it has masked the taps. It undoes itself.
  void change_signs(float* taps) const;

  std::uint64_t memory_bytes() const;

 private:
  void mask(float* taps, float* z) const;

  const Transform transform_;
  const TransformKernels& kernels_;
  const ki::cpu::AlignedMemory factors_;
};

// Whether it serves: rows are short enough.
bool can_mask_taps(const PlanOptions& options, ki::cpu::SimdTarget target);

}  // namespace ki::long_convolution::cpu
