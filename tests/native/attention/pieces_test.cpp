#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "attention/attention_run.h"
#include "support/backends.h"
#include "support/dtype.h"
#include "support/not_supported.h"
#include "support/random.h"
#include "support/staging.h"

// Attention over a sequence that is cut into pieces, each computed by itself and merged, is attention over the whole.
namespace ki::test {
namespace {

/// The keys [begin, end) of a [batch, seq_k, heads_kv, dim] tensor.
ki_tensor keys_of(ki_tensor all, std::int64_t begin, std::int64_t end) {
  all.data = static_cast<std::byte*>(all.data) + begin * all.strides[1] * element_size(all.dtype);
  all.shape[1] = end - begin;
  return all;
}

/// Entry `part` of the first dimension.
ki_tensor part_of(const ki_tensor& parts, std::int64_t part) {
  ki_tensor result = parts;
  result.rank = parts.rank - 1;
  result.data = static_cast<std::byte*>(parts.data) + part * parts.strides[0] * element_size(parts.dtype);
  for (int d = 0; d < result.rank; ++d) {
    result.shape[d] = parts.shape[d + 1];
    result.strides[d] = parts.strides[d + 1];
  }
  return result;
}

/// Ends of `count` uneven pieces, some of them empty; the last is at least `last` keys long.
std::vector<std::int64_t> cuts(std::int64_t count, std::int64_t keys, std::int64_t last) {
  Random random(static_cast<std::uint64_t>(count));
  std::vector<std::int64_t> ends;
  for (std::int64_t p = 0; p + 1 < count; ++p) {
    const bool is_empty = p % 3 == 1;
    const std::int64_t begin = ends.empty() ? 0 : ends.back();
    ends.push_back(is_empty ? begin : begin + random.below(keys - last - begin + 1));
  }
  ends.push_back(keys);
  return ends;
}

/// Runs the pieces and merges them: all as parts, or the first in the output, to which the others are added.
AttentionOutcome run_in_pieces(const AttentionData& original, std::int64_t count, bool accumulates,
                               const Device& device) {
  const Stream stream = create_stream(device);
  AttentionData data = original.copy();
  const AttentionCase& c = data.attention_case;
  const std::int64_t parts = accumulates ? count - 1 : count;
  // Parts without keys are not computed: their outputs hold NaN.
  TensorData outputs(c.dtype, {parts, c.batch, c.seq_q, c.heads_q, c.head_dim_v});
  TensorData logsumexps(KI_DTYPE_FLOAT32, {parts, c.batch, c.heads_q, c.seq_q});
  logsumexps.write(Array(logsumexps.shape(), -std::numeric_limits<double>::infinity()));

  Staging staging(device, stream.get());
  const AttentionCall call(data, staging);
  const ki_tensor all_outputs = staging.upload(outputs), all_logsumexps = staging.upload(logsumexps);
  const std::vector<std::int64_t> ends = cuts(count, c.seq_k, c.seq_q);
  for (std::int64_t piece = 0; piece < count; ++piece) {
    const std::int64_t begin = piece == 0 ? 0 : ends[static_cast<std::size_t>(piece) - 1];
    const std::int64_t end = ends[static_cast<std::size_t>(piece)];
    const bool in_output = accumulates && piece == 0;
    if (begin == end && !in_output) continue;
    const ki_tensor key = keys_of(*call.problem.key, begin, end), value = keys_of(*call.problem.value, begin, end);
    ki_attention_problem problem = call.problem;
    ki_tensor output = *problem.output, logsumexp = *problem.logsumexp;
    if (!in_output) {
      output = part_of(all_outputs, piece - (accumulates ? 1 : 0));
      logsumexp = part_of(all_logsumexps, piece - (accumulates ? 1 : 0));
    }
    problem.key = &key;
    problem.value = &value;
    problem.output = &output;
    problem.logsumexp = &logsumexp;
    // Only the last keys stand beside the queries; those of other pieces are before all of them.
    if (piece + 1 < count) problem.flags = static_cast<ki_attention_flags>(problem.flags & ~KI_ATTENTION_CAUSAL);
    check(ki_attention_forward(stream.get(), &problem, nullptr, 0));
  }
  ki_attention_combine_problem combined{};
  combined.struct_size = sizeof(combined);
  combined.flags = accumulates ? KI_ATTENTION_COMBINE_ACCUMULATE : KI_ATTENTION_COMBINE_NONE;
  combined.partial_outputs = &all_outputs;
  combined.partial_logsumexps = &all_logsumexps;
  combined.output = call.problem.output;
  combined.logsumexp = call.problem.logsumexp;
  check(ki_attention_combine(stream.get(), &combined));
  staging.download();

  AttentionOutcome outcome;
  outcome.output = data.output.read();
  outcome.logsumexp = data.logsumexp->read();
  return outcome;
}

class AttentionPieces : public testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionPieces, MergedTheyAreTheWhole) {
  const AttentionData data(GetParam());
  const AttentionExpectation expectation(data);
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    not_supported.run(backend, [&] {
      const Device device = backend.open();
      for (std::int64_t count = 1; count <= 8; ++count) {
        for (const bool accumulates : {false, true}) {
          SCOPED_TRACE(backend.name() + ", " + std::to_string(count) + " pieces" + (accumulates ? ", added" : ""));
          EXPECT_TRUE(is_right(data, run_in_pieces(data, count, accumulates, device), expectation));
        }
      }
    });
  }
  not_supported.report();
}

std::vector<AttentionCase> whole_cases() {
  std::vector<AttentionCase> cases;
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    AttentionCase c{.dtype = dtype, .batch = 2, .seq_q = 19, .seq_k = 150, .heads_q = 4, .heads_kv = 2};
    c.head_dim = 24;
    c.head_dim_v = 40;
    cases.push_back(c);
    c.causal = true;
    cases.push_back(c);
    c.seq_q = 1;
    c.head_dim = 64;
    c.head_dim_v = 33;
    cases.push_back(c);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Whole, AttentionPieces, testing::ValuesIn(whole_cases()),
                         [](const auto& info) { return info.param.name(); });

}  // namespace
}  // namespace ki::test
