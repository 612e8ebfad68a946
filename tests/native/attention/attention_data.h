#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "attention/attention_cases.h"
#include "reference/attention_reference.h"
#include "support/tensor_data.h"

namespace ki::test {

/// The tensors of a case, laid out and filled.
struct AttentionData {
  /// Fills them from a seed that depends on the case's name only.
  explicit AttentionData(const AttentionCase& attention_case);

  /// The values as they are stored, for the reference.
  AttentionArguments arguments() const;

  AttentionCase attention_case;
  TensorData query, key, value, output;
  std::optional<TensorData> logsumexp;

 private:
  AttentionData(const AttentionCase& attention_case, std::vector<TensorData> tensors);
};

/// Scale that a case asks for, as the library takes it.
float scale_of(const AttentionCase& attention_case);

}  // namespace ki::test
