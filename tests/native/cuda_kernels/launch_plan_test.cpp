// What the host decides before a launch: kernel, tiles, grid, and what the kernel is told.
#include "attention/cuda/launch_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "attention/cuda/problem_params.h"
#include "cuda_kernels/problem_shape.h"

namespace ki::attention::cuda {
namespace {

using namespace ki::test;

std::string module_of(const Problem& p) { return plan_forward(p).instantiation->module; }

TEST(LaunchPlan, EveryHeadDimensionHasAKernelThatHoldsIt) {
  const auto check = [](ki_dtype dtype, bool general, int d, int d_v, int alignment) {
    const Instantiation* found = find_instantiation(dtype, general, d, d_v, alignment);
    ASSERT_NE(found, nullptr) << d << " x " << d_v;
    EXPECT_EQ(found->dtype, dtype);
    EXPECT_EQ(found->general, general);
    EXPECT_GE(found->tile.head_dim, std::max(d, d_v));
    if (found->whole_rows) {
      EXPECT_TRUE(d == found->tile.head_dim && d_v == d && alignment == 16) << d << " x " << d_v;
    }
  };
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    for (int d = 1; d <= kMaxHeadDim; ++d) {
      for (int d_v = 1; d_v <= kMaxHeadDim; ++d_v) {
        for (const int alignment : {16, 4, 2}) {
          check(dtype, false, d, d_v, alignment);
          check(dtype, true, d, d_v, alignment);
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
    EXPECT_EQ(plan_forward(shifted).params.forward.alignment, 4);
    for (int i = 0; i < 3; ++i) {
      Problem spread = problem_of({});
      (spread.*tensor).strides[i] += 1;
      EXPECT_EQ(module_of(spread), "attention_forward_f16_any64");
      EXPECT_EQ(plan_forward(spread).params.forward.alignment, 2);
    }
  }
  EXPECT_EQ(plan_forward(problem_of({})).params.forward.alignment, 16);
}

TEST(LaunchPlan, TheGridHasABlockForEachTileOfEachHead) {
  for (const std::int64_t seq_q : {0, 1, 127, 128, 129, 1000}) {
    const LaunchPlan plan = plan_forward(problem_of({.seq_q = seq_q}));
    EXPECT_EQ(plan.blocks, 2 * 6 * ((seq_q + 127) / 128));
    EXPECT_EQ(plan.params.forward.query_tiles, (seq_q + 127) / 128);
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
  const ForwardParams params = plan_forward(p).params.forward;
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
    const ForwardParams params = plan_forward(problem_of({.scale = scale})).params.forward;
    EXPECT_EQ(params.query_sign, scale > 0 ? 1 : -1);
    EXPECT_FLOAT_EQ(params.scale_log2, static_cast<float>(std::fabs(scale) / std::log(2.0)));
  }
  for (const float zero : {0.0f, -0.0f}) {
    const ForwardParams params = plan_forward(problem_of({.scale = zero})).params.forward;
    EXPECT_EQ(params.query_sign, 0);
    EXPECT_EQ(params.scale_log2, 1) << "so that -infinity, which hides a key, stays what it is";
  }
}

TEST(LaunchPlan, PackedQueriesGetEnoughTilesForAnyLengths) {
  Problem p = problem_of({.batch = 1, .seq_q = 1000});
  p.batch = 7;
  p.cu_seqlens_q.rank = 1;
  const LaunchPlan plan = plan_forward(p);
  EXPECT_EQ(plan.params.forward.query_tiles, 1000 / 128 + 7);
  EXPECT_EQ(plan.blocks, 6 * (1000 / 128 + 7)) << "the tiles are those of the whole batch";
  p.total_q = p.seq_q = 0;
  EXPECT_EQ(plan_forward(p).blocks, 0);
}

TEST(LaunchPlan, WhatChangesScoresTakesAGeneralKernel) {
  const auto general = [](auto change) {
    Problem p = problem_of({});
    change(p);
    const LaunchPlan plan = plan_forward(p);
    EXPECT_EQ(plan.params_bytes, sizeof(KernelParams<GeneralParams>));
    return std::string(plan.instantiation->module);
  };
  const std::string module = "attention_forward_f16_d64_general";
  EXPECT_EQ(general([](Problem& p) { p.bias = dense(KI_DTYPE_FLOAT32, 1, 1, 100, 70); }), module);
  EXPECT_EQ(general([](Problem& p) { p.mask = dense(KI_DTYPE_BOOL, 1, 1, 100, 70); }), module);
  EXPECT_EQ(general([](Problem& p) { p.tree_mask = dense(KI_DTYPE_BOOL, 1, 4, 4, 1); }), module);
  EXPECT_EQ(general([](Problem& p) { p.alibi_slopes = dense(KI_DTYPE_FLOAT32, 1, 6, 1, 1); }), module);
  EXPECT_EQ(general([](Problem& p) { p.softcap = 30; }), module);
  EXPECT_EQ(general([](Problem& p) { p.dropout_threshold = 1; }), module);

  Problem plain = problem_of({.causal = true});
  plain.rule.left = 3;
  plain.rule.sinks = 2;
  plain.seqused_k = dense(KI_DTYPE_INT32, 2, 1, 1, 1);
  EXPECT_EQ(module_of(plain), "attention_forward_f16_d64") << "which keys are visible is data";
  EXPECT_EQ(plan_forward(plain).params_bytes, sizeof(KernelParams<NoParams>));
}

TEST(GeneralParams, TheScaleIsAppliedWhereItsMagnitudeCounts) {
  Problem p = problem_of({.scale = -0.25f});
  p.mask = dense(KI_DTYPE_BOOL, 1, 1, 100, 70);
  EXPECT_EQ(general_params(p).input_scale, 1);
  EXPECT_FLOAT_EQ(softmax_factor(p), static_cast<float>(0.25 / std::log(2.0)));
  p.bias = dense(KI_DTYPE_FLOAT32, 1, 1, 100, 70);
  EXPECT_EQ(general_params(p).input_scale, 0.25f);
  EXPECT_FLOAT_EQ(softmax_factor(p), static_cast<float>(1 / std::log(2.0)));
  p.softcap = 50;
  EXPECT_FLOAT_EQ(general_params(p).input_scale, 0.005f) << "tanh(scale * x / softcap)";
  EXPECT_EQ(query_sign(p), -1);
}

TEST(GeneralParams, AMaskWithoutElementsHidesEverything) {
  Problem p = problem_of({});
  EXPECT_EQ(general_params(p).mask.data, nullptr);
  p.mask = dense(KI_DTYPE_BOOL, 1, 1, 100, 0);
  p.mask.data = nullptr;
  EXPECT_NE(general_params(p).mask.data, nullptr) << "it is there";
  EXPECT_EQ(general_params(p).mask.keys, 0) << "and no key is in it";
}

TEST(GeneralParams, BiasAndMaskAreBroadcastByTheirStridesAndReadInPairsIfAllAreAligned) {
  Problem p = problem_of({});
  p.bias = dense(KI_DTYPE_FLOAT16, 2, 6, 1, 70);
  p.bias.strides = {0, 140, 0, 1};
  const ScoreTensor bias = general_params(p).bias;
  EXPECT_EQ(bias.batch, 0);
  EXPECT_EQ(bias.head, 280);
  EXPECT_GT(bias.queries, kMaxLength) << "one row for all queries";
  EXPECT_EQ(bias.keys, 70);
  EXPECT_TRUE(bias.has_pairs);
  p.bias.shape[3] = 69;
  EXPECT_FALSE(general_params(p).bias.has_pairs) << "the last pair is half outside";
  p.bias.shape[3] = 70;
  p.bias.strides[1] = 71;
  EXPECT_FALSE(general_params(p).bias.has_pairs);
  p.bias.strides[1] = 140;
  p.bias.data += 2;
  EXPECT_FALSE(general_params(p).bias.has_pairs);
}

}  // namespace
}  // namespace ki::attention::cuda
