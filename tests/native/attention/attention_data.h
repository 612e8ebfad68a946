#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "attention/attention_cases.h"
#include "attention/attention_contents.h"
#include "support/tensor_data.h"

namespace ki::test {

/// The tensors of a case, laid out and filled. What must not be read into a result holds NaN: packed rows behind the last
/// sequence, cache rows that no sequence has, keys and values that no query sees, elements of the bias that belong to no
/// key that is seen. (In an int8 cache those have a scale of NaN.)
struct AttentionData {
  /// Fills them from a seed that depends on the case's name only.
  explicit AttentionData(const AttentionCase& attention_case);

  AttentionCase attention_case;
  TensorData query, key, value, output;
  std::optional<TensorData> logsumexp;
  std::optional<TensorData> bias, mask, alibi_slopes, tree_mask;
  std::optional<TensorData> cu_seqlens_q, cu_seqlens_k, seqused_k;
  std::optional<TensorData> block_table, cache_slots, key_scale, value_scale;
  std::optional<TensorData> new_key, new_value, cu_seqlens_new;
  std::optional<TensorData> rotary_cos, rotary_sin;

  /// All that there are.
  std::vector<TensorData*> tensors();

  /// A copy in which tensors that share memory still do, and nobody else does.
  AttentionData copy() const;

  /// The rows of the output, and of the logsumexp, that belong to sequences: of packed ones not those behind the last.
  TensorData written_output() const;
  std::optional<TensorData> written_logsumexp() const;

  /// Row of `key` and `value` that holds key j of sequence b, all rows being counted through the first two dimensions (packed:
  /// the first).
  std::int64_t key_row(std::int64_t b, std::int64_t j) const;

  /// The same of `new_key` and `new_value`, for the sequence's new key i.
  std::int64_t new_row(std::int64_t b, std::int64_t i) const;

 private:
  AttentionData(const AttentionCase& attention_case, std::vector<TensorData> tensors);

  void place_sequences(Random& random);
  void place_cache(Random& random);
  void place_scores(Random& random);
  void store(Values& values);
};

/// Scale that a case asks for, as the library takes it.
float scale_of(const AttentionCase& attention_case);

/// Threshold that a case's dropout probability becomes, in units of 2^-16.
std::uint32_t dropout_threshold_of(const AttentionCase& attention_case);

/// Dropout's seed and offset of a case.
std::uint64_t dropout_seed_of(const AttentionCase& attention_case);
std::uint32_t dropout_offset_of(const AttentionCase& attention_case);

}  // namespace ki::test
