#pragma once

#include <vector>

#include "attention/attention_data.h"
#include "reference/attention_reference.h"

namespace ki::test {

/// Each sequence of a case as the reference takes it, from the values as they are stored: gathered from packed rows, slots and
/// pages, dequantised, queries turned by the rotary embedding, bias and masks spread over the dimensions they are shared along.
/// All of a sequence's keys are read from the cache, appended ones too.
std::vector<AttentionArguments> sequences_of(const AttentionData& data);

/// New key or value i of sequence b, [heads_kv, head_dim], as it is to be in the cache before it is converted to the cache's type.
Array new_key_of(const AttentionData& data, std::int64_t b, std::int64_t i);
Array new_value_of(const AttentionData& data, std::int64_t b, std::int64_t i);

}  // namespace ki::test
