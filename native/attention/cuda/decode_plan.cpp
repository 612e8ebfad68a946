#include "attention/cuda/decode_plan.h"

#include <algorithm>

#include "attention/cuda/append.h"
#include "attention/cuda/problem_params.h"
#include "attention/cuda/tensor_layout.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kBlockRounds = 2;    // the queries' load and the merge
constexpr std::int64_t kCombineRounds = 4;  // a launch, and parts that are written and read

std::int64_t divide_up(std::int64_t x, std::int64_t y) { return (x + y - 1) / y; }

bool packed(const Problem& p) { return p.cu_seqlens_q.rank > 0; }

// Of a tile: all heads of so many positions, or of one position 16 of its heads.
std::int64_t tile_queries(const Problem& p) { return std::max<std::int64_t>(kDecodeRows / p.group, 1); }
std::int64_t head_tiles(const Problem& p) { return divide_up(p.group, kDecodeRows); }
std::int64_t query_tiles(const Problem& p) {
  return packed(p) ? packed_tiles(p.total_q, p.batch, static_cast<std::int32_t>(tile_queries(p)))
                   : divide_up(p.total_q, tile_queries(p));
}

// Keys that the queries of one tile see at most, as far as shapes say.
std::int64_t longest_walk(const Problem& p) {
  const VisibilityRule& rule = p.rule;
  if (rule.left >= p.seq_k || rule.right >= p.seq_k) return p.seq_k;
  const std::int64_t sinks = std::min(rule.sinks, p.seq_k);
  return std::min(p.seq_k, rule.left + rule.right + tile_queries(p) + sinks);
}

// The tensors of the parts, [splits, ...] before the problem's dimensions. Rows are padded to 16 bytes.
struct Parts {
  Tensor outputs, logsumexps;
  std::int64_t bytes;
};

Tensor dense(std::initializer_list<std::int64_t> shape, std::int64_t row) {
  Tensor tensor{};
  tensor.dtype = KI_DTYPE_FLOAT32;
  for (const std::int64_t length : shape) tensor.shape[tensor.rank++] = length;
  tensor.strides[tensor.rank - 1] = 1;
  tensor.elements = tensor.shape[tensor.rank - 1];
  for (int i = tensor.rank - 2; i >= 0; row *= tensor.shape[i--]) {
    tensor.strides[i] = tensor.shape[i] == 1 ? 0 : row;
    tensor.elements *= tensor.shape[i];
  }
  tensor.span_bytes = row * 4;
  return tensor;
}

Parts parts_of(const Problem& p, std::int64_t splits) {
  const Tensor& o = p.output;
  Parts parts{};
  parts.outputs = dense({splits, o.shape[0], o.shape[1], o.shape[2], o.shape[3]}, divide_up(o.shape[3], 4) * 4);
  parts.logsumexps = dense({splits, o.shape[0], o.shape[2], o.shape[1]}, o.shape[1]);
  parts.bytes = parts.outputs.span_bytes + parts.logsumexps.span_bytes;
  return parts;
}

DecodeParams make_params(const Problem& p) {
  DecodeParams params{};
  params.query = p.query.data;
  params.key = p.key.data;
  params.value = p.value.data;
  params.query_strides = byte_strides(p.query, 0, 1, 2);
  params.key_strides = byte_strides(p.key, 0, 1, 2);
  params.value_strides = byte_strides(p.value, 0, 1, 2);
  if (p.key.dtype == KI_DTYPE_INT8) {
    params.key_scale = p.cache.key_scale.data;
    params.value_scale = p.cache.value_scale.data;
    params.key_scale_strides = byte_strides(p.cache.key_scale, 0, 1, 2);
    params.value_scale_strides = byte_strides(p.cache.value_scale, 0, 1, 2);
  }
  params.cache = cache_params(p);
  params.rotary = rotary_tables(p);
  params.window = window_of(p.rule);
  params.general = general_params(p);
  params.heads_q = static_cast<std::int32_t>(p.heads_q);
  params.heads_kv = static_cast<std::int32_t>(p.heads_kv);
  params.group = static_cast<std::int32_t>(p.group);
  params.head_dim = static_cast<std::int32_t>(p.head_dim);
  params.head_dim_v = static_cast<std::int32_t>(p.head_dim_v);
  params.query_alignment = row_alignment(p.query);
  params.key_alignment = std::min(row_alignment(p.key), row_alignment(p.value));
  params.tile_queries = static_cast<std::int32_t>(tile_queries(p));
  params.head_tiles = static_cast<std::int32_t>(head_tiles(p));
  params.query_tiles = static_cast<std::int32_t>(query_tiles(p));
  params.element = cache_element(p);
  params.query_sign = query_sign(p);
  params.scale_log2 = softmax_factor(p);
  return params;
}

void write_to(DecodeParams& params, const Tensor& output, const Tensor& logsumexp, int first) {
  params.output = output.data;
  params.output_strides = byte_strides(output, first, first + 1, first + 2);
  params.output_alignment = row_alignment(output);
  if (logsumexp.rank == 0) return;
  params.logsumexp = logsumexp.data;
  params.logsumexp_strides = byte_strides(logsumexp, first, first + 2, first + 1);
}

}  // namespace

bool takes_decode(const Problem& p) {
  const Cache& c = p.cache;
  if (c.block_table.rank > 0 || c.cache_slots.rank > 0 || p.appends() || c.rotary_dim > 0) return true;
  if (p.key.dtype != p.query.dtype || p.split_count > 1) return true;
  // Where they are packed, on average.
  const std::int64_t sequences = packed(p) ? std::max<std::int64_t>(p.batch, 1) : 1;
  return p.group > 0 && p.seq_k >= kMinDecodeKeys && p.total_q <= kDecodeRows / p.group * sequences;
}

DecodeWork decode_work(const Problem& p) {
  if (p.group == 0) return {0, 0};
  const std::int64_t batches = packed(p) ? 1 : p.batch;
  return {batches * p.heads_kv * query_tiles(p) * head_tiles(p), divide_up(longest_walk(p), kDecodeKeys)};
}

std::int64_t choose_splits(const DecodeWork& work, const DecodeSize& size, int multiprocessors) {
  const std::int64_t at_a_time = std::int64_t{multiprocessors} * size.blocks;
  if (work.blocks >= at_a_time) return 1;  // every multiprocessor is busy, and splits would only add to the work
  const auto time = [&](std::int64_t splits) {
    const std::int64_t waves = divide_up(work.blocks * splits, at_a_time);
    const std::int64_t rounds = divide_up(divide_up(work.key_tiles, splits), size.warps);
    return waves * (rounds + kBlockRounds) + (splits > 1 ? kCombineRounds : 0);
  };
  const std::int64_t most = std::clamp<std::int64_t>(work.key_tiles, 1, kMaxSplits);
  std::int64_t least = time(1), best = 1;
  for (std::int64_t splits = 2; splits <= most; ++splits) least = std::min(least, time(splits));
  while (8 * time(best) > 9 * least) ++best;
  return best;
}

DecodePlan plan_decode(const Problem& p, int multiprocessors) {
  DecodePlan plan{};
  plan.instantiation = find_decode_instantiation(p.query.dtype, p.key.dtype, static_cast<int>(p.head_dim),
                                                 static_cast<int>(p.head_dim_v));
  const DecodeWork work = decode_work(p);
  if (work.blocks == 0) return plan;
  const std::int64_t splits =
      p.split_count > 0 ? p.split_count : choose_splits(work, plan.instantiation->size, multiprocessors);
  plan.params = make_params(p);
  plan.params.splits = static_cast<std::int32_t>(splits);
  if (splits == 1) write_to(plan.params, p.output, p.logsumexp, 0);
  plan.blocks = work.blocks * splits;
  return plan;
}

std::uint64_t decode_workspace_bytes(const Problem& p, std::int64_t splits) {
  return splits > 1 ? static_cast<std::uint64_t>(parts_of(p, splits).bytes) : 0;
}

CombineProblem use_workspace(DecodePlan& plan, const Problem& p, void* workspace) {
  Parts parts = parts_of(p, plan.params.splits);
  parts.outputs.data = static_cast<std::byte*>(workspace);
  parts.logsumexps.data = parts.outputs.data + parts.outputs.span_bytes;
  write_to(plan.params, parts.outputs, parts.logsumexps, 1);
  plan.params.output_of_split = parts.outputs.strides[0] * 4;
  plan.params.logsumexp_of_split = parts.logsumexps.strides[0] * 4;
  return {parts.outputs, parts.logsumexps, p.output, p.logsumexp, false};
}

}  // namespace ki::attention::cuda
