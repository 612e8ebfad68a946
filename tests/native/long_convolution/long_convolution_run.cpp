#include "long_convolution/long_convolution_run.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "reference/cyclic_convolution.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

/// A plan's call with a workspace of exactly the size it asks for.
void run_with_workspace(const Device& device, ki_stream* stream, const LongConvolutionPlan& plan,
                        const ki_long_convolution_problem& problem, std::optional<std::string>& stray_write) {
  std::uint64_t size = 0;
  check(ki_long_convolution_forward_workspace(plan.get(), &problem, &size));
  const GuardedWorkspace workspace(device, stream, size);
  check(ki_long_convolution_forward(stream, plan.get(), &problem, workspace.data(), size));
  if (workspace.is_overrun()) stray_write = "the workspace was overrun";
}

/// The state is float32 numbers that were given or are the product of two that were.
testing::AssertionResult is_right_state(const Array& got, const Array& want) {
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    const double expected = want.values[i];
    if (std::isfinite(expected) ? std::fabs(got.values[i] - expected) <= half_ulp(KI_DTYPE_FLOAT32, expected)
                                : !std::isfinite(got.values[i])) {
      continue;
    }
    return testing::AssertionFailure() << "state: element " << to_string(got.index(i)) << " is " << got.values[i]
                                       << ", want " << expected;
  }
  return testing::AssertionSuccess();
}

}  // namespace

PlanOptions::PlanOptions(const LongConvolutionData& data) {
  const LongConvolutionCase& c = data.convolution_case;
  options.struct_size = sizeof(options);
  options.flags = c.circular    ? KI_LONG_CONVOLUTION_CIRCULAR
                  : c.streams() ? KI_LONG_CONVOLUTION_STREAMING
                                : KI_LONG_CONVOLUTION_NONE;
  options.channels = c.channels;
  options.length = c.plan_length != 0 ? c.plan_length : std::max<std::int64_t>(c.longest_call(), 1);
  options.filter_length = c.filter_length;
  options.fft_size = c.fft_size;
  options.squash = c.squash;
  if (!data.frequency_mask) return;
  mask_ = data.frequency_mask->view();
  options.frequency_block = c.mask->block;
  options.frequency_mask = &mask_;
}

LongConvolutionPlan create_plan(const Device& device, const LongConvolutionData& data) {
  const PlanOptions made(data);
  ki_long_convolution_plan* plan = nullptr;
  check(ki_long_convolution_plan_create(device.get(), &made.options, &plan));
  return LongConvolutionPlan(plan);
}

LongConvolutionPlan create_plan(const Device& device, ki_stream* stream, const LongConvolutionData& original) {
  LongConvolutionData data = original.copy();
  LongConvolutionPlan plan = create_plan(device, data);
  Staging staging(device, stream);
  check(ki_long_convolution_set_filter(stream, plan.get(), staging.place(data.filter)));
  check(ki_stream_synchronize(stream));
  return plan;
}

ki_long_convolution_plan_info info_of(const LongConvolutionPlan& plan) {
  ki_long_convolution_plan_info info{};
  info.struct_size = sizeof(info);
  check(ki_long_convolution_plan_get_info(plan.get(), &info));
  return info;
}

LongConvolutionCall::LongConvolutionCall(LongConvolutionData& data, Staging& staging) {
  input_.whole = staging.place(data.input);
  output_.whole = staging.place(data.output);
  input_gate_.whole = staging.place(data.input_gate);
  output_gate_.whole = staging.place(data.output_gate);
  problem.struct_size = sizeof(problem);
  problem.skip = staging.place(data.skip);
  problem.state = staging.place(data.state);
  take_piece(0, data.convolution_case.whole_length());
}

void LongConvolutionCall::take_piece(std::int64_t begin, std::int64_t length) {
  const auto take = [&](Part& part) -> const ki_tensor* {
    if (part.whole == nullptr) return nullptr;
    part.piece = *part.whole;
    part.piece.shape[2] = length;
    part.piece.data = static_cast<std::byte*>(part.whole->data) + begin * element_size(part.whole->dtype);
    return &part.piece;
  };
  problem.input = take(input_);
  problem.output = take(output_);
  problem.input_gate = take(input_gate_);
  problem.output_gate = take(output_gate_);
}

TransformPrecision precision_of(const Device& device, const LongConvolutionPlan& plan, ki_dtype dtype) {
  // CUDA may round 16-bit numbers between the stages of a transform.
  const bool is_narrow = info_of(device).kind == KI_DEVICE_KIND_CUDA;
  return {half_ulp(is_narrow ? dtype : KI_DTYPE_FLOAT32, 1), info_of(plan).fft_size};
}

LongConvolutionOutcome run_long_convolution(const LongConvolutionData& original, const Device& device,
                                            ki_stream* stream, const LongConvolutionPlan& plan, Workspace workspace) {
  LongConvolutionData data = original.copy();
  const LongConvolutionCase& c = data.convolution_case;
  data.output.write_sentinel();
  Staging staging(device, stream);
  LongConvolutionCall call(data, staging);

  LongConvolutionOutcome outcome;
  const std::vector<std::int64_t> whole{c.length};
  std::int64_t begin = 0;
  for (const std::int64_t length : c.streams() ? c.pieces : whole) {
    call.take_piece(begin, length);
    if (workspace == Workspace::of_caller) {
      run_with_workspace(device, stream, plan, call.problem, outcome.stray_write);
    } else {
      check(ki_long_convolution_forward(stream, plan.get(), &call.problem, nullptr, 0));
    }
    begin += length;
  }
  staging.download();

  std::vector<const TensorData*> written{&data.output};
  if (data.state) written.push_back(&*data.state);
  if (!outcome.stray_write) outcome.stray_write = staging.changed_outside(written);
  outcome.output = data.output.read();
  if (data.state) outcome.state = data.state->read();
  outcome.bits = bits_of(data.state ? std::vector{data.output, *data.state} : std::vector{data.output});
  outcome.precision = precision_of(device, plan, c.dtype);
  return outcome;
}

LongConvolutionOutcome run_long_convolution(const LongConvolutionData& data, const Device& device,
                                            Workspace workspace) {
  const Stream stream = create_stream(device);
  const LongConvolutionPlan plan = create_plan(device, stream.get(), data);
  return run_long_convolution(data, device, stream.get(), plan, workspace);
}

LongConvolutionExpectation::LongConvolutionExpectation(const LongConvolutionData& data) {
  const LongConvolutionArguments a = data.arguments();
  LongConvolutionArguments unmasked = a;
  unmasked.mask.reset();
  LongConvolutionResult result = long_convolution_reference(a);
  output.factor = a.output_gate ? *a.output_gate : Array(a.input.shape, 1);
  output.terms = Array(a.input.shape);
  for (std::size_t i = 0; i < output.terms.values.size(); ++i) {
    output.terms.values[i] = std::fabs(output.factor.values[i] * result.sums.values[i]);
    if (!a.skip) continue;
    const std::int64_t h = a.input.index(i)[1];
    output.terms.values[i] += std::fabs((*a.skip)({h}) * a.input.values[i]);
  }
  output.product_norms = Array({a.batch(), a.channels()});
  for (std::int64_t h = 0; h < a.channels(); ++h) {
    // The part of the spectrum that a mask keeps has the errors of the whole one; if it keeps nothing, there are none.
    const double filter = norm(used_filter(a, h)) == 0 ? 0 : norm(used_filter(unmasked, h));
    for (std::int64_t b = 0; b < a.batch(); ++b) {
      output.product_norms({b, h}) = filter * norm(gated_row(a, b, h, true));
    }
  }
  output.result_norms = std::move(result.row_norms);
  output.reference = std::move(result.output);
  state = std::move(result.state);
}

testing::AssertionResult is_right(const LongConvolutionData& data, const LongConvolutionOutcome& outcome,
                                  const LongConvolutionExpectation& expectation) {
  if (outcome.stray_write) return testing::AssertionFailure() << *outcome.stray_write;
  if (outcome.state) {
    if (auto result = is_right_state(*outcome.state, expectation.state); !result) return result;
  }
  return matches(data.convolution_case.dtype, outcome.output, expectation.output, outcome.precision);
}

}  // namespace ki::test
