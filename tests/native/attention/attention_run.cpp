#include "attention/attention_run.h"

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "attention/attention_problem.h"
#include "support/staging.h"

namespace ki::test {
namespace {

constexpr std::uint64_t kGuardBytes = 256;
constexpr std::uint8_t kGuard = 0xA5;

/// Calls the library with a workspace of exactly the size it asks for, and says if it wrote behind it.
std::optional<std::string> run_with_workspace(const Device& device, ki_stream* stream,
                                              const ki_attention_problem& problem) {
  std::uint64_t size = 0;
  check(ki_attention_forward_workspace(device.get(), &problem, &size));
  const Buffer workspace = create_buffer(device, size + kGuardBytes);
  check(ki_fill(stream, data_of(workspace), kGuard, size + kGuardBytes));
  check(ki_attention_forward(stream, &problem, data_of(workspace), size));
  std::array<std::uint8_t, kGuardBytes> guard{};
  check(ki_copy(stream, guard.data(), data_of(workspace) + size, kGuardBytes));
  check(ki_stream_synchronize(stream));
  for (const std::uint8_t byte : guard) {
    if (byte != kGuard) return "the workspace was overrun";
  }
  return std::nullopt;
}

/// A copy of a case's tensors in which those that share memory still do, and nobody else does.
AttentionData copy_of(const AttentionData& data) {
  AttentionData copy = data;
  std::map<Memory*, std::shared_ptr<Memory>> copies;
  const auto separate = [&](TensorData& tensor) {
    auto& memory = copies[tensor.memory().get()];
    if (memory == nullptr) memory = std::make_shared<Memory>(*tensor.memory());
    tensor.move_to(memory);
  };
  for (TensorData* tensor : {&copy.query, &copy.key, &copy.value, &copy.output}) separate(*tensor);
  if (copy.logsumexp) separate(*copy.logsumexp);
  return copy;
}

}  // namespace

AttentionOutcome run_attention(const AttentionData& original, const Device& device, ki_stream* stream,
                               Workspace workspace) {
  AttentionData data = copy_of(original);
  std::vector<const TensorData*> written{&data.output};
  if (data.logsumexp) written.push_back(&*data.logsumexp);
  for (TensorData* tensor : {&data.output, data.logsumexp ? &*data.logsumexp : nullptr}) {
    if (tensor != nullptr) tensor->write_sentinel();
  }
  for (TensorData* tensor : {&data.query, &data.key, &data.value, &data.output}) tensor->memory()->remember();
  if (data.logsumexp) data.logsumexp->memory()->remember();

  Staging staging(device, stream);
  AttentionProblem built;
  built.query = staging.upload(data.query);
  built.key = staging.upload(data.key);
  built.value = staging.upload(data.value);
  built.output = staging.upload(data.output);
  if (data.logsumexp) built.logsumexp = staging.upload(*data.logsumexp);
  if (data.attention_case.causal) built.flags |= KI_ATTENTION_CAUSAL;
  if (data.attention_case.scale) built.flags |= KI_ATTENTION_CUSTOM_SCALE;
  built.scale = data.attention_case.scale.value_or(0);
  const ki_attention_problem problem = built.view();

  AttentionOutcome outcome;
  if (workspace == Workspace::of_caller) {
    outcome.stray_write = run_with_workspace(device, stream, problem);
  } else {
    check(ki_attention_forward(stream, &problem, nullptr, 0));
  }
  staging.download();
  if (!outcome.stray_write) outcome.stray_write = staging.changed_outside(written);

  outcome.output = data.output.read();
  outcome.bits = data.output.read_bits();
  if (data.logsumexp) {
    outcome.logsumexp = data.logsumexp->read();
    const std::vector<std::uint32_t> more = data.logsumexp->read_bits();
    outcome.bits.insert(outcome.bits.end(), more.begin(), more.end());
  }
  return outcome;
}

AttentionOutcome run_attention(const AttentionData& data, const Device& device, Workspace workspace) {
  const Stream stream = create_stream(device);
  return run_attention(data, device, stream.get(), workspace);
}

AttentionExpectation::AttentionExpectation(const AttentionData& data) {
  const AttentionArguments arguments = data.arguments();
  AttentionResult reference = attention_reference(arguments);
  AttentionResult naive = attention_naive(arguments, data.attention_case.dtype);
  AttentionResult magnitude = attention_magnitude(arguments);
  output = {std::move(reference.output), std::move(naive.output), std::move(magnitude.output)};
  logsumexp = {std::move(reference.logsumexp), std::move(naive.logsumexp), std::move(magnitude.logsumexp)};
}

testing::AssertionResult is_right(const AttentionData& data, const AttentionOutcome& outcome,
                                  const AttentionExpectation& expectation) {
  if (outcome.stray_write) return testing::AssertionFailure() << *outcome.stray_write;
  if (outcome.logsumexp) {
    if (auto result = matches(KI_DTYPE_FLOAT32, *outcome.logsumexp, expectation.logsumexp); !result) {
      return testing::AssertionFailure() << "logsumexp: " << result.message();
    }
  }
  if (auto result = matches(data.attention_case.dtype, outcome.output, expectation.output); !result) {
    return testing::AssertionFailure() << "output: " << result.message();
  }
  return testing::AssertionSuccess();
}

}  // namespace ki::test
