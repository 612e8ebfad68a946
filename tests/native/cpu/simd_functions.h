// The building blocks of the CPU kernels, each as an ordinary function for every instruction set.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "attention/problem.h"
#include "cpu/simd/float_types.h"
#include "cpu/simd_target.h"

namespace ki::cpu {

struct SimdFunctions {
  int lanes;
  int panel_vectors;  // of a full panel
  void (*exp2)(const float* x, float* y, int count);
  void (*tanh)(const float* x, float* y, int count);
  void (*to_float16)(const float* x, Float16* y, int count);
  void (*from_float16)(const Float16* x, float* y, int count);
  void (*to_bfloat16)(const float* x, BFloat16* y, int count);
  void (*from_bfloat16)(const BFloat16* x, float* y, int count);
  void (*pack)(const float* rows, std::int64_t stride, int depth, int columns, float* packed);
  void (*pack_transposed)(const float* rows, std::int64_t stride, int depth, int columns, float* packed);
  void (*pack_transposed_bfloat16)(const BFloat16* rows, std::int64_t stride, int depth, int columns, float* packed);
  // Rows that a table says, `offset` elements behind each address, with a scale each.
  void (*pack_int8)(const std::byte* const* rows, std::int64_t offset, const float* scales, int depth, int columns,
                    float* packed);
  void (*pack_transposed_int8)(const std::byte* const* rows, std::int64_t offset, const float* scales, int depth,
                               int columns, float* packed);
  void (*rotate)(const attention::Cache& cache, std::int64_t position, float* row);
  float (*quantise)(const float* row, int count, std::int8_t* to);
};

const SimdFunctions& simd_functions(SimdTarget target);

// Runs a test once for every instruction set that this machine has.
class EveryTarget : public testing::TestWithParam<SimdTarget> {
 protected:
  const SimdFunctions& functions() const { return simd_functions(GetParam()); }
};

inline auto usable_targets() {
  std::vector<SimdTarget> usable;
  for (const SimdTarget target : kSimdTargets) {
    if (missing_features(target).empty()) usable.push_back(target);
  }
  return testing::ValuesIn(usable);
}

inline std::string target_name(const testing::TestParamInfo<SimdTarget>& info) { return name_of(info.param); }

}  // namespace ki::cpu
