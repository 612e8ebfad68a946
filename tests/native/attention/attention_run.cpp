#include "attention/attention_run.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "attention/attention_append.h"
#include "attention/attention_sequences.h"

namespace ki::test {
namespace {

/// Calls the library with a workspace of exactly the size it asks for, and says if it wrote behind it.
std::optional<std::string> run_with_workspace(const Device& device, ki_stream* stream,
                                              const ki_attention_problem& problem) {
  std::uint64_t size = 0;
  check(ki_attention_forward_workspace(device.get(), &problem, &size));
  const GuardedWorkspace workspace(device, stream, size);
  check(ki_attention_forward(stream, &problem, workspace.data(), size));
  return workspace.is_overrun() ? std::optional<std::string>("the workspace was overrun") : std::nullopt;
}

/// Puts the results of sequences one behind the other, as the rows of a tensor are.
struct Joined {
  Array output, logsumexp;

  Joined(const AttentionData& data)
      : output(data.written_output().shape()),
        logsumexp(data.logsumexp ? data.written_logsumexp()->shape() : Shape{0}) {}

  /// `first` is the number of queries before this sequence's, over all sequences.
  void add(const AttentionResult& result, std::int64_t b, std::int64_t first, bool is_packed) {
    const auto at = [](std::int64_t i) { return static_cast<std::ptrdiff_t>(i); };
    const std::int64_t heads = result.logsumexp.shape[0], seq_q = result.logsumexp.shape[1];
    std::ranges::copy(result.output.values, output.values.begin() + at(first * heads * result.output.shape[2]));
    if (logsumexp.values.empty()) return;
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t row = is_packed ? h * logsumexp.shape[1] + first : (b * heads + h) * seq_q;
      std::copy_n(result.logsumexp.row({h}), seq_q, logsumexp.values.begin() + at(row));
    }
  }
};

int flags_of(const AttentionCase& c) {
  return (c.causal ? KI_ATTENTION_CAUSAL : 0) | (c.scale ? KI_ATTENTION_CUSTOM_SCALE : 0) |
         (c.window ? KI_ATTENTION_WINDOW : 0) | (c.cache && c.cache->interleaved ? KI_ATTENTION_ROTARY_INTERLEAVED : 0);
}

}  // namespace

AttentionCall::AttentionCall(AttentionData& data, Staging& staging) {
  const AttentionCase& c = data.attention_case;
  problem.struct_size = sizeof(problem);
  problem.flags = static_cast<ki_attention_flags>(flags_of(c));
  problem.scale = c.scale.value_or(0);
  problem.query = staging.place(data.query);
  problem.key = staging.place(data.key);
  problem.value = staging.place(data.value);
  problem.output = staging.place(data.output);
  problem.logsumexp = staging.place(data.logsumexp);
  if (c.window) {
    problem.window_left = c.window->left;
    problem.window_right = c.window->right;
  }
  problem.sink_count = c.sink_count;
  problem.softcap = c.softcap;
  problem.split_count = c.split_count;
  problem.bias = staging.place(data.bias);
  problem.mask = staging.place(data.mask);
  problem.alibi_slopes = staging.place(data.alibi_slopes);
  problem.tree_mask = staging.place(data.tree_mask);
  problem.cu_seqlens_q = staging.place(data.cu_seqlens_q);
  problem.cu_seqlens_k = staging.place(data.cu_seqlens_k);
  problem.seqused_k = staging.place(data.seqused_k);
  problem.dropout = c.dropout;
  problem.dropout_offset = dropout_offset_of(c);
  problem.dropout_seed = dropout_seed_of(c);
  if (!c.cache) return;
  cache.struct_size = sizeof(cache);
  cache.block_table = staging.place(data.block_table);
  cache.cache_slots = staging.place(data.cache_slots);
  cache.key_scale = staging.place(data.key_scale);
  cache.value_scale = staging.place(data.value_scale);
  cache.new_key = staging.place(data.new_key);
  cache.new_value = staging.place(data.new_value);
  cache.cu_seqlens_new = staging.place(data.cu_seqlens_new);
  cache.rotary_cos = staging.place(data.rotary_cos);
  cache.rotary_sin = staging.place(data.rotary_sin);
  problem.cache = &cache;
}

AttentionOutcome run_attention(const AttentionData& original, const Device& device, ki_stream* stream,
                               Workspace workspace) {
  const auto data = std::make_shared<AttentionData>(original.copy());
  data->output.write_sentinel();
  if (data->logsumexp) data->logsumexp->write_sentinel();
  Staging staging(device, stream);
  const AttentionCall call(*data, staging);

  AttentionOutcome outcome;
  if (workspace == Workspace::of_caller) {
    outcome.stray_write = run_with_workspace(device, stream, call.problem);
  } else {
    check(ki_attention_forward(stream, &call.problem, nullptr, 0));
  }
  staging.download();

  std::vector<TensorData> results{data->written_output()};
  if (data->logsumexp) results.push_back(*data->written_logsumexp());
  const std::vector<TensorData> appended = appended_rows(*data);
  std::vector<const TensorData*> written;
  for (const TensorData& tensor : results) written.push_back(&tensor);
  for (const TensorData& tensor : appended) written.push_back(&tensor);
  if (!outcome.stray_write) outcome.stray_write = staging.changed_outside(written);

  outcome.output = results.front().read();
  if (data->logsumexp) outcome.logsumexp = results.back().read();
  outcome.bits = bits_of(results);
  outcome.appended_bits = bits_of(appended);
  outcome.after = data;
  return outcome;
}

AttentionOutcome run_attention(const AttentionData& data, const Device& device, Workspace workspace) {
  const Stream stream = create_stream(device);
  return run_attention(data, device, stream.get(), workspace);
}

AttentionExpectation::AttentionExpectation(const AttentionData& data) {
  const AttentionCase& c = data.attention_case;
  Joined reference(data), naive(data), magnitude(data);
  std::int64_t first = 0;
  for (const AttentionArguments& a : sequences_of(data)) {
    const bool is_packed = data.cu_seqlens_q.has_value();
    reference.add(attention_reference(a), a.batch, first, is_packed);
    naive.add(attention_naive(a, c.dtype), a.batch, first, is_packed);
    magnitude.add(attention_magnitude(a), a.batch, first, is_packed);
    first += a.seq_q();
  }
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

testing::AssertionResult AttentionJudge::is_right(const AttentionOutcome& outcome) {
  if (data_.new_key) {
    if (auto result = appended_rightly(*outcome.after); !result) return result;
  }
  if (!expectation_ || appended_bits_ != outcome.appended_bits) {
    expectation_.emplace(*outcome.after);
    appended_bits_ = outcome.appended_bits;
  }
  return test::is_right(data_, outcome, *expectation_);
}

}  // namespace ki::test
