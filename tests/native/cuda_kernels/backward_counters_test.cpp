// Facts about launches of the fast backward kernels, counted by the virtual GPU: no bank conflict, no wasted sector of global
// memory, and no product for queries and keys that do not see each other.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "attention/gradient_run.h"
#include "cuda_kernels/attention_counting.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

struct BackwardKernel {
  ki_dtype dtype;
  std::int64_t head_dim;
};

void PrintTo(const BackwardKernel& kernel, std::ostream* stream) {
  *stream << dtype_name(kernel.dtype) << "_d" << kernel.head_dim;
}

class BackwardCounters : public AttentionCountingTest<testing::TestWithParam<BackwardKernel>> {
 protected:
  static constexpr std::int64_t kTile = 64;  // a multiple of every tile's queries and keys
  static constexpr std::int64_t kHeads = 2;

  AttentionCase problem(std::int64_t seq_q, std::int64_t seq_k, bool causal = false) const {
    return {.dtype = GetParam().dtype,
            .seq_q = seq_q,
            .seq_k = seq_k,
            .heads_q = kHeads,
            .heads_kv = 1,
            .head_dim = GetParam().head_dim,
            .head_dim_v = GetParam().head_dim,
            .causal = causal,
            .placement = Placement::aligned};
  }

  /// What one kernel of the backward pass did.
  std::string count_kernel(const char* kernel, const AttentionCase& forward, bool deterministic) {
    GradientCase c{forward};
    c.deterministic = deterministic;
    const GradientData data(c);
    const std::string json = count_during([&] {
      const Gradients gradients = run_backward(data, open_device("cuda:0", nullptr));
      EXPECT_TRUE(is_right(data, gradients, GradientExpectation(data)));
    });
    const std::size_t at = json.find('"' + std::string("attention_backward_") + kernel + '"');
    EXPECT_NE(at, std::string::npos) << kernel << " did not run: " << json;
    if (at == std::string::npos) return json;
    return json.substr(at, json.find("{\"kernel\"", at) - at);
  }

  void expect_no_bank_conflict(const std::string& json) {
    for (const char* kind : {"ldmatrix", "cp.async", "st.shared", "ld.shared"}) {
      EXPECT_LE(number(json, "shared", kind, "wavefronts"), number(json, "shared", kind, "ideal_wavefronts")) << kind;
      EXPECT_GT(number(json, "shared", kind, "wavefronts"), 0) << kind;
    }
  }

  /// In units of one product of a tile of kTile queries and keys.
  std::int64_t tile_products(const std::string& json) {
    const std::int64_t of_tile = kTile * kTile * GetParam().head_dim / (16 * 8 * 16);
    const std::int64_t instructions = number(json, "tensor_instructions", "", "");
    EXPECT_EQ(instructions % of_tile, 0);
    return instructions / of_tile;
  }
};

TEST_P(BackwardCounters, SharedMemoryIsReadAndWrittenWithoutBankConflicts) {
  for (const std::int64_t rest : {0, 5}) {
    const AttentionCase c = problem(2 * kTile - rest, 3 * kTile - rest, true);
    expect_no_bank_conflict(count_kernel("keys", c, false));
    expect_no_bank_conflict(count_kernel("keys", c, true));
    expect_no_bank_conflict(count_kernel("queries", c, true));
  }
}

TEST_P(BackwardCounters, GlobalMemoryIsReadAndWrittenInWholeSectors) {
  for (const std::int64_t rest : {0, 8}) {
    const AttentionCase c = problem(2 * kTile - rest, 3 * kTile - rest);
    for (const std::string& json :
         {count_kernel("keys", c, false), count_kernel("keys", c, true), count_kernel("queries", c, true)}) {
      for (const char* kind : {"cp.async", "st.global"}) {
        EXPECT_EQ(number(json, "global", kind, "sectors"), number(json, "global", kind, "ideal_sectors")) << kind;
      }
    }
    const std::string finish = count_kernel("finish", c, false);
    for (const char* kind : {"ld.global", "st.global"}) {
      EXPECT_EQ(number(finish, "global", kind, "sectors"), number(finish, "global", kind, "ideal_sectors")) << kind;
    }
  }
}

/// Gradients once, in the type that they have.
TEST_P(BackwardCounters, NoGradientIsWrittenTwice) {
  const AttentionCase c = problem(2 * kTile - 5, 3 * kTile - 5);
  const std::int64_t row_bytes = 2 * GetParam().head_dim;
  EXPECT_EQ(number(count_kernel("keys", c, true), "global", "st.global", "bytes"), 2 * row_bytes * c.seq_k);
  EXPECT_EQ(number(count_kernel("queries", c, true), "global", "st.global", "bytes"), kHeads * row_bytes * c.seq_q);
  EXPECT_EQ(number(count_kernel("finish", c, false), "global", "st.global", "bytes"), kHeads * row_bytes * c.seq_q);
}

/// Four products for the gradients of keys and values, a fifth for that of the queries with them, or three without.
TEST_P(BackwardCounters, NoProductIsComputedForATileThatHidesAll) {
  for (const bool causal : {false, true}) {
    const AttentionCase c = problem(3 * kTile, 3 * kTile, causal);
    const std::int64_t tiles = kHeads * (causal ? 6 : 9);
    EXPECT_EQ(tile_products(count_kernel("keys", c, true)), 4 * tiles);
    EXPECT_EQ(tile_products(count_kernel("keys", c, false)), 5 * tiles);
    EXPECT_EQ(tile_products(count_kernel("queries", c, true)), 3 * tiles);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, BackwardCounters,
                         testing::Values(BackwardKernel{KI_DTYPE_FLOAT16, 64}, BackwardKernel{KI_DTYPE_FLOAT16, 128},
                                         BackwardKernel{KI_DTYPE_BFLOAT16, 64}, BackwardKernel{KI_DTYPE_BFLOAT16, 128}),
                         [](const auto& info) { return testing::PrintToString(info.param); });

}  // namespace
}  // namespace ki::test
