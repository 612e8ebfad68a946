// What the host decides before a launch: kernel, tiles, grid, and which keys each tile of queries walks over.
#include "attention/cuda/launch_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace ki::attention::cuda {
namespace {

struct Shape {
  ki_dtype dtype = KI_DTYPE_FLOAT16;
  std::int64_t batch = 2, seq_q = 100, seq_k = 70, heads_q = 6, heads_kv = 3, head_dim = 64, head_dim_v = 64;
  bool causal = false;
  float scale = 0.125f;
};

alignas(64) std::byte memory[64];

Tensor dense(ki_dtype dtype, std::int64_t batch, std::int64_t positions, std::int64_t heads, std::int64_t columns) {
  Tensor tensor{};
  tensor.dtype = dtype;
  tensor.rank = 4;
  tensor.data = memory;
  tensor.shape = {batch, positions, heads, columns};
  tensor.strides = {positions * heads * columns, heads * columns, columns, 1};
  return tensor;
}

Problem problem_of(const Shape& s) {
  Problem p{};
  p.query = dense(s.dtype, s.batch, s.seq_q, s.heads_q, s.head_dim);
  p.key = dense(s.dtype, s.batch, s.seq_k, s.heads_kv, s.head_dim);
  p.value = dense(s.dtype, s.batch, s.seq_k, s.heads_kv, s.head_dim_v);
  p.output = dense(s.dtype, s.batch, s.seq_q, s.heads_q, s.head_dim_v);
  p.batch = s.batch;
  p.seq_q = s.seq_q;
  p.seq_k = s.seq_k;
  p.heads_q = s.heads_q;
  p.heads_kv = s.heads_kv;
  p.head_dim = s.head_dim;
  p.head_dim_v = s.head_dim_v;
  p.group = s.heads_q / s.heads_kv;
  p.scale = s.scale;
  if (s.causal) p.rule.right = 0;
  return p;
}

std::string module_of(const Problem& p) { return plan_forward(p).instantiation->module; }

TEST(LaunchPlan, EveryHeadDimensionHasAKernelThatHoldsIt) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    for (int d = 1; d <= kMaxHeadDim; ++d) {
      for (int d_v = 1; d_v <= kMaxHeadDim; ++d_v) {
        for (const int alignment : {16, 4, 2}) {
          const Instantiation* found = find_instantiation(dtype, d, d_v, alignment);
          ASSERT_NE(found, nullptr) << d << " x " << d_v;
          EXPECT_EQ(found->dtype, dtype);
          EXPECT_GE(found->tile.head_dim, std::max(d, d_v));
          if (found->whole_rows) {
            EXPECT_TRUE(d == found->tile.head_dim && d_v == d && alignment == 16) << d << " x " << d_v;
          }
        }
      }
    }
  }
}

TEST(LaunchPlan, AlignedHeadsOf64And128AreFastAndOthersArePadded) {
  EXPECT_EQ(module_of(problem_of({})), "attention_forward_f16_d64");
  EXPECT_EQ(module_of(problem_of({.dtype = KI_DTYPE_BFLOAT16, .head_dim = 128, .head_dim_v = 128})),
            "attention_forward_bf16_d128");
  EXPECT_EQ(module_of(problem_of({.head_dim_v = 63})), "attention_forward_f16_any64");
  EXPECT_EQ(module_of(problem_of({.head_dim = 65, .head_dim_v = 1})), "attention_forward_f16_any96");
  EXPECT_EQ(module_of(problem_of({.dtype = KI_DTYPE_FLOAT32})), "attention_forward_f32_any64");
  EXPECT_EQ(module_of(problem_of({.dtype = KI_DTYPE_FLOAT32, .head_dim = 3, .head_dim_v = 129})),
            "attention_forward_f32_any256");
}

TEST(LaunchPlan, OneMisalignedTensorTakesTheFastKernelAway) {
  for (Tensor Problem::*tensor : {&Problem::query, &Problem::key, &Problem::value, &Problem::output}) {
    Problem shifted = problem_of({});
    (shifted.*tensor).data += 8;
    EXPECT_EQ(module_of(shifted), "attention_forward_f16_any64");
    EXPECT_EQ(plan_forward(shifted).params.alignment, 4);
    for (int i = 0; i < 3; ++i) {
      Problem spread = problem_of({});
      (spread.*tensor).strides[i] += 1;
      EXPECT_EQ(module_of(spread), "attention_forward_f16_any64");
      EXPECT_EQ(plan_forward(spread).params.alignment, 2);
    }
  }
  EXPECT_EQ(plan_forward(problem_of({})).params.alignment, 16);
}

TEST(LaunchPlan, TheGridHasABlockForEachTileOfEachHead) {
  for (const std::int64_t seq_q : {0, 1, 127, 128, 129, 1000}) {
    const LaunchPlan plan = plan_forward(problem_of({.seq_q = seq_q}));
    EXPECT_EQ(plan.blocks, 2 * 6 * ((seq_q + 127) / 128));
    EXPECT_EQ(plan.params.query_tiles, (seq_q + 127) / 128);
  }
  // More than the 65,535 that the grid's second and third dimension could count.
  EXPECT_EQ(plan_forward(problem_of({.batch = 70'000, .seq_q = 1})).blocks, 420'000);
}

TEST(LaunchPlan, StridesAreBytesOf64Bits) {
  Problem p = problem_of({});
  const std::int64_t far = (std::int64_t{1} << 31) + 8;
  p.key.strides = {far, 0, 3 * far, 1};
  p.logsumexp = dense(KI_DTYPE_FLOAT32, 2, 6, 100, 1);  // [batch, heads_q, seq_q]
  p.logsumexp.strides = {700, 110, 1};
  const ForwardParams params = plan_forward(p).params;
  EXPECT_EQ(params.key_strides.batch, 2 * far);
  EXPECT_EQ(params.key_strides.position, 0);
  EXPECT_EQ(params.key_strides.head, 6 * far);
  EXPECT_EQ(params.logsumexp_strides.batch, 2800);
  EXPECT_EQ(params.logsumexp_strides.head, 440);
  EXPECT_EQ(params.logsumexp_strides.position, 4);
  EXPECT_EQ(params.row_bytes, 128);
  EXPECT_EQ(params.group, 2);
}

TEST(LaunchPlan, TheScaleIsSplitIntoSignAndMagnitude) {
  for (const float scale : {0.125f, -0.125f, 3e-39f, -200.0f}) {
    const ForwardParams params = plan_forward(problem_of({.scale = scale})).params;
    EXPECT_EQ(params.query_sign, scale > 0 ? 1 : -1);
    EXPECT_FLOAT_EQ(params.scale_log2, static_cast<float>(std::fabs(scale) / std::log(2.0)));
  }
  for (const float zero : {0.0f, -0.0f}) {
    const ForwardParams params = plan_forward(problem_of({.scale = zero})).params;
    EXPECT_EQ(params.query_sign, 0);
    EXPECT_EQ(params.scale_log2, 1) << "so that -infinity, which hides a key, stays what it is";
  }
}

TEST(VisibleKeys, AreThoseOfTheProblem) {
  for (const bool causal : {false, true}) {
    for (const int seq_q : {1, 5, 40}) {
      for (const int seq_k : {0, 1, 7, 40, 45}) {
        const Problem p = problem_of({.seq_q = seq_q, .seq_k = seq_k, .causal = causal});
        const VisibleKeys visible = plan_forward(p).params.visible;
        for (int i = 0; i < seq_q; ++i) EXPECT_EQ(visible.end(i), p.rule.visible_keys(i, p.seq_q, p.seq_k).end);
      }
    }
  }
}

TEST(VisibleKeys, SumsOfThePositionsThatAreAllowedFitIn32Bits) {
  const auto most = static_cast<std::int32_t>(kMaxLength);
  EXPECT_EQ(VisibleKeys::causal(1, most).end(0), most);
  EXPECT_EQ(VisibleKeys::causal(most, 1).end(most - 1), 1);
  EXPECT_EQ(VisibleKeys::causal(most, 1).end(0), 0);
  constexpr std::int32_t kOverhang = 127;  // of the last tile of queries
  EXPECT_EQ(VisibleKeys::all(most).end(most + kOverhang), most);
}

// A tile is full if all queries see all of its keys, and not walked over if none sees any.
TEST(VisibleKeys, TilesAreCutAsEachKeyWouldSay) {
  constexpr int kKeys = 8, kQueries = 16;
  for (const bool causal : {false, true}) {
    for (const int seq_q : {1, 16, 33}) {
      for (const int seq_k : {0, 1, 8, 15, 32, 50}) {
        const VisibleKeys visible = causal ? VisibleKeys::causal(seq_q, seq_k) : VisibleKeys::all(seq_k);
        for (int first = 0; first < seq_q; first += kQueries) {
          const int last = std::min(first + kQueries, seq_q) - 1;
          const KeyTiles tiles = visible.tiles(first, last, kKeys);
          for (int j = 0; j < 10; ++j) {
            bool all = true, any = false;
            for (int i = first; i <= last; ++i) {
              all = all && visible.end(i) >= (j + 1) * kKeys;
              any = any || visible.end(i) > j * kKeys;
            }
            EXPECT_EQ(j < tiles.full, all) << "tile " << j << ", " << seq_q << " x " << seq_k;
            EXPECT_EQ(j < tiles.end, any) << "tile " << j << ", " << seq_q << " x " << seq_k;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace ki::attention::cuda
