#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "attention/attention_problem.h"
#include "support/handles.h"

namespace ki::test {

/// A valid problem that uses the options of attention, for tests to spoil. heads_q 6, heads_kv 3, head_dim 8, head_dim_v 4.
class OptionsFixture {
 public:
  enum class Keys {
    packed,  ///< three sequences with 2, 0, 3 queries and 4, 1, 2 keys; bias, masks and slopes
    paged,  ///< the same queries over an int8 cache of 9 pages of 4 keys, to which 2, 0, 3 are appended; rotary embedding
    slots,  ///< the same over 5 slots of 8 keys
  };

  explicit OptionsFixture(Keys keys) : memory_(kTensors * kBytesEach) {
    problem.struct_size = sizeof(problem);
    problem.query = &query;
    problem.key = &key;
    problem.value = &value;
    problem.output = &output;
    problem.logsumexp = &logsumexp;
    problem.cu_seqlens_q = &cu_seqlens_q;
    problem.seqused_k = &seqused_k;
    query = place(KI_DTYPE_FLOAT32, {5, 6, 8});
    output = place(KI_DTYPE_FLOAT32, {5, 6, 4});
    logsumexp = place(KI_DTYPE_FLOAT32, {6, 5});
    cu_seqlens_q = place(KI_DTYPE_INT32, {4}, {0, 2, 2, 5});
    if (keys == Keys::packed) {
      add_packed_keys();
    } else {
      add_cache(keys == Keys::paged);
    }
    before_ = memory_;
  }
  OptionsFixture(const OptionsFixture&) = delete;
  OptionsFixture& operator=(const OptionsFixture&) = delete;

  ki_status forward() { return ki_attention_forward(stream.get(), &problem, nullptr, 0); }
  ki_status size_workspace() {
    std::uint64_t size = 0;
    return ki_attention_forward_workspace(device.get(), &problem, &size);
  }

  /// Changes an element of an int32 tensor.
  void set(ki_tensor& tensor, std::ptrdiff_t index, std::int32_t element) {
    static_cast<std::int32_t*>(tensor.data)[index] = element;
    before_ = memory_;
  }

  /// Whether no byte of any tensor has changed.
  bool untouched() const { return memory_ == before_; }

  Device device = open_device("cpu", nullptr, 2);
  Stream stream = create_stream(device);
  ki_tensor query{}, key{}, value{}, output{}, logsumexp{};
  ki_tensor bias{}, mask{}, alibi_slopes{}, tree_mask{}, cu_seqlens_q{}, cu_seqlens_k{}, seqused_k{};
  ki_tensor block_table{}, cache_slots{}, key_scale{}, value_scale{}, new_key{}, new_value{}, cu_seqlens_new{};
  ki_tensor rotary_cos{}, rotary_sin{};
  ki_attention_cache cache{};
  ki_attention_problem problem{};

 private:
  static constexpr std::size_t kTensors = 24, kBytesEach = 4096;

  void add_packed_keys() {
    key = place(KI_DTYPE_FLOAT32, {7, 3, 8});
    value = place(KI_DTYPE_FLOAT32, {7, 3, 4});
    cu_seqlens_k = place(KI_DTYPE_INT32, {4}, {0, 4, 5, 7});
    seqused_k = place(KI_DTYPE_INT32, {3}, {3, 1, 0});
    bias = place(KI_DTYPE_FLOAT32, {3, 6, 1, 4});
    mask = place(KI_DTYPE_BOOL, {1, 1, 3, 4});
    alibi_slopes = place(KI_DTYPE_FLOAT32, {3, 6});
    tree_mask = place(KI_DTYPE_BOOL, {1, 2, 2});
    problem.cu_seqlens_k = &cu_seqlens_k;
    problem.bias = &bias;
    problem.mask = &mask;
    problem.alibi_slopes = &alibi_slopes;
    problem.tree_mask = &tree_mask;
  }

  void add_cache(bool paged) {
    problem.cache = &cache;
    cache.struct_size = sizeof(cache);
    const std::int64_t outer = paged ? 9 : 5, inner = paged ? 4 : 8;
    key = place(KI_DTYPE_INT8, {outer, inner, 3, 8});
    value = place(KI_DTYPE_INT8, {outer, inner, 3, 4});
    key_scale = place(KI_DTYPE_FLOAT32, {outer, inner, 3});
    value_scale = place(KI_DTYPE_FLOAT32, {outer, inner, 3});
    seqused_k = place(KI_DTYPE_INT32, {3}, {3, 0, 5});
    new_key = place(KI_DTYPE_FLOAT32, {5, 3, 8});
    new_value = place(KI_DTYPE_FLOAT32, {5, 3, 4});
    cu_seqlens_new = place(KI_DTYPE_INT32, {4}, {0, 2, 2, 5});
    rotary_cos = place(KI_DTYPE_FLOAT32, {8, 3});
    rotary_sin = place(KI_DTYPE_FLOAT32, {8, 3});
    cache.key_scale = &key_scale;
    cache.value_scale = &value_scale;
    cache.new_key = &new_key;
    cache.new_value = &new_value;
    cache.cu_seqlens_new = &cu_seqlens_new;
    cache.rotary_cos = &rotary_cos;
    cache.rotary_sin = &rotary_sin;
    if (paged) {
      block_table = place(KI_DTYPE_INT32, {3, 2}, {8, 0, 1, 7, 4, 5});
      cache.block_table = &block_table;
    } else {
      cache_slots = place(KI_DTYPE_INT32, {3}, {4, 0, 2});
      cache.cache_slots = &cache_slots;
    }
  }

  ki_tensor place(ki_dtype dtype, std::initializer_list<std::int64_t> shape,
                  std::initializer_list<std::int32_t> elements = {}) {
    std::byte* data = memory_.data() + placed_++ * kBytesEach;
    std::memcpy(data, elements.begin(), elements.size() * sizeof(std::int32_t));
    return dense_view(dtype, data, shape);
  }

  std::vector<std::byte> memory_, before_;
  std::size_t placed_ = 0;
};

}  // namespace ki::test
