#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "attention/attention_run.h"
#include "support/backends.h"
#include "support/dtype.h"
#include "support/random.h"

// Where the formula has an exact answer, so must the library: the tolerance of the table is too wide to tell rounding
// from truncation.
namespace ki::test {
namespace {

class AttentionRounding : public testing::TestWithParam<ki_dtype> {};

/// With a scale of 0 and two keys each output is half the sum of two values, exact in float32.
TEST_P(AttentionRounding, TheOutputIsRoundedToNearestEven) {
  const ki_dtype dtype = GetParam();
  AttentionCase c{.dtype = dtype,
                  .seq_q = 3,
                  .seq_k = 2,
                  .heads_q = 2,
                  .heads_kv = 2,
                  .head_dim = 8,
                  .head_dim_v = 250,
                  .scale = 0.0F};
  AttentionData data(c);
  // Values with one bit of significance more between them than the type has, so that half of the results are ties.
  Random random(1);
  const std::int64_t last = dtype == KI_DTYPE_BFLOAT16 ? 256 : dtype == KI_DTYPE_FLOAT16 ? 2048 : 16777216;
  Array values(data.value.shape());
  for (double& x : values.values)
    x = static_cast<double>(last / 2 + random.below(last / 2)) * (random.below(2) ? 1 : -1);
  data.value.write(values);

  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const AttentionOutcome outcome = run_attention(data, backend.open());
    for (std::int64_t i = 0; i < c.seq_q; ++i) {
      for (std::int64_t h = 0; h < c.heads_q; ++h) {
        for (std::int64_t d = 0; d < c.head_dim_v; ++d) {
          const auto mean = static_cast<float>((values({0, 0, h, d}) + values({0, 1, h, d})) / 2);
          ASSERT_EQ(outcome.output({0, i, h, d}), round_to(dtype, mean)) << "column " << d << ", mean " << mean;
        }
        EXPECT_EQ(outcome.logsumexp->operator()({0, h, i}), std::log(2.0F));
      }
    }
  }
}

TEST_P(AttentionRounding, ASingleKeyReturnsItsValueBitForBit) {
  const AttentionCase c{.dtype = GetParam(),
                        .seq_q = 3,
                        .seq_k = 1,
                        .heads_q = 3,
                        .heads_kv = 1,
                        .head_dim = 40,
                        .head_dim_v = 77,
                        .contents = Contents::subnormal};
  AttentionData data(c);
  const Array values = data.value.read();
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    const AttentionOutcome outcome = run_attention(data, backend.open());
    for (std::int64_t i = 0; i < c.seq_q; ++i) {
      for (std::int64_t d = 0; d < c.head_dim_v; ++d) {
        ASSERT_EQ(outcome.output({0, i, 2, d}), values({0, 0, 0, d})) << "column " << d;
      }
    }
  }
}

/// Sums are float32: those of the largest float16 do not overflow.
TEST(AttentionRoundingFloat16, TheLargestFiniteValueSurvives) {
  AttentionData data(
      {.dtype = KI_DTYPE_FLOAT16, .seq_q = 2, .seq_k = 700, .head_dim = 8, .head_dim_v = 16, .scale = 0.0F});
  data.value.write(Array(data.value.shape(), 65504));
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    for (const double x : run_attention(data, backend.open()).output.values) ASSERT_EQ(x, 65504);
  }
}

INSTANTIATE_TEST_SUITE_P(Dtypes, AttentionRounding,
                         testing::Values(KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16),
                         [](const auto& info) { return dtype_name(info.param); });

}  // namespace
}  // namespace ki::test
