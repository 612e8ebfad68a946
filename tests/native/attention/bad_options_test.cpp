// What is refused among the options of attention: each argument, and each pair that must agree.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "attention/options_fixture.h"

namespace ki::test {
namespace {

using Fixture = OptionsFixture;
using Keys = OptionsFixture::Keys;

/// One way to spoil a valid problem, and how it must be refused.
struct BadOption {
  std::string name;
  Keys keys;
  std::function<void(Fixture&)> spoil;
  std::string argument;
  std::vector<std::string> texts{};  ///< what the message must hold
};

void PrintTo(const BadOption& option, std::ostream* stream) { *stream << option.name; }

ki_attention_flags operator|(ki_attention_flags a, ki_attention_flags b) {
  return static_cast<ki_attention_flags>(static_cast<int>(a) | static_cast<int>(b));
}

std::vector<BadOption> bad_numbers() {
  const auto window = [](std::int64_t left, std::int64_t right) {
    return [=](Fixture& f) {
      f.problem.flags = KI_ATTENTION_CAUSAL | KI_ATTENTION_WINDOW;
      f.problem.window_left = left;
      f.problem.window_right = right;
    };
  };
  return {
      {"WindowLeft", Keys::packed, window(-2, 0), "problem.window_left", {"-2"}},
      {"WindowRight", Keys::packed, window(0, -7), "problem.window_right", {"-7"}},
      {"SinkCount", Keys::packed, [](Fixture& f) { f.problem.sink_count = -1; }, "problem.sink_count", {"-1"}},
      {"SoftcapNegative", Keys::packed, [](Fixture& f) { f.problem.softcap = -3; }, "problem.softcap", {"-3"}},
      {"SoftcapNaN", Keys::packed, [](Fixture& f) { f.problem.softcap = std::nanf(""); }, "problem.softcap", {"nan"}},
      {"SoftcapInfinite", Keys::packed, [](Fixture& f) { f.problem.softcap = INFINITY; }, "problem.softcap", {"inf"}},
      {"SplitCountNegative",
       Keys::packed,
       [](Fixture& f) { f.problem.split_count = -4; },
       "problem.split_count",
       {"-4"}},
      {"SplitCountTooLarge",
       Keys::packed,
       [](Fixture& f) { f.problem.split_count = 257; },
       "problem.split_count",
       {"257", "256"}},
      {"DropoutNegative", Keys::packed, [](Fixture& f) { f.problem.dropout = -0.5F; }, "problem.dropout", {"-0.5"}},
      {"DropoutOne", Keys::packed, [](Fixture& f) { f.problem.dropout = 1; }, "problem.dropout", {"[0, 1)"}},
      {"DropoutNearlyOne",
       Keys::packed,
       [](Fixture& f) { f.problem.dropout = 0.999999F; },
       "problem.dropout",
       {"2^-16"}},
      {"DropoutNaN", Keys::packed, [](Fixture& f) { f.problem.dropout = std::nanf(""); }, "problem.dropout"},
      {"InterleavedWithoutRotary",
       Keys::packed,
       [](Fixture& f) { f.problem.flags = KI_ATTENTION_ROTARY_INTERLEAVED; },
       "problem.flags",
       {"rotary"}},
  };
}

std::vector<BadOption> bad_score_tensors() {
  return {
      {"BiasBatch", Keys::packed, [](Fixture& f) { f.bias.shape[0] = 2; }, "bias", {"2", "3"}},
      {"BiasHeads", Keys::packed, [](Fixture& f) { f.bias.shape[1] = 3; }, "bias", {"heads_q", "[3, 3, 1, 4]"}},
      {"BiasDtype", Keys::packed, [](Fixture& f) { f.bias.dtype = KI_DTYPE_FLOAT16; }, "bias", {"float16", "float32"}},
      {"BiasRank", Keys::packed, [](Fixture& f) { f.bias.rank = 3; }, "bias", {"rank", "seq_k"}},
      {"MaskBatch", Keys::packed, [](Fixture& f) { f.mask.shape[0] = 0; }, "mask", {"0", "3"}},
      {"MaskHeads", Keys::packed, [](Fixture& f) { f.mask.shape[1] = 2; }, "mask", {"heads_q"}},
      {"MaskDtype", Keys::packed, [](Fixture& f) { f.mask.dtype = KI_DTYPE_INT8; }, "mask", {"int8", "bool"}},
      {"SlopesBatch", Keys::packed, [](Fixture& f) { f.alibi_slopes.shape[0] = 2; }, "alibi_slopes", {"2", "3"}},
      {"SlopesHeads", Keys::packed, [](Fixture& f) { f.alibi_slopes.shape[1] = 5; }, "alibi_slopes", {"heads_q", "5"}},
      {"SlopesDtype",
       Keys::packed,
       [](Fixture& f) { f.alibi_slopes.dtype = KI_DTYPE_INT32; },
       "alibi_slopes",
       {"int32"}},
      {"SlopesRank", Keys::packed, [](Fixture& f) { f.alibi_slopes.rank = 3; }, "alibi_slopes", {"rank"}},
      {"TreeBatch", Keys::packed, [](Fixture& f) { f.tree_mask.shape[0] = 2; }, "tree_mask", {"2", "3"}},
      {"TreeNotSquare", Keys::packed, [](Fixture& f) { f.tree_mask.shape[1] = 1; }, "tree_mask", {"[1, 1, 2]"}},
      {"TreeDtype", Keys::packed, [](Fixture& f) { f.tree_mask.dtype = KI_DTYPE_FLOAT32; }, "tree_mask", {"bool"}},
  };
}

std::vector<BadOption> bad_sequences() {
  return {
      {"OffsetsEmpty", Keys::packed, [](Fixture& f) { f.cu_seqlens_q.shape[0] = 0; }, "cu_seqlens_q", {"empty"}},
      {"OffsetsDtype",
       Keys::packed,
       [](Fixture& f) { f.cu_seqlens_q.dtype = KI_DTYPE_FLOAT32; },
       "cu_seqlens_q",
       {"float32", "int32"}},
      {"OffsetsRank", Keys::packed, [](Fixture& f) { f.cu_seqlens_q.rank = 2; }, "cu_seqlens_q", {"rank"}},
      {"OffsetsOfKeys", Keys::packed, [](Fixture& f) { f.cu_seqlens_k.shape[0] = 3; }, "cu_seqlens_k", {"3", "4"}},
      {"PackedQueryOfRankFour", Keys::packed, [](Fixture& f) { f.query.rank = 4; }, "query", {"rank", "total_q"}},
      {"UnpackedQueryOfRankThree",
       Keys::packed,
       [](Fixture& f) { f.problem.cu_seqlens_q = nullptr; },
       "query",
       {"rank"}},
      {"PackedKeyOfRankFour", Keys::packed, [](Fixture& f) { f.key.rank = 4; }, "key", {"rank", "total_k"}},
      {"PackedOutputLength", Keys::packed, [](Fixture& f) { f.output.shape[0] = 6; }, "output", {"total_q", "6", "5"}},
      {"PackedLogsumexpLength", Keys::packed, [](Fixture& f) { f.logsumexp.shape[1] = 4; }, "logsumexp", {"total_q"}},
      {"UsedLength", Keys::packed, [](Fixture& f) { f.seqused_k.shape[0] = 2; }, "seqused_k", {"2", "3"}},
      {"UsedDtype", Keys::packed, [](Fixture& f) { f.seqused_k.dtype = KI_DTYPE_BOOL; }, "seqused_k", {"bool"}},
      {"UsedElsewhere",
       Keys::packed,
       [](Fixture& f) { f.seqused_k.device_kind = KI_DEVICE_KIND_CUDA; },
       "seqused_k",
       {"cuda", "cpu"}},
      {"OutputOverlapsTheBias",
       Keys::packed,
       [](Fixture& f) { f.output.data = f.bias.data; },
       "output",
       {"overlap", "bias"}},
      {"OutputOverlapsTheOffsets",
       Keys::packed,
       [](Fixture& f) { f.output.data = f.cu_seqlens_k.data; },
       "output",
       {"overlap", "cu_seqlens_k"}},
  };
}

std::vector<BadOption> bad_cache_tensors() {
  return {
      {"CacheReserved", Keys::paged, [](Fixture& f) { f.cache.reserved = 1; }, "cache.reserved", {"1"}},
      {"CacheSize", Keys::paged, [](Fixture& f) { f.cache.struct_size = 0; }, "cache", {"struct_size"}},
      {"CacheOfPackedKeys",
       Keys::paged,
       [](Fixture& f) { f.problem.cu_seqlens_k = &f.cu_seqlens_q; },
       "cu_seqlens_k",
       {"cache"}},
      {"TableBatch", Keys::paged, [](Fixture& f) { f.block_table.shape[0] = 2; }, "block_table", {"2", "3"}},
      {"TableDtype", Keys::paged, [](Fixture& f) { f.block_table.dtype = KI_DTYPE_FLOAT32; }, "block_table", {"int32"}},
      {"TableAndSlots",
       Keys::paged,
       [](Fixture& f) { f.cache.cache_slots = &f.seqused_k; },
       "cache_slots",
       {"block_table"}},
      {"TableOfMoreKeysThanCanBeCounted",
       Keys::paged,
       [](Fixture& f) {
         // Strides of 0 make lengths of any size, whose product is beyond 2^63.
         f.block_table.shape[0] = 1;
         f.cu_seqlens_q.shape[0] = 2;
         f.problem.cu_seqlens_q = &f.cu_seqlens_q;
         f.block_table.shape[1] = std::int64_t{1} << 60;
         f.key.shape[0] = f.value.shape[0] = f.key_scale.shape[0] = f.value_scale.shape[0] = 1;
         f.key.shape[1] = f.value.shape[1] = f.key_scale.shape[1] = f.value_scale.shape[1] = 9;
         f.cache.cu_seqlens_new = nullptr;
         f.cache.new_key = f.cache.new_value = nullptr;
         f.cache.rotary_cos = f.cache.rotary_sin = nullptr;
         f.seqused_k.shape[0] = 1;
       },
       "block_table",
       {"2^63"}},
      {"PageSizeZero",
       Keys::paged,
       [](Fixture& f) { f.key.shape[1] = f.value.shape[1] = f.key_scale.shape[1] = f.value_scale.shape[1] = 0; },
       "key",
       {"page_size"}},
      {"PagesOfValues",
       Keys::paged,
       [](Fixture& f) { f.value.shape[0] = 8; },
       "value",
       {"[8, 4, 3, 4]", "[9, 4, 3, 8]"}},
      {"SlotsBatch", Keys::slots, [](Fixture& f) { f.cache_slots.shape[0] = 4; }, "cache_slots", {"4", "3"}},
      {"FewerSlotsThanSequences",
       Keys::slots,
       [](Fixture& f) {
         f.cache.cache_slots = nullptr;
         f.key.shape[0] = f.value.shape[0] = f.key_scale.shape[0] = f.value_scale.shape[0] = 2;
       },
       "key",
       {"2 slots", "3"}},
      {"KeyScaleMissing", Keys::paged, [](Fixture& f) { f.cache.key_scale = nullptr; }, "key_scale", {"NULL", "int8"}},
      {"ValueScaleMissing", Keys::slots, [](Fixture& f) { f.cache.value_scale = nullptr; }, "value_scale", {"NULL"}},
      {"ScaleDtype", Keys::paged, [](Fixture& f) { f.key_scale.dtype = KI_DTYPE_INT32; }, "key_scale", {"float32"}},
      {"ScaleHeads",
       Keys::paged,
       [](Fixture& f) { f.value_scale.shape[2] = 2; },
       "value_scale",
       {"heads_kv", "[9, 4, 2]"}},
      {"ScalesOfFloats",
       Keys::paged,
       [](Fixture& f) { f.key.dtype = f.value.dtype = KI_DTYPE_FLOAT16; },
       "key_scale",
       {"NULL", "float16"}},
      {"KeyAndValueDtypesDiffer",
       Keys::paged,
       [](Fixture& f) { f.value.dtype = KI_DTYPE_FLOAT16; },
       "value",
       {"float16", "int8"}},
      {"KeyOfBool", Keys::paged, [](Fixture& f) { f.key.dtype = f.value.dtype = KI_DTYPE_BOOL; }, "key", {"bool"}},
  };
}

std::vector<BadOption> bad_new_keys() {
  return {
      {"NewKeyMissing", Keys::slots, [](Fixture& f) { f.cache.new_key = nullptr; }, "new_key", {"NULL"}},
      {"NewValueMissing", Keys::slots, [](Fixture& f) { f.cache.new_value = nullptr; }, "new_value", {"NULL"}},
      {"NewKeysWithoutAPlace",
       Keys::slots,
       [](Fixture& f) { f.problem.seqused_k = nullptr; },
       "seqused_k",
       {"new_key"}},
      {"NewKeyDtype", Keys::slots, [](Fixture& f) { f.new_key.dtype = KI_DTYPE_INT8; }, "new_key", {"int8", "float32"}},
      {"NewKeyHeads", Keys::slots, [](Fixture& f) { f.new_key.shape[1] = 6; }, "new_key", {"heads_kv", "6"}},
      {"NewKeyHeadDim", Keys::slots, [](Fixture& f) { f.new_key.shape[2] = 4; }, "new_key", {"head_dim", "4"}},
      {"NewValueLength", Keys::slots, [](Fixture& f) { f.new_value.shape[0] = 4; }, "new_value", {"seq_new", "4", "5"}},
      {"NewValueHeadDim", Keys::slots, [](Fixture& f) { f.new_value.shape[2] = 8; }, "new_value", {"head_dim_v", "8"}},
      {"NewOffsets", Keys::slots, [](Fixture& f) { f.cu_seqlens_new.shape[0] = 3; }, "cu_seqlens_new", {"3", "4"}},
      {"NewKeyOfRankThreeUnpacked",
       Keys::slots,
       [](Fixture& f) { f.cache.cu_seqlens_new = nullptr; },
       "new_key",
       {"rank"}},
      {"NewKeyBatch",
       Keys::slots,
       [](Fixture& f) {
         f.cache.cu_seqlens_new = nullptr;
         f.new_key = dense_view(KI_DTYPE_FLOAT32, f.new_key.data, {2, 1, 3, 8});
         f.new_value = dense_view(KI_DTYPE_FLOAT32, f.new_value.data, {2, 1, 3, 4});
       },
       "new_key",
       {"2", "3"}},
      {"CosineMissing", Keys::slots, [](Fixture& f) { f.cache.rotary_cos = nullptr; }, "rotary_cos", {"NULL"}},
      {"SineMissing", Keys::slots, [](Fixture& f) { f.cache.rotary_sin = nullptr; }, "rotary_sin", {"NULL"}},
      {"SinePositions",
       Keys::slots,
       [](Fixture& f) { f.rotary_sin.shape[0] = 9; },
       "rotary_sin",
       {"positions", "9", "8"}},
      {"RotaryTooWide",
       Keys::slots,
       [](Fixture& f) { f.rotary_cos.shape[1] = f.rotary_sin.shape[1] = 5; },
       "rotary_cos",
       {"5", "head_dim is 8"}},
      {"RotaryOfNothing",
       Keys::slots,
       [](Fixture& f) { f.rotary_cos.shape[1] = f.rotary_sin.shape[1] = 0; },
       "rotary_cos",
       {"rotary_dim"}},
      {"RotaryTooShort",
       Keys::slots,
       [](Fixture& f) { f.rotary_cos.shape[0] = f.rotary_sin.shape[0] = 7; },
       "rotary_cos",
       {"7", "8"}},
      {"RotaryDtype",
       Keys::slots,
       [](Fixture& f) { f.rotary_cos.dtype = f.rotary_sin.dtype = KI_DTYPE_FLOAT16; },
       "rotary_cos",
       {"float16", "float32"}},
      {"NewKeyIsTheKey", Keys::slots, [](Fixture& f) { f.new_key.data = f.key.data; }, "key", {"overlap", "new_key"}},
      {"OutputIsTheCache",
       Keys::slots,
       [](Fixture& f) { f.output.data = f.value.data; },
       "output",
       {"overlap", "value"}},
      {"CacheRepeatsItsSlots", Keys::slots, [](Fixture& f) { f.key.strides[0] = 0; }, "key", {"itself"}},
  };
}

/// Elements of index tensors, which are checked only where the host can read them.
std::vector<BadOption> bad_contents() {
  return {
      {"FirstOffset", Keys::packed, [](Fixture& f) { f.set(f.cu_seqlens_q, 0, 1); }, "cu_seqlens_q", {"[0]", "1"}},
      {"FallingOffset",
       Keys::packed,
       [](Fixture& f) { f.set(f.cu_seqlens_q, 2, 1); },
       "cu_seqlens_q",
       {"[2]", "1", "2"}},
      {"OffsetBeyondTheQueries",
       Keys::packed,
       [](Fixture& f) { f.set(f.cu_seqlens_q, 3, 6); },
       "cu_seqlens_q",
       {"6", "5"}},
      {"OffsetBeyondTheKeys",
       Keys::packed,
       [](Fixture& f) { f.set(f.cu_seqlens_k, 3, 8); },
       "cu_seqlens_k",
       {"8", "7"}},
      {"UsedNegative", Keys::packed, [](Fixture& f) { f.set(f.seqused_k, 1, -1); }, "seqused_k", {"[1]", "-1"}},
      {"UsedBeyondTheSequence", Keys::packed, [](Fixture& f) { f.set(f.seqused_k, 2, 3); }, "seqused_k", {"3", "2"}},
      {"UsedBeyondTheCapacity", Keys::slots, [](Fixture& f) { f.set(f.seqused_k, 0, 9); }, "seqused_k", {"9", "8"}},
      {"UsedBeyondTheTable", Keys::paged, [](Fixture& f) { f.set(f.seqused_k, 1, 9); }, "seqused_k", {"9", "8"}},
      {"NoRoomForNewKeys", Keys::slots, [](Fixture& f) { f.set(f.seqused_k, 2, 6); }, "new_key", {"3", "6", "2"}},
      {"NewOffsetBeyond", Keys::paged, [](Fixture& f) { f.set(f.cu_seqlens_new, 3, 7); }, "cu_seqlens_new", {"7", "5"}},
      {"NewOffsetsFall", Keys::paged, [](Fixture& f) { f.set(f.cu_seqlens_new, 1, 3); }, "cu_seqlens_new", {"[2]"}},
      {"SlotNegative", Keys::slots, [](Fixture& f) { f.set(f.cache_slots, 1, -1); }, "cache_slots", {"[1]", "-1"}},
      {"SlotBeyond", Keys::slots, [](Fixture& f) { f.set(f.cache_slots, 0, 5); }, "cache_slots", {"5"}},
      {"SlotAppendedToTwice", Keys::slots, [](Fixture& f) { f.set(f.cache_slots, 2, 4); }, "cache_slots", {"[2]", "4"}},
      {"PageNegative", Keys::paged, [](Fixture& f) { f.set(f.block_table, 0, -3); }, "block_table", {"[0, 0]", "-3"}},
      {"PageBeyond", Keys::paged, [](Fixture& f) { f.set(f.block_table, 5, 9); }, "block_table", {"[2, 1]", "9"}},
      {"PageAppendedToTwice",
       Keys::paged,
       [](Fixture& f) { f.set(f.block_table, 5, 8); },
       "block_table",
       {"[2, 1]", "8"}},
  };
}

testing::AssertionResult refused_as_expected(ki_status status, const BadOption& option) {
  testing::AssertionResult result = refused(status, KI_STATUS_INVALID_ARGUMENT, option.argument);
  for (const std::string& text : option.texts) {
    if (result) result = refused(status, KI_STATUS_INVALID_ARGUMENT, option.argument, {text});
  }
  return result;
}

class AttentionBadOption : public testing::TestWithParam<BadOption> {};

TEST_P(AttentionBadOption, IsRefusedBeforeAnythingIsWritten) {
  Fixture fixture(GetParam().keys);
  GetParam().spoil(fixture);
  EXPECT_TRUE(refused_as_expected(fixture.forward(), GetParam()));
  EXPECT_TRUE(refused_as_expected(fixture.size_workspace(), GetParam()));
  EXPECT_TRUE(fixture.untouched());
}

class AttentionBadContents : public testing::TestWithParam<BadOption> {};

TEST_P(AttentionBadContents, AreRefusedBeforeAnythingIsWritten) {
  Fixture fixture(GetParam().keys);
  GetParam().spoil(fixture);
  EXPECT_TRUE(refused_as_expected(fixture.forward(), GetParam()));
  EXPECT_TRUE(fixture.untouched());
}

const auto name_of = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Numbers, AttentionBadOption, testing::ValuesIn(bad_numbers()), name_of);
INSTANTIATE_TEST_SUITE_P(Scores, AttentionBadOption, testing::ValuesIn(bad_score_tensors()), name_of);
INSTANTIATE_TEST_SUITE_P(Sequences, AttentionBadOption, testing::ValuesIn(bad_sequences()), name_of);
INSTANTIATE_TEST_SUITE_P(Cache, AttentionBadOption, testing::ValuesIn(bad_cache_tensors()), name_of);
INSTANTIATE_TEST_SUITE_P(NewKeys, AttentionBadOption, testing::ValuesIn(bad_new_keys()), name_of);
INSTANTIATE_TEST_SUITE_P(Table, AttentionBadContents, testing::ValuesIn(bad_contents()), name_of);

/// The fixtures are valid as long as nobody spoils them, and so is what sharing allows.
TEST(AttentionOptionsFixture, IsValidUnspoiled) {
  for (const Keys keys : {Keys::packed, Keys::paged, Keys::slots}) {
    Fixture f(keys);
    EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
    EXPECT_FALSE(f.untouched());
  }
}

TEST(AttentionOptionsFixture, SequencesMayShareWhatNobodyAppendsTo) {
  Fixture pages(Keys::paged);
  pages.set(pages.block_table, 4, 8);  // the first page of sequence 2, whose new keys go to its second
  pages.set(pages.seqused_k, 0, 4);    // and sequence 0 appends behind it
  EXPECT_EQ(pages.forward(), KI_STATUS_OK) << ki_last_error_message();
  Fixture slots(Keys::slots);
  slots.set(slots.cache_slots, 1, 2);  // sequence 1 appends nothing
  EXPECT_EQ(slots.forward(), KI_STATUS_OK) << ki_last_error_message();
}

TEST(AttentionOptionsFixture, PagesBehindTheLastKeyAreNotLookedAt) {
  Fixture f(Keys::paged);
  f.set(f.block_table, 3, 12345);  // sequence 1 has no keys
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
}

}  // namespace
}  // namespace ki::test
