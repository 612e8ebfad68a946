// What the host decides before the backward pass is launched: kernels, grids, workspace.
#include "attention/cuda/backward_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "cuda_kernels/problem_shape.h"

namespace ki::attention::cuda {
namespace {

using namespace ki::test;

BackwardProblem backward_of(const Shape& shape) {
  BackwardProblem b{};
  b.forward = problem_of(shape);
  const Problem& p = b.forward;
  b.forward.logsumexp = dense(KI_DTYPE_FLOAT32, 1, p.batch, p.heads_q, p.seq_q);
  b.forward.logsumexp.rank = 3;
  b.grad_output = p.output;
  b.grad_query = p.query;
  b.grad_key = p.key;
  b.grad_value = p.value;
  return b;
}

BackwardProblem packed_of(Shape shape, std::int64_t sequences) {
  shape.batch = 1;
  BackwardProblem b = backward_of(shape);
  Problem& p = b.forward;
  p.batch = sequences;
  p.cu_seqlens_q = p.cu_seqlens_k = dense(KI_DTYPE_INT32, 1, 1, 1, sequences + 1);
  return b;
}

std::string keys_module(const BackwardProblem& b) { return plan_backward(b).instantiation->keys; }

TEST(BackwardPlan, EveryHeadDimensionHasKernelsThatHoldIt) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    for (int d = 1; d <= kMaxHeadDim; ++d) {
      for (int d_v = 1; d_v <= kMaxHeadDim; ++d_v) {
        for (const int alignment : {16, 4, 2}) {
          for (const bool general : {false, true}) {
            const BackwardInstantiation* found = find_backward_instantiation(dtype, d, d_v, alignment, general);
            ASSERT_NE(found, nullptr) << d << " x " << d_v;
            EXPECT_EQ(found->dtype, dtype);
            EXPECT_TRUE(found->general || !general);
            EXPECT_GE(found->head_dim, std::max(d, d_v));
            if (found->whole_rows) {
              EXPECT_TRUE(d == found->head_dim && d_v == d && alignment == 16);
            }
          }
        }
        const BiasGradientInstantiation* bias = find_bias_gradient_instantiation(dtype, d, d_v);
        ASSERT_NE(bias, nullptr) << d << " x " << d_v;
        EXPECT_EQ(bias->dtype, dtype);
        EXPECT_GE(bias->head_dim, std::max(d, d_v));
      }
    }
  }
}

TEST(BackwardPlan, AlignedHeadsOf64And128AreFastAndOthersArePadded) {
  EXPECT_EQ(keys_module(backward_of({})), "attention_backward_keys_f16_d64");
  EXPECT_EQ(keys_module(backward_of({.dtype = KI_DTYPE_BFLOAT16, .head_dim = 128, .head_dim_v = 128})),
            "attention_backward_keys_bf16_d128");
  EXPECT_EQ(keys_module(backward_of({.head_dim_v = 63})), "attention_backward_keys_f16_any64");
  EXPECT_EQ(keys_module(backward_of({.dtype = KI_DTYPE_FLOAT32})), "attention_backward_keys_f32_any64");
  BackwardProblem general = backward_of({});
  general.forward.softcap = 1;
  EXPECT_EQ(keys_module(general), "attention_backward_keys_f16_d64_general");
}

TEST(BackwardPlan, AMisalignedGradientIsPadded) {
  for (Tensor BackwardProblem::*gradient : {&BackwardProblem::grad_output, &BackwardProblem::grad_query,
                                            &BackwardProblem::grad_key, &BackwardProblem::grad_value}) {
    BackwardProblem b = backward_of({});
    (b.*gradient).data = memory + 2;
    EXPECT_EQ(keys_module(b), "attention_backward_keys_f16_any64");
    EXPECT_EQ(plan_backward(b).params.alignment, 2);
  }
}

TEST(BackwardPlan, GridsCoverEveryRowOfEveryHead) {
  const BackwardPlan plan = plan_backward(backward_of({.batch = 3, .seq_q = 129, .seq_k = 65}));
  EXPECT_EQ(plan.rows.blocks, 3 * 6 * 33);  // four rows a block
  EXPECT_EQ(plan.queries.blocks, 3 * 6 * 3);
  EXPECT_EQ(plan.keys.blocks, 3 * 3 * 2);
  EXPECT_EQ(plan.keys.tiles, 2);
  EXPECT_EQ(plan.bias, nullptr);
}

TEST(BackwardPlan, PackedGridsHaveRoomForEverySequenceAndForTheRowsBehindThem) {
  const BackwardPlan plan = plan_backward(packed_of({.seq_q = 130, .seq_k = 200}, 5));
  EXPECT_EQ(plan.queries.tiles, 130 / 64 + 5);
  EXPECT_EQ(plan.queries.blocks, 6 * plan.queries.tiles);
  EXPECT_EQ(plan.keys.tiles, 200 / 64 + 6);
  EXPECT_EQ(plan.keys.blocks, 3 * plan.keys.tiles);
  EXPECT_EQ(plan.rows.blocks, 6 * 33);
  EXPECT_EQ(plan.params.row_sums_batch, 0);
}

TEST(BackwardPlan, WhatDoesNotExistTakesNoBlocks) {
  EXPECT_EQ(plan_backward(backward_of({.batch = 0})).keys.blocks, 0);
  const BackwardPlan no_queries = plan_backward(backward_of({.seq_q = 0}));
  EXPECT_EQ(no_queries.queries.blocks, 0);
  EXPECT_GT(no_queries.keys.blocks, 0) << "their gradients are zeros, which somebody writes";
  EXPECT_EQ(plan_backward(backward_of({.seq_k = 0})).keys.blocks, 0);
}

TEST(BackwardPlan, WorkspaceHoldsTwoFloatsForEveryRow) {
  BackwardProblem b = backward_of({.batch = 3, .seq_q = 129});
  b.deterministic = true;
  const BackwardPlan plan = plan_backward(b);
  EXPECT_EQ(plan.workspace_bytes, 2 * 4 * 3 * 6 * 129);
  EXPECT_EQ(plan.params.row_sums_half, 3 * 6 * 129);
  EXPECT_EQ(plan.params.row_sums_batch, 6 * 129);
  EXPECT_EQ(plan_backward(packed_of({.dtype = KI_DTYPE_FLOAT32, .seq_q = 129}, 7)).workspace_bytes, 2 * 4 * 6 * 129);
}

TEST(BackwardPlan, FastKernelsSumTheGradientOfTheQueriesByAtomicsUnlessToldOtherwise) {
  BackwardProblem b = backward_of({.batch = 3, .seq_q = 129, .head_dim = 128, .head_dim_v = 128});
  const std::uint64_t rows = 3 * 6 * 129;
  const BackwardPlan fast = plan_backward(b);
  EXPECT_TRUE(fast.sums_queries);
  EXPECT_EQ(std::string(fast.instantiation->sums), "attention_backward_sums_f16_d128");
  EXPECT_EQ(fast.params.query_sums_width, 128);
  EXPECT_GE(fast.query_sums_at, 8 * rows);
  EXPECT_EQ(fast.query_sums_at % 64, 0);
  EXPECT_EQ(fast.workspace_bytes, fast.query_sums_at + 4 * 128 * rows);
  b.deterministic = true;
  const BackwardPlan deterministic = plan_backward(b);
  EXPECT_FALSE(deterministic.sums_queries);
  EXPECT_EQ(deterministic.workspace_bytes, 8 * rows);
  EXPECT_FALSE(plan_backward(backward_of({.dtype = KI_DTYPE_FLOAT32})).sums_queries);
  BackwardProblem general = backward_of({});
  general.forward.softcap = 1;
  EXPECT_FALSE(plan_backward(general).sums_queries);
}

TEST(BackwardPlan, TheGradientOfTheBiasHasABlockForEachOfItsTiles) {
  BackwardProblem b = backward_of({});
  b.forward.bias = b.grad_bias = dense(KI_DTYPE_FLOAT32, 2, 6, 100, 70);
  const BackwardPlan plan = plan_backward(b);
  ASSERT_NE(plan.bias, nullptr);
  EXPECT_EQ(std::string(plan.bias->module), "attention_backward_bias_f16_any64");
  EXPECT_EQ(plan.bias_blocks, 2 * 6 * 2 * 2);
  EXPECT_TRUE(plan.params.bias.is_float32);
  EXPECT_FALSE(plan.params.bias.is_broadcast_over_queries);

  b.forward.bias = b.grad_bias = dense(KI_DTYPE_FLOAT16, 1, 1, 1, 70);
  const BackwardPlan shared = plan_backward(b);
  EXPECT_EQ(shared.bias_blocks, 2);
  EXPECT_TRUE(shared.params.bias.is_broadcast_over_queries);
  EXPECT_FALSE(shared.params.bias.is_float32);
}

TEST(BackwardPlan, TheScaleMultipliesScoresAndGradientsAlike) {
  for (const float scale : {-0.5f, 0.0f, 0.25f}) {
    const BackwardParams params = plan_backward(backward_of({.scale = scale})).params;
    EXPECT_EQ(params.scale, scale);
    EXPECT_EQ(params.query_sign, scale > 0 ? 1 : scale < 0 ? -1 : 0);
  }
}

TEST(BackwardPlan, TilesFitInSharedMemoryOfEveryDevice) {
  for (const BackwardInstantiation& kernel : kBackwardInstantiations) {
    EXPECT_LE(kernel.key_tile().shared_bytes(), kMaxSharedBytesPerBlock) << kernel.keys;
    if (kernel.sums != nullptr) {
      EXPECT_LE(kernel.key_tile(true).shared_bytes(), kMaxSharedBytesPerBlock) << kernel.sums;
    }
    EXPECT_LE(kernel.query_tile().shared_bytes(), kMaxSharedBytesPerBlock) << kernel.queries;
  }
}

}  // namespace
}  // namespace ki::attention::cuda
