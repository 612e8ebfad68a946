// Lengths and indices that are out of range, on CUDA devices: what a sequence gets is unspecified, and nothing outside the
// tensors is touched. The virtual GPU watches every access.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "attention/attention_run.h"
#include "support/backends.h"

namespace ki::test {
namespace {

constexpr double kLargest = std::numeric_limits<std::int32_t>::max(),
                 kSmallest = std::numeric_limits<std::int32_t>::min();

struct Garbage {
  std::string name;
  AttentionCase problem;
  std::function<void(AttentionData&)> spoil;
};

void PrintTo(const Garbage& garbage, std::ostream* stream) { *stream << garbage.name; }

/// Repeats some numbers over all elements.
void fill(std::optional<TensorData>& tensor, const std::vector<double>& numbers) {
  Array values(tensor->shape());
  for (std::size_t i = 0; i < values.values.size(); ++i) values.values[i] = numbers[i % numbers.size()];
  tensor->write(values);
}

AttentionCase cached(ki_dtype dtype, ki_dtype keys, std::int64_t page_size) {
  AttentionCase c{.dtype = dtype,
                  .batch = 3,
                  .seq_q = 2,
                  .seq_k = 80,
                  .heads_q = 4,
                  .heads_kv = 2,
                  .head_dim = 40,
                  .head_dim_v = 24,
                  .causal = true};
  c.used = {3, 64, 78};
  c.cache = CacheCase{.page_size = page_size, .dtype = keys};
  return c;
}

AttentionCase appending(AttentionCase c, std::vector<std::int64_t> counts) {
  c.packed_q = counts;
  c.cache->appended = std::move(counts);
  c.cache->packed_new = true;
  return c;
}

std::vector<Garbage> garbage() {
  constexpr auto f32 = KI_DTYPE_FLOAT32, f16 = KI_DTYPE_FLOAT16, bf16 = KI_DTYPE_BFLOAT16, i8 = KI_DTYPE_INT8;
  std::vector<Garbage> all;
  for (const auto& [name, dtype, keys] : {std::tuple{"f32", f32, bf16}, {"f16", f16, f16}, {"bf16_int8", bf16, i8}}) {
    const auto add = [&, name = std::string(name)](const std::string& what, const AttentionCase& c,
                                                   std::function<void(AttentionData&)> spoil) {
      all.push_back({name + "_" + what, c, std::move(spoil)});
    };
    const AttentionCase paged = cached(dtype, keys, 16);
    add("pages", paged, [](AttentionData& d) { fill(d.block_table, {kLargest, -1, kSmallest, 1 << 20}); });
    add("lengths", paged, [](AttentionData& d) { fill(d.seqused_k, {kLargest, kSmallest, 81}); });
    AttentionCase slots = cached(dtype, keys, 0);
    slots.cache->slots = true;
    add("slots", slots, [](AttentionData& d) { fill(d.cache_slots, {kLargest, -1, kSmallest}); });
    const AttentionCase ragged = appending(paged, {2, 0, 1});
    add("queries", ragged, [](AttentionData& d) { fill(d.cu_seqlens_q, {-7, 1000, kLargest, kSmallest}); });
    add("new_keys", ragged, [](AttentionData& d) { fill(d.cu_seqlens_new, {-7, kLargest, kSmallest, 1000}); });
    add("new_keys_without_room", ragged, [](AttentionData& d) { fill(d.seqused_k, {kLargest, 79, -3}); });
    AttentionCase rotary = ragged;
    rotary.cache->rotary_dim = 16;
    add("rotary_positions", rotary, [](AttentionData& d) { fill(d.seqused_k, {kLargest, 79, -3}); });
  }
  // Keys that are packed, in splits.
  AttentionCase packed{.dtype = f16, .heads_q = 2, .heads_kv = 1, .head_dim = 64, .head_dim_v = 64};
  packed.packed_q = {1, 5, 2};
  packed.packed_k = {70, 5, 100};
  packed.split_count = 3;
  all.push_back({"packed_keys", packed, [](AttentionData& d) { fill(d.cu_seqlens_k, {-9, kLargest, 3, kSmallest}); }});
  // No cache, and more queries than are computed one by one. Their sequences do not overlap: rows written twice are
  // unspecified, but the virtual GPU calls it a race.
  for (const auto& [name, dtype] : {std::pair{"f16", f16}, {"f32", f32}}) {
    AttentionCase many{.dtype = dtype, .heads_q = 2, .heads_kv = 1, .head_dim = 64, .head_dim_v = 64, .causal = true};
    many.placement = Placement::aligned;
    many.packed_q = {150, 0, 30, 40};
    many.packed_k = {70, 130, 20, 50};
    many.used = {70, 1, 0, 20};
    const auto add = [&, name = std::string(name)](const std::string& what, std::function<void(AttentionData&)> spoil) {
      all.push_back({name + "_many_queries_" + what, many, std::move(spoil)});
    };
    add("queries", [](AttentionData& d) { fill(d.cu_seqlens_q, {-7, 1000, 100, 100, kSmallest}); });
    add("queries_descending", [](AttentionData& d) { fill(d.cu_seqlens_q, {220, 130, 100, 5, 0}); });
    add("queries_too_many", [](AttentionData& d) {
      fill(d.cu_seqlens_q, {kSmallest, kLargest, kLargest, kLargest, kLargest});
    });
    add("keys", [](AttentionData& d) { fill(d.cu_seqlens_k, {kLargest, -9, 269, 271, kSmallest}); });
    add("used", [](AttentionData& d) { fill(d.seqused_k, {kLargest, kSmallest, 71, -1}); });
  }
  return all;
}

class IndicesOutOfRange : public testing::TestWithParam<Garbage> {};

TEST_P(IndicesOutOfRange, TouchNothingOutsideTheTensors) {
  for (const std::string& name : device_names()) {
    if (!name.starts_with("cuda")) continue;
    const Device device = open_device(name.c_str());
    const Stream stream = create_stream(device);
    AttentionData data(GetParam().problem);
    GetParam().spoil(data);
    Staging staging(device, stream.get());
    const AttentionCall call(data, staging);
    ASSERT_EQ(ki_attention_forward(stream.get(), &call.problem, nullptr, 0), KI_STATUS_OK) << ki_last_error_message();
    staging.download();
    std::vector<const TensorData*> written{&data.output, &data.key, &data.value};
    for (const auto* tensor : {&data.logsumexp, &data.key_scale, &data.value_scale}) {
      if (*tensor) written.push_back(&**tensor);
    }
    EXPECT_EQ(staging.changed_outside(written), std::nullopt) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Indices, IndicesOutOfRange, testing::ValuesIn(garbage()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ki::test
