// Products of int8 rows made of integers, as ordinary functions; for the instruction set that has them.
#pragma once

#include <cstdint>

namespace ki::attention::cpu {

struct DigitFunctions {
  // scores[r * 16 + j] = q_r . k_j for 16 keys of `depth` elements, one behind the other; false if a query has no digits.
  bool (*scores)(int digits, const std::int8_t* keys, const float* queries, int rows, int depth, float* scores);
  // Writes digits[i * 64 + j], the highest first, and returns the step; negative if the weights have no digits.
  float (*weights)(int digits, const float* weights, int count, std::uint8_t* to);
  // sums[r * 256 + c] += weights[r][j] * v[j][c] for `count` values, one behind the other; false if a row has no digits.
  bool (*values)(int digits, const std::int8_t* values, const float* weights, int rows, int count, int columns,
                 float* sums);
};

// NULL where this processor lacks what they need.
const DigitFunctions* digit_functions();

}  // namespace ki::attention::cpu
