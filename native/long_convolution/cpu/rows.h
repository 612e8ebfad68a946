// Rows of tensors on their way into transforms and out of them, for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/simd_target.h"
#include "kernels_interop.h"

namespace ki::long_convolution::cpu {

// Rows of one dtype; all counts are in elements.
struct RowKernels {
  // to = x * gate; without a gate, x.
  void (*widen)(const std::byte* x, const std::byte* gate, float* to, std::int64_t count);

  // to = gate * c + skip * skipped, either of which may be absent.
  void (*narrow)(const float* c, const std::byte* gate, float skip, const std::byte* skipped, std::byte* to,
                 std::int64_t count);

  // The sum of a * b; float32 products are summed in chunks, and those in double precision.
  double (*dot)(const std::byte* a, const std::byte* b, std::int64_t count);
};

const RowKernels& row_kernels(ki::cpu::SimdTarget target, ki_dtype dtype);

// Rows of float32.
struct FloatKernels {
  void (*squash)(float* x, float threshold, std::int64_t count);  // x = sign(x) max(|x| - threshold, 0)
  bool (*are_finite)(const float* x, std::int64_t count);
};

const FloatKernels& float_kernels(ki::cpu::SimdTarget target);

}  // namespace ki::long_convolution::cpu
