#pragma once

#include <cmath>
#include <cstdint>

#include "attention/attention_cases.h"
#include "support/array.h"
#include "support/random.h"

// Values of the tensors that change scores and positions.
namespace ki::test {

Array normal_array(Shape shape, Random& random);
Array bias_values(const BiasCase& bias, const Shape& shape, Random& random);
Array mask_values(const MaskCase& mask, const Shape& shape, Random& random);
Array tree_values(const TreeCase& tree, std::int64_t batch, Random& random);
Array slope_values(const AttentionCase& attention_case, Random& random);

/// [positions, rotary_dim / 2]: cosines or sines of position * 10000^(-2c / rotary_dim).
Array angle_values(std::int64_t positions, std::int64_t rotary_dim, double (*function)(double));

}  // namespace ki::test
