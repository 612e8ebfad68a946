// What the host decides before the decode kernels start: which problems they take, tiles, splits, workspace.
#include "attention/cuda/decode_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cuda_kernels/problem_shape.h"

namespace ki::attention::cuda {
namespace {

constexpr int kMultiprocessors = 108;  // of an A100

using ki::test::dense;

struct Shape {
  ki_dtype dtype = KI_DTYPE_FLOAT16;
  std::int64_t batch = 1, seq_q = 1, seq_k = 65536, heads_q = 32, heads_kv = 8, head_dim = 128, head_dim_v = 128;
};

Problem problem_of(const Shape& s) {
  return ki::test::problem_of({.dtype = s.dtype,
                               .batch = s.batch,
                               .seq_q = s.seq_q,
                               .seq_k = s.seq_k,
                               .heads_q = s.heads_q,
                               .heads_kv = s.heads_kv,
                               .head_dim = s.head_dim,
                               .head_dim_v = s.head_dim_v});
}

// The same queries as one packed tensor of so many sequences.
Problem packed(Problem p, std::int64_t sequences) {
  p.batch = sequences;
  p.cu_seqlens_q = dense(KI_DTYPE_INT32, 1, 1, 1, sequences + 1);
  p.query.strides[0] = p.output.strides[0] = 0;
  return p;
}

std::int64_t splits_of(const Shape& shape) { return plan_decode(problem_of(shape), kMultiprocessors).params.splits; }

TEST(DecodePlan, EveryHeadDimensionHasAKernelThatHoldsIt) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    for (const ki_dtype keys : {dtype, KI_DTYPE_INT8}) {
      for (int d = 1; d <= kMaxHeadDim; ++d) {
        for (int d_v = 1; d_v <= kMaxHeadDim; ++d_v) {
          const DecodeInstantiation* found = find_decode_instantiation(dtype, keys, d, d_v);
          ASSERT_NE(found, nullptr) << d << " x " << d_v;
          EXPECT_EQ(found->dtype, dtype);
          EXPECT_GE(found->size.head_dim, std::max(d, d_v));
          EXPECT_EQ(found->int8_keys, keys == KI_DTYPE_INT8 && dtype != KI_DTYPE_FLOAT32);
        }
      }
    }
  }
}

TEST(DecodePlan, TakesWhatOthersDoNotAndWhatFillsOneTileOnly) {
  EXPECT_TRUE(takes_decode(problem_of({})));
  EXPECT_TRUE(takes_decode(problem_of({.seq_q = 4}))) << "4 positions of 4 heads";
  EXPECT_FALSE(takes_decode(problem_of({.seq_q = 5})));
  EXPECT_FALSE(takes_decode(problem_of({.heads_q = 17, .heads_kv = 1})));
  EXPECT_FALSE(takes_decode(problem_of({.seq_k = kMinDecodeKeys - 1})));
  EXPECT_TRUE(takes_decode(packed(problem_of({.seq_q = 12}), 3)));
  EXPECT_FALSE(takes_decode(packed(problem_of({.seq_q = 13}), 3)));

  const Problem plain = problem_of({.seq_q = 100});
  EXPECT_FALSE(takes_decode(plain));
  Problem p = plain;
  p.split_count = 2;
  EXPECT_TRUE(takes_decode(p));
  p = plain;
  p.key.dtype = p.value.dtype = KI_DTYPE_INT8;
  EXPECT_TRUE(takes_decode(p));
  for (Tensor Cache::*tensor : {&Cache::block_table, &Cache::cache_slots, &Cache::new_key}) {
    p = plain;
    (p.cache.*tensor).rank = 1;
    EXPECT_TRUE(takes_decode(p));
  }
}

// A tile holds all heads of some positions, or 16 heads of one.
TEST(DecodePlan, HeadsOfAGroupShareATile) {
  struct {
    std::int64_t group, seq_q, tile_queries, head_tiles, blocks;
  } const expected[] = {{1, 1, 16, 1, 1}, {1, 17, 16, 1, 2}, {3, 5, 5, 1, 1},  {3, 6, 5, 1, 2},
                        {7, 4, 2, 1, 2},  {16, 3, 1, 1, 3},  {17, 3, 1, 2, 6}, {71, 1, 1, 5, 5}};
  for (const auto& e : expected) {
    const Problem p = problem_of({.seq_q = e.seq_q, .seq_k = 32, .heads_q = e.group, .heads_kv = 1});
    const DecodePlan plan = plan_decode(p, kMultiprocessors);
    EXPECT_EQ(plan.params.tile_queries, e.tile_queries) << "group " << e.group;
    EXPECT_EQ(plan.params.head_tiles, e.head_tiles) << "group " << e.group;
    EXPECT_EQ(plan.blocks, e.blocks) << "group " << e.group;
  }
}

TEST(DecodePlan, PackedSequencesHaveTilesForAnyLengths) {
  Problem p = packed(problem_of({.seq_q = 10, .seq_k = 32}), 3);  // 4 positions a tile
  const DecodePlan plan = plan_decode(p, kMultiprocessors);
  EXPECT_EQ(plan.params.query_tiles, 5);  // as lengths of 1, 1 and 8, or 4, 5 and 1, need four, one more
  EXPECT_EQ(plan.blocks, 5 * 8);
  EXPECT_EQ(plan.params.query_strides.batch, 0);
}

TEST(DecodePlan, SplitsFillTheDeviceAndNoMore) {
  const std::int64_t at_a_time = 2 * kMultiprocessors;  // 2 blocks of 128 columns each
  for (const std::int64_t batch : {1, 2, 3, 5, 8, 13}) {
    const std::int64_t blocks = batch * 8 * splits_of({.batch = batch});
    EXPECT_GE(blocks * 10, at_a_time * 8) << "batch " << batch;
    EXPECT_LE(blocks, at_a_time) << "batch " << batch;
  }
  for (const std::int64_t batch : {24, 27, 30, 1000}) EXPECT_EQ(splits_of({.batch = batch}), 1) << "batch " << batch;
}

TEST(DecodePlan, ShortSequencesAreNotSplit) {
  for (const std::int64_t keys : {0, 1, 128, 256, 512}) EXPECT_EQ(splits_of({.seq_k = keys}), 1) << keys << " keys";
  EXPECT_GT(splits_of({.seq_k = 4096}), 1);
  EXPECT_LT(splits_of({.seq_k = 4096}), splits_of({}));
  for (std::int64_t keys = 1; keys < 100000; keys = keys * 5 / 4 + 1) {
    const std::int64_t splits = splits_of({.seq_k = keys, .heads_q = 1, .heads_kv = 1});
    EXPECT_LE(splits, (keys + kDecodeKeys - 1) / kDecodeKeys);
    EXPECT_LE(splits, kMaxSplits);
  }
}

// Within a window the length of the sequence does not matter.
TEST(DecodePlan, OnlyVisibleKeysCount) {
  Problem p = problem_of({});
  p.rule = {.left = 1023, .right = 0, .sinks = 4};
  EXPECT_EQ(decode_work(p).key_tiles, (1023 + 0 + 4 + 4 + 31) / 32);
  Problem unlimited = problem_of({});
  unlimited.rule.right = 0;
  EXPECT_EQ(decode_work(unlimited).key_tiles, 65536 / 32);
  EXPECT_LT(plan_decode(p, kMultiprocessors).params.splits, plan_decode(unlimited, kMultiprocessors).params.splits);
}

TEST(DecodePlan, TheCallersSplitsAreTaken) {
  for (const std::int64_t splits : {1, 2, 7, 256}) {
    Problem p = problem_of({.seq_k = 100});
    p.split_count = splits;
    EXPECT_EQ(plan_decode(p, kMultiprocessors).params.splits, splits);
  }
}

// Rows are then counted through all sequences.
TEST(DecodePlan, PartsOfPackedSequencesHaveNoBatch) {
  Problem p = packed(problem_of({.seq_q = 10, .seq_k = 32}), 3);
  p.split_count = 2;
  DecodePlan plan = plan_decode(p, kMultiprocessors);
  alignas(64) static std::byte workspace[64];
  use_workspace(plan, p, workspace);
  EXPECT_EQ(plan.params.output_strides.batch, 0);
  EXPECT_EQ(plan.params.logsumexp_strides.batch, 0);
}

TEST(DecodePlan, PartsFitInTheWorkspaceAndAreAligned) {
  for (const std::int64_t columns : {1, 30, 64, 255}) {
    Problem p = problem_of({.batch = 3, .seq_q = 5, .head_dim_v = columns});
    p.split_count = 7;
    DecodePlan plan = plan_decode(p, kMultiprocessors);
    const auto bytes = static_cast<std::int64_t>(decode_workspace_bytes(p, 7));
    alignas(64) static std::byte workspace[64];
    const CombineProblem parts = use_workspace(plan, p, workspace);
    const DecodeParams& params = plan.params;
    EXPECT_EQ(params.output, workspace);
    EXPECT_EQ(params.output_alignment, 16);
    EXPECT_EQ(params.output_strides.head, (columns + 3) / 4 * 16);
    EXPECT_EQ(params.output_strides.position, 32 * params.output_strides.head);
    EXPECT_EQ(params.output_strides.batch, 5 * params.output_strides.position);
    EXPECT_EQ(params.output_of_split, 3 * params.output_strides.batch);
    const auto logsumexps = static_cast<std::byte*>(params.logsumexp) - workspace;
    EXPECT_EQ(logsumexps, 7 * params.output_of_split);
    EXPECT_EQ(params.logsumexp_strides.head, 5 * 4);
    EXPECT_EQ(params.logsumexp_of_split, 3 * 32 * 5 * 4);
    EXPECT_EQ(logsumexps + 7 * params.logsumexp_of_split, bytes);
    EXPECT_EQ(parts.output.data, p.output.data);
    EXPECT_EQ(parts.partial_outputs.shape[0], 7);
  }
  EXPECT_EQ(decode_workspace_bytes(problem_of({}), 1), 0);
}

}  // namespace
}  // namespace ki::attention::cuda
