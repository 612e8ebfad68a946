// Facts about a launch of the fast kernels, counted by the virtual GPU: no bank conflict, no wasted sector of global memory,
// no product and no byte more than the algorithm asks for.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "cuda_kernels/attention_counting.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

struct Kernel {
  ki_dtype dtype;
  std::int64_t head_dim;
  std::int64_t keys;  // of a tile
};

constexpr std::int64_t kQueries = 128;  // of a tile

class AttentionCounters : public AttentionCountingTest<testing::TestWithParam<Kernel>> {
 protected:
  AttentionCase problem(std::int64_t seq_q, std::int64_t seq_k) const {
    return {.dtype = GetParam().dtype,
            .seq_q = seq_q,
            .seq_k = seq_k,
            .heads_q = 2,
            .heads_kv = 1,
            .head_dim = GetParam().head_dim,
            .head_dim_v = GetParam().head_dim,
            .logsumexp = false,
            .placement = Placement::aligned};
  }
};

TEST_P(AttentionCounters, SharedMemoryIsReadAndWrittenWithoutBankConflicts) {
  const std::string json = count(problem(2 * kQueries, 3 * GetParam().keys));
  for (const char* kind : {"ldmatrix", "cp.async", "st.shared", "ld.shared"}) {
    EXPECT_EQ(number(json, "shared", kind, "wavefronts"), number(json, "shared", kind, "ideal_wavefronts")) << kind;
    EXPECT_GT(number(json, "shared", kind, "wavefronts"), 0) << kind;
  }
}

TEST_P(AttentionCounters, GlobalMemoryIsReadAndWrittenInWholeSectors) {
  for (const std::int64_t rest : {0, 5}) {
    const std::string json = count(problem(2 * kQueries - rest, 3 * GetParam().keys - rest));
    for (const char* kind : {"cp.async", "st.global"}) {
      EXPECT_EQ(number(json, "global", kind, "sectors"), number(json, "global", kind, "ideal_sectors")) << kind;
    }
  }
}

/// Queries once, keys and values once for each tile of queries, outputs once: no byte more, even at the ragged ends.
TEST_P(AttentionCounters, NoByteIsMovedTwice) {
  for (const std::int64_t rest : {0, 5}) {
    const std::int64_t seq_q = 2 * kQueries - rest, seq_k = 3 * GetParam().keys - rest;
    const std::string json = count(problem(seq_q, seq_k));
    const std::int64_t row_bytes = 2 * GetParam().head_dim, heads = 2, query_tiles = 2;
    EXPECT_EQ(number(json, "global", "cp.async", "bytes"), heads * row_bytes * (seq_q + 2 * query_tiles * seq_k));
    EXPECT_EQ(number(json, "global", "st.global", "bytes"), heads * row_bytes * seq_q);
  }
}

/// A causal problem of equal lengths skips the tiles of keys beyond its diagonal.
TEST_P(AttentionCounters, NoProductIsComputedForATileThatNoQuerySees) {
  AttentionCase c = problem(3 * kQueries, 3 * kQueries);
  const auto products_of_tiles = [&](std::int64_t tiles) {
    const std::int64_t heads = 2, one = 16 * 8 * 16;
    return heads * 2 * tiles * kQueries * GetParam().keys * GetParam().head_dim / one;
  };
  const std::int64_t tiles_per_diagonal = kQueries / GetParam().keys;
  EXPECT_EQ(number(count(c), "tensor_instructions", "", ""), products_of_tiles(9 * tiles_per_diagonal));
  c.causal = true;
  EXPECT_EQ(number(count(c), "tensor_instructions", "", ""), products_of_tiles(6 * tiles_per_diagonal));
}

/// A float32 bias is read once for each score, in whole sectors, beside a mask.
TEST_P(AttentionCounters, BiasAndMaskAreReadOnceAndSharedMemoryStaysFreeOfConflicts) {
  AttentionCase c = problem(2 * kQueries, 4 * GetParam().keys);
  c.bias = BiasCase{.float32 = true};
  const std::string json = count(c);
  const std::int64_t scores = 2 * c.seq_q * c.seq_k;
  EXPECT_EQ(number(json, "global", "ld.global", "sectors"), number(json, "global", "ld.global", "ideal_sectors"));
  EXPECT_EQ(number(json, "global", "ld.global", "bytes"), 4 * scores);
  c.mask = MaskCase{.pattern = MaskPattern::all_true};
  const std::string masked = count(c);
  EXPECT_EQ(number(masked, "global", "ld.global", "bytes"), 5 * scores);
  for (const char* kind : {"ldmatrix", "cp.async", "st.shared", "ld.shared"}) {
    EXPECT_EQ(number(masked, "shared", kind, "wavefronts"), number(masked, "shared", kind, "ideal_wavefronts")) << kind;
  }
}

/// A window skips what lies before it, all but the tile of the sinks.
TEST_P(AttentionCounters, NoProductIsComputedForATileOutsideOfTheWindow) {
  AttentionCase c = problem(4 * kQueries, 4 * kQueries);
  const auto products_of_tiles = [&](std::int64_t tiles) {
    const std::int64_t heads = 2, one = 16 * 8 * 16;
    return heads * 2 * tiles * kQueries * GetParam().keys * GetParam().head_dim / one;
  };
  const std::int64_t in_window = 1 + 2 + 2 + 2, tiles_per_window = kQueries / GetParam().keys;
  c.causal = true;
  c.window = Window{kQueries - 1, -1};
  EXPECT_EQ(number(count(c), "tensor_instructions", "", ""), products_of_tiles(in_window * tiles_per_window));
  c.sink_count = 4;
  EXPECT_EQ(number(count(c), "tensor_instructions", "", ""), products_of_tiles(in_window * tiles_per_window + 2));
}

INSTANTIATE_TEST_SUITE_P(Kernels, AttentionCounters,
                         testing::Values(Kernel{KI_DTYPE_FLOAT16, 64, 128}, Kernel{KI_DTYPE_FLOAT16, 128, 64},
                                         Kernel{KI_DTYPE_BFLOAT16, 64, 128}, Kernel{KI_DTYPE_BFLOAT16, 128, 64}),
                         [](const auto& info) {
                           return std::string(dtype_name(info.param.dtype)) + "_d" +
                                  std::to_string(info.param.head_dim);
                         });

}  // namespace
}  // namespace ki::test
