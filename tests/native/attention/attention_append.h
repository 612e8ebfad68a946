#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "attention/attention_data.h"
#include "support/tensor_data.h"

namespace ki::test {

/// The rows of the cache that new keys and values go to, [heads_kv, dim] each, and their scales.
std::vector<TensorData> appended_rows(const AttentionData& data);

/// Whether the new rows are in the cache: converted to nearest even, where no rotary embedding comes before that; within its
/// float32 rounding, where it does.
testing::AssertionResult appended_rightly(const AttentionData& after);

}  // namespace ki::test
