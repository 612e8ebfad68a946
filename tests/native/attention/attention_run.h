#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attention/attention_data.h"
#include "support/handles.h"
#include "support/tolerance.h"

namespace ki::test {

/// Whose scratch memory a run uses.
enum class Workspace { of_stream, of_caller };

/// What a run left behind.
struct AttentionOutcome {
  Array output;
  std::optional<Array> logsumexp;
  std::vector<std::uint32_t> bits;         ///< of the output, then of the logsumexp
  std::optional<std::string> stray_write;  ///< a byte that changed and is no element of an output
};

/// Runs a case on a stream: copies its tensors, with the poison around them, to the device and back. Throws if the
/// library refuses.
AttentionOutcome run_attention(const AttentionData& data, const Device& device, ki_stream* stream,
                               Workspace workspace = Workspace::of_stream);

/// The same on a new stream.
AttentionOutcome run_attention(const AttentionData& data, const Device& device,
                               Workspace workspace = Workspace::of_stream);

/// What a case's outputs should be.
struct AttentionExpectation {
  explicit AttentionExpectation(const AttentionData& data);

  Expected output;
  Expected logsumexp;
};

/// Compares a run with what it should be, and says where it wrote if it wrote where it should not.
testing::AssertionResult is_right(const AttentionData& data, const AttentionOutcome& outcome,
                                  const AttentionExpectation& expectation);

}  // namespace ki::test
