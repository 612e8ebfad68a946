// Reads the cache of a problem, and checks it against key and value.
#include <tuple>

#include "attention/reader.h"
#include "core/abi.h"

namespace ki::attention {
namespace {

constexpr const char* kNewKeyDimensions[] = {"batch", "seq_new", "heads_kv", "head_dim"};
constexpr const char* kNewValueDimensions[] = {"batch", "seq_new", "heads_kv", "head_dim_v"};
constexpr const char* kPackedNewKeyDimensions[] = {"total_new", "heads_kv", "head_dim"};
constexpr const char* kPackedNewValueDimensions[] = {"total_new", "heads_kv", "head_dim_v"};
constexpr const char* kScaleDimensions[] = {"slots", "capacity", "heads_kv"};
constexpr const char* kRotaryDimensions[] = {"positions", "rotary_dim / 2"};
constexpr const char* kTableDimensions[] = {"batch", "pages of a sequence"};

void check_scales(const Problem& p) {
  const bool needed = p.key.dtype == KI_DTYPE_INT8;
  constexpr const char* kDimensions[] = {"slots or pages", "capacity or page_size", "heads_kv"};
  for (const auto& [scale, name, scaled] :
       {std::tuple{&p.cache.key_scale, "key_scale", &p.key}, {&p.cache.value_scale, "value_scale", &p.value}}) {
    if (!needed && scale->rank > 0) refuse(name, "must be NULL: the cache is ", name_of(p.key.dtype), ", not int8");
    if (!needed) continue;
    if (scale->rank == 0) refuse(name, "must not be NULL: the cache is int8");
    require_dtype(*scale, name, KI_DTYPE_FLOAT32);
    for (int i = 0; i < 3; ++i) {
      require_length(*scale, name, i, {kDimensions[i], scaled->shape[i], scaled == &p.key ? "key" : "value", *scaled});
    }
  }
}

void check_new_keys(const Problem& p) {
  const Cache& c = p.cache;
  if (c.new_key.rank == 0 && c.new_value.rank == 0) return;
  if (c.new_key.rank == 0) refuse("new_key", "must not be NULL with new_value");
  if (c.new_value.rank == 0) refuse("new_value", "must not be NULL with new_key");
  if (p.seqused_k.rank == 0) refuse("seqused_k", "must not be NULL with new_key: it says where new keys go");
  require_dtype(c.new_key, "new_key", p.query.dtype, ", the query's");
  require_dtype(c.new_value, "new_value", p.query.dtype, ", the query's");
  check_batch(p, c.cu_seqlens_new, "cu_seqlens_new", 1);
  if (c.cu_seqlens_new.rank == 0) check_batch(p, c.new_key, "new_key");
  require_length(c.new_key, "new_key", 2, {"heads_kv", p.heads_kv, "key", p.key});
  require_length(c.new_key, "new_key", 3, {"head_dim", p.head_dim, "key", p.key});
  require_length(c.new_value, "new_value", 0, {"batch", c.new_key.shape[0], "new_key", c.new_key});
  require_length(c.new_value, "new_value", 1, {"seq_new", c.new_key.shape[1], "new_key", c.new_key});
  require_length(c.new_value, "new_value", 2, {"heads_kv", p.heads_kv, "value", p.value});
  require_length(c.new_value, "new_value", 3, {"head_dim_v", p.head_dim_v, "value", p.value});
}

void check_rotary(Problem& p) {
  Cache& c = p.cache;
  if (c.rotary_cos.rank == 0 && c.rotary_sin.rank == 0) {
    if (c.rotary_interleaved) refuse("problem.flags", "ask for interleaved rotary embedding without rotary_cos");
    return;
  }
  if (c.rotary_cos.rank == 0) refuse("rotary_cos", "must not be NULL with rotary_sin");
  if (c.rotary_sin.rank == 0) refuse("rotary_sin", "must not be NULL with rotary_cos");
  require_dtype(c.rotary_cos, "rotary_cos", KI_DTYPE_FLOAT32);
  require_dtype(c.rotary_sin, "rotary_sin", KI_DTYPE_FLOAT32);
  require_shape_of(c.rotary_sin, "rotary_sin", kRotaryDimensions, c.rotary_cos, "rotary_cos");
  if (c.rotary_cos.shape[1] < 1 || c.rotary_cos.shape[1] > p.head_dim / 2) {
    refuse("rotary_cos", "rotary_dim is twice ", c.rotary_cos.shape[1], ", and head_dim is ", p.head_dim);
  }
  if (c.rotary_cos.shape[0] < p.seq_k) {
    refuse("rotary_cos", "has ", c.rotary_cos.shape[0], " positions, and a sequence can have ", p.seq_k, " keys");
  }
  c.rotary_dim = 2 * c.rotary_cos.shape[1];
}

}  // namespace

Cache read_cache(const ki_attention_cache& given, const Reader& read, ki_attention_flags flags) {
  Cache cache{};
  if (given.reserved != 0) refuse("cache.reserved", given.reserved, " must be 0");
  cache.block_table = read.indices(given.block_table, "block_table", kTableDimensions);
  cache.cache_slots = read.indices(given.cache_slots, "cache_slots", kBatchDimensions);
  cache.key_scale = read.optional(given.key_scale, "key_scale", kScaleDimensions);
  cache.value_scale = read.optional(given.value_scale, "value_scale", kScaleDimensions);
  cache.cu_seqlens_new = read.indices(given.cu_seqlens_new, "cu_seqlens_new", kOffsetDimensions);
  if (cache.cu_seqlens_new.rank > 0) {
    cache.new_key = read.packed(given.new_key, "new_key", kPackedNewKeyDimensions);
    cache.new_value = read.packed(given.new_value, "new_value", kPackedNewValueDimensions);
  } else {
    cache.new_key = read.optional(given.new_key, "new_key", kNewKeyDimensions);
    cache.new_value = read.optional(given.new_value, "new_value", kNewValueDimensions);
  }
  cache.rotary_cos = read.optional(given.rotary_cos, "rotary_cos", kRotaryDimensions);
  cache.rotary_sin = read.optional(given.rotary_sin, "rotary_sin", kRotaryDimensions);
  cache.rotary_interleaved = (flags & KI_ATTENTION_ROTARY_INTERLEAVED) != 0;
  return cache;
}

void check_cache(Problem& p) {
  Cache& c = p.cache;
  check_batch(p, c.block_table, "block_table");
  check_batch(p, c.cache_slots, "cache_slots");
  if (c.block_table.rank > 0) {
    if (c.cache_slots.rank > 0) refuse("cache_slots", "must be NULL with a block_table");
    if (p.key.shape[1] < 1) refuse("key", "page_size is 0 in shape ", shape_text(p.key));
    c.page_size = p.key.shape[1];
    if (__builtin_mul_overflow(c.block_table.shape[1], c.page_size, &p.seq_k)) {
      refuse("block_table", "shape ", shape_text(c.block_table), " holds more than 2^63 keys of a sequence");
    }
  } else if (c.cache_slots.rank == 0 && p.key.shape[0] < p.batch) {
    refuse("key", "has ", p.key.shape[0], " slots in shape ", shape_text(p.key), ", and the batch is ", p.batch);
  }
  check_scales(p);
  check_new_keys(p);
  check_rotary(p);
}

}  // namespace ki::attention
