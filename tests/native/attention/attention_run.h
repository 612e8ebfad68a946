#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention/attention_data.h"
#include "support/guarded_workspace.h"
#include "support/handles.h"
#include "support/staging.h"
#include "support/tolerance.h"

namespace ki::test {

/// What a run left behind.
struct AttentionOutcome {
  Array output;  ///< without rows that belong to no sequence
  std::optional<Array> logsumexp;
  std::vector<std::uint32_t> bits;             ///< of the output, then of the logsumexp
  std::vector<std::uint32_t> appended_bits;    ///< of new rows in the cache
  std::optional<std::string> stray_write;      ///< a byte that changed and is no element of an output
  std::shared_ptr<const AttentionData> after;  ///< all tensors as they are then
};

/// The struct of the C ABI for a case whose tensors are on a device.
struct AttentionCall {
  AttentionCall(AttentionData& data, Staging& staging);
  AttentionCall(const AttentionCall&) = delete;

  ki_attention_cache cache{};
  ki_attention_problem problem{};
};

/// Runs a case on a stream: copies its tensors, with the poison around them, to the device and back. Throws if the
/// library refuses, NotSupported if that is why.
AttentionOutcome run_attention(const AttentionData& data, const Device& device, ki_stream* stream,
                               Workspace workspace = Workspace::of_stream);

/// The same on a new stream.
AttentionOutcome run_attention(const AttentionData& data, const Device& device,
                               Workspace workspace = Workspace::of_stream);

/// What a case's outputs should be, given all its keys: where some are appended, those that are in the cache afterwards.
struct AttentionExpectation {
  explicit AttentionExpectation(const AttentionData& data);

  Expected output;
  Expected logsumexp;
};

/// Compares a run with what it should be, and says where it wrote if it wrote where it should not.
testing::AssertionResult is_right(const AttentionData& data, const AttentionOutcome& outcome,
                                  const AttentionExpectation& expectation);

/// Compares runs of one case. What a run has appended to the cache is checked by itself, and then taken for the keys that the
/// outputs follow from: a key that is rounded to an int8 the other way is right and changes them.
class AttentionJudge {
 public:
  explicit AttentionJudge(const AttentionData& data) : data_(data) {}

  testing::AssertionResult is_right(const AttentionOutcome& outcome);

 private:
  const AttentionData& data_;
  std::optional<AttentionExpectation> expectation_;
  std::vector<std::uint32_t> appended_bits_;  ///< that it was computed from
};

}  // namespace ki::test
