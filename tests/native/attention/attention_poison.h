#pragma once

#include "attention/attention_data.h"
#include "support/array.h"

namespace ki::test {

/// Replaces the values of an int8 cache by integers, and returns their scales: the largest magnitude of each row / 127.
TensorData quantise(const AttentionCase& attention_case, Array& values);

/// Puts NaN wherever nothing may be read from: in keys and values that no query sees, and in elements of the bias that no query
/// adds to the score of a key it sees.
void poison_unseen(AttentionData& data);

}  // namespace ki::test
