// The combine operator on the CPU: every output row is a weighted sum of the parts' rows.
#pragma once

#include <cstdint>

#include "attention/problem.h"
#include "cpu/simd_target.h"

namespace ki::attention::cpu {

void combine(Device& device, Stream& stream, const CombineProblem& c);

// Merges the rows [first, end); rows go by batch entry, then by query, then by head.
using CombineFunction = void (*)(const CombineProblem& c, std::int64_t first, std::int64_t end);

// One instruction set's kernels, named by the dtypes of the parts and of the output.
struct CombineKernels {
  CombineFunction float32_to_float32;
  CombineFunction float32_to_float16;
  CombineFunction float32_to_bfloat16;
  CombineFunction float16_to_float16;
  CombineFunction bfloat16_to_bfloat16;
};

const CombineKernels& combine_kernels(ki::cpu::SimdTarget target);

}  // namespace ki::attention::cpu
