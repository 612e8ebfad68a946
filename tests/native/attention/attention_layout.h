#pragma once

#include <cstdint>
#include <vector>

#include "attention/attention_cases.h"
#include "support/tensor_data.h"

// Shapes and places of the tensors of a case.
namespace ki::test {

enum class Role { query, key, output, logsumexp, scores, scales };

/// A tensor of this role where the case places it. Key stands for value and new keys, too; scores for bias and mask, scales for
/// those of an int8 cache.
TensorData placed_tensor(const AttentionCase& attention_case, Role role, ki_dtype dtype, const Shape& shape);

/// Query, key, value and output.
std::vector<TensorData> placed_tensors(const AttentionCase& attention_case);

/// [batch, seq_q] or [total_q], and [batch, seq_k], [total_k], [slots, capacity] or [pages, page_size].
Shape query_rows(const AttentionCase& attention_case);
Shape key_rows(const AttentionCase& attention_case);

/// [batch, heads_q, seq_q], or packed [heads_q, total_q].
Shape logsumexp_shape(const AttentionCase& attention_case);

/// Shape of a bias or mask that is shared along some dimensions and shorter than the longest sequence.
Shape scores_shape(const AttentionCase& attention_case, Shared shared, std::int64_t shorter);

/// `rows` with two dimensions more.
Shape with_heads(Shape rows, std::int64_t heads, std::int64_t dim);

/// 0 and the sums of the first 1, 2, ... lengths.
std::vector<std::int64_t> offsets_of(const std::vector<std::int64_t>& lengths);

/// Pages that sequence b of a paged cache needs.
std::int64_t page_count(const AttentionCase& attention_case, std::int64_t b);

}  // namespace ki::test
