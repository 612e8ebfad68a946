// Appends new keys and values to a cache on the CPU.
#pragma once

#include <cstdint>

#include "attention/problem.h"
#include "cpu/simd_target.h"

namespace ki::attention::cpu {

// Writes a problem's new keys, turned by their rotary embedding, and values behind the keys that are in the cache.
void append(Device& device, const Problem& p);

// A new key or value's place: of all heads, in the new tensors and in the cache.
struct NewToken {
  std::int64_t new_batch, new_row;  // in new_key and new_value
  std::int64_t entry, row;          // slot and row, or page and row within it
  std::int64_t position;
};

using AppendFunction = void (*)(const Problem& p, const NewToken& token);

// One instruction set's kernels, named by the cache's dtype.
struct AppendKernels {
  AppendFunction to_float32;
  AppendFunction to_float16;
  AppendFunction to_bfloat16;
  AppendFunction to_int8;
};

const AppendKernels& append_kernels(ki::cpu::SimdTarget target);

}  // namespace ki::attention::cpu
