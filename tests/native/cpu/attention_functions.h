// The building blocks of attention on the CPU, each as an ordinary function for every instruction set.
#pragma once

#include "attention/problem.h"
#include "cpu/simd_functions.h"

namespace ki::attention::cpu {

struct ScoreRow;

struct AttentionFunctions {
  void (*finish_scores)(const Problem& p, const ScoreRow& row, std::int64_t first_key, int count, float* scores,
                        float* slopes);
  void (*dropout_factors)(const Problem& p, std::int64_t batch, std::int64_t head, std::int64_t query,
                          std::int64_t first_key, int count, float* factors);
};

const AttentionFunctions& attention_functions(ki::cpu::SimdTarget target);

}  // namespace ki::attention::cpu
