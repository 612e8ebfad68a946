#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "long_convolution/long_convolution_data.h"
#include "support/guarded_workspace.h"
#include "support/handles.h"
#include "support/staging.h"
#include "support/transform_tolerance.h"

namespace ki::test {

using LongConvolutionPlan = std::unique_ptr<ki_long_convolution_plan, CloseHandle>;

/// The options of a case's plan. They point to the data's mask.
class PlanOptions {
 public:
  explicit PlanOptions(const LongConvolutionData& data);
  PlanOptions(const PlanOptions&) = delete;

  ki_long_convolution_options options{};

 private:
  ki_tensor mask_{};
};

/// A plan without filters.
LongConvolutionPlan create_plan(const Device& device, const LongConvolutionData& data);

/// A plan with the case's filters.
LongConvolutionPlan create_plan(const Device& device, ki_stream* stream, const LongConvolutionData& data);

ki_long_convolution_plan_info info_of(const LongConvolutionPlan& plan);

/// The struct of the C ABI for a case whose tensors are on a device; of a streaming case, for one piece.
struct LongConvolutionCall {
  LongConvolutionCall(LongConvolutionData& data, Staging& staging);
  LongConvolutionCall(const LongConvolutionCall&) = delete;

  /// Makes it the call for so many values from one on.
  void take_piece(std::int64_t begin, std::int64_t length);

  ki_long_convolution_problem problem{};

 private:
  struct Part {
    const ki_tensor* whole = nullptr;
    ki_tensor piece{};
  };
  Part input_, output_, input_gate_, output_gate_;
};

/// What a run left behind.
struct LongConvolutionOutcome {
  Array output;
  std::optional<Array> state;
  std::vector<std::uint32_t> bits;         ///< of the output, then of the state
  std::optional<std::string> stray_write;  ///< a byte that changed and is no element of an output
  TransformPrecision precision;
};

/// What a device computes a case with.
TransformPrecision precision_of(const Device& device, const LongConvolutionPlan& plan, ki_dtype dtype);

/// Runs a case with a plan: copies its tensors, with the poison around them, to the device and back. Throws if the library
/// refuses, NotSupported if that is why.
LongConvolutionOutcome run_long_convolution(const LongConvolutionData& data, const Device& device, ki_stream* stream,
                                            const LongConvolutionPlan& plan,
                                            Workspace workspace = Workspace::of_stream);

/// The same with a new plan on a new stream.
LongConvolutionOutcome run_long_convolution(const LongConvolutionData& data, const Device& device,
                                            Workspace workspace = Workspace::of_stream);

/// What a case's outputs should be.
struct LongConvolutionExpectation {
  explicit LongConvolutionExpectation(const LongConvolutionData& data);

  TransformExpected output;
  Array state;
};

/// Compares a run with what it should be, and says where it wrote if it wrote where it should not.
testing::AssertionResult is_right(const LongConvolutionData& data, const LongConvolutionOutcome& outcome,
                                  const LongConvolutionExpectation& expectation);

}  // namespace ki::test
