#include "attention/cuda/append.h"

#include <algorithm>
#include <limits>

#include "attention/cuda/problem_params.h"
#include "attention/cuda/tensor_layout.h"
#include "cuda/launch.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kMaxRows = std::numeric_limits<std::int32_t>::max();

const std::int32_t* indices(const Tensor& tensor) {
  return tensor.rank > 0 ? reinterpret_cast<const std::int32_t*>(tensor.data) : nullptr;
}

AppendSide side(const Tensor& from, const Tensor& to, const Tensor& scale) {
  AppendSide result{};
  result.from = from.data;
  result.to = to.data;
  result.from_strides = byte_strides(from, 0, 1, 2);
  result.to_strides = byte_strides(to, 0, 1, 2);
  if (scale.rank > 0) {
    result.scale = scale.data;
    result.scale_strides = byte_strides(scale, 0, 1, 2);
  }
  result.columns = static_cast<std::int32_t>(from.shape[3]);
  result.alignment = std::min(row_alignment(from), row_alignment(to));
  return result;
}

const char* module_of(ki_dtype dtype) {
  return dtype == KI_DTYPE_FLOAT16    ? "attention_append_f16"
         : dtype == KI_DTYPE_BFLOAT16 ? "attention_append_bf16"
                                      : "attention_append_f32";
}

}  // namespace

void check_append_size(const Problem& p) {
  if (!p.appends()) return;
  const Tensor& new_key = p.cache.new_key;
  if (new_key.elements == 0) return;
  // In this order no product overflows.
  const std::int64_t tokens = new_key.shape[0] > kMaxRows || new_key.shape[1] > kMaxRows / new_key.shape[0]
                                  ? kMaxRows
                                  : new_key.shape[0] * new_key.shape[1];
  if (p.heads_kv > kMaxRows / 2 / tokens) {
    not_supported("new_key", "has more than ", kMaxRows / 2, " rows in shape ", shape_text(new_key),
                  ", which is not supported on CUDA");
  }
}

CacheParams cache_params(const Problem& p) {
  CacheParams params{};
  params.sequences = sequences_of(p);
  params.entries = static_cast<std::int32_t>(p.key.shape[0]);
  if (params.entries == 0) params.sequences.rows_k = 0;  // where nothing is, nothing is read
  params.cache_slots = indices(p.cache.cache_slots);
  if (p.cache.block_table.rank > 0) {
    params.block_table = indices(p.cache.block_table);
    params.table_stride = p.cache.block_table.strides[0];
    params.page_size = static_cast<std::int32_t>(p.cache.page_size);
  }
  if (p.appends()) {
    params.cu_seqlens_new = indices(p.cache.cu_seqlens_new);
    params.rows_new = static_cast<std::int32_t>(p.cache.new_key.shape[1]);
  }
  return params;
}

RotaryTables rotary_tables(const Problem& p) {
  RotaryTables tables{};
  if (p.cache.rotary_dim == 0) return tables;
  tables.cosines = reinterpret_cast<const float*>(p.cache.rotary_cos.data);
  tables.sines = reinterpret_cast<const float*>(p.cache.rotary_sin.data);
  tables.cosine_stride = p.cache.rotary_cos.strides[0];
  tables.sine_stride = p.cache.rotary_sin.strides[0];
  tables.half = static_cast<std::int32_t>(p.cache.rotary_dim / 2);
  tables.interleaved = p.cache.rotary_interleaved;
  return tables;
}

CacheElement cache_element(const Problem& p) {
  if (p.key.dtype == p.query.dtype) return CacheElement::same;
  return p.key.dtype == KI_DTYPE_FLOAT16    ? CacheElement::float16
         : p.key.dtype == KI_DTYPE_BFLOAT16 ? CacheElement::bfloat16
                                            : CacheElement::int8;
}

AppendParams plan_append(const Problem& p) {
  const Cache& c = p.cache;
  AppendParams params{};
  params.cache = cache_params(p);
  params.key = side(c.new_key, p.key, c.key_scale);
  params.value = side(c.new_value, p.value, c.value_scale);
  params.rotary = rotary_tables(p);
  params.element = cache_element(p);
  params.rows = static_cast<std::uint32_t>(c.new_key.shape[0] * c.new_key.shape[1] * p.heads_kv * 2);
  params.heads_kv = static_cast<std::int32_t>(p.heads_kv);
  params.lanes_per_row = lanes_per_row(std::max(params.key.columns, params.value.columns), kAppendColumns);
  return params;
}

void append(Stream& stream, const Problem& p) {
  if (!p.appends() || p.batch == 0) return;
  const AppendParams params = plan_append(p);
  if (params.rows == 0) return;
  const unsigned rows_per_block = kAppendThreads / static_cast<unsigned>(params.lanes_per_row);
  const ki::cuda::Kernel kernel{module_of(p.query.dtype), "attention_append", kAppendThreads, 0};
  ki::cuda::launch(stream, kernel, {(params.rows - 1) / rows_per_block + 1}, &params, sizeof(params));
}

}  // namespace ki::attention::cuda
