// Reads the forward problem: tensors first, then lengths that others must match, then everything else.
#include "attention/problem.h"

#include <array>
#include <cmath>

#include "attention/checks.h"
#include "attention/contents.h"
#include "attention/reader.h"
#include "core/abi.h"

namespace ki::attention {
namespace {

constexpr const char* kQueryDimensions[] = {"batch", "seq_q", "heads_q", "head_dim"};
constexpr const char* kPackedQueryDimensions[] = {"total_q", "heads_q", "head_dim"};
constexpr const char* kKeyDimensions[] = {"batch", "seq_k", "heads_kv", "head_dim"};
constexpr const char* kValueDimensions[] = {"batch", "seq_k", "heads_kv", "head_dim_v"};
constexpr const char* kPackedKeyDimensions[] = {"total_k", "heads_kv", "head_dim"};
constexpr const char* kPackedValueDimensions[] = {"total_k", "heads_kv", "head_dim_v"};
constexpr const char* kSlotKeyDimensions[] = {"slots", "capacity", "heads_kv", "head_dim"};
constexpr const char* kSlotValueDimensions[] = {"slots", "capacity", "heads_kv", "head_dim_v"};
constexpr const char* kPagedKeyDimensions[] = {"pages", "page_size", "heads_kv", "head_dim"};
constexpr const char* kPagedValueDimensions[] = {"pages", "page_size", "heads_kv", "head_dim_v"};
constexpr const char* kOutputDimensions[] = {"batch", "seq_q", "heads_q", "head_dim_v"};
constexpr const char* kPackedOutputDimensions[] = {"total_q", "heads_q", "head_dim_v"};
constexpr const char* kLogsumexpDimensions[] = {"batch", "heads_q", "seq_q"};
constexpr const char* kPackedLogsumexpDimensions[] = {"heads_q", "total_q"};
constexpr const char* kScoreDimensions[] = {"batch", "heads_q", "seq_q", "seq_k"};
constexpr const char* kTreeDimensions[] = {"batch", "draft_length", "draft_length"};
constexpr const char* kSlopesOfHeads[] = {"heads_q"};
constexpr const char* kSlopesOfBatch[] = {"batch", "heads_q"};

void read_offsets(const ki_attention_problem& given, const Reader& read, Problem& p) {
  p.cu_seqlens_q = read.indices(given.cu_seqlens_q, "cu_seqlens_q", kOffsetDimensions);
  p.cu_seqlens_k = read.indices(given.cu_seqlens_k, "cu_seqlens_k", kOffsetDimensions);
  p.seqused_k = read.indices(given.seqused_k, "seqused_k", kBatchDimensions);
  for (const auto& [offsets, name] : {std::pair{&p.cu_seqlens_q, "cu_seqlens_q"}, {&p.cu_seqlens_k, "cu_seqlens_k"}}) {
    if (offsets->rank > 0 && offsets->shape[0] < 1) refuse(name, "is empty; it has batch + 1 elements");
  }
}

void read_queries(const ki_attention_problem& given, const Reader& read, Problem& p) {
  if (p.cu_seqlens_q.rank > 0) {
    p.query = read.packed(given.query, "query", kPackedQueryDimensions);
    p.output = read.packed(given.output, "output", kPackedOutputDimensions);
    if (given.logsumexp != nullptr) {
      p.logsumexp = read.packed(given.logsumexp, "logsumexp", kPackedLogsumexpDimensions);
    }
    p.batch = p.cu_seqlens_q.shape[0] - 1;
  } else {
    p.query = read.required(given.query, "query", kQueryDimensions);
    p.output = read.required(given.output, "output", kOutputDimensions);
    p.logsumexp = read.optional(given.logsumexp, "logsumexp", kLogsumexpDimensions);
    p.batch = p.query.shape[0];
  }
  p.total_q = p.seq_q = p.query.shape[1];
  p.heads_q = p.query.shape[2];
  p.head_dim = p.query.shape[3];
}

void read_keys(const ki_attention_problem& given, const Reader& read, Problem& p) {
  if (given.cache != nullptr) {
    if (p.cu_seqlens_k.rank > 0) refuse("cu_seqlens_k", "must be NULL with a cache, which is not packed");
    const bool paged = p.cache.block_table.rank > 0;
    p.key = read.required(given.key, "key", paged ? kPagedKeyDimensions : kSlotKeyDimensions);
    p.value = read.required(given.value, "value", paged ? kPagedValueDimensions : kSlotValueDimensions);
  } else if (p.cu_seqlens_k.rank > 0) {
    p.key = read.packed(given.key, "key", kPackedKeyDimensions);
    p.value = read.packed(given.value, "value", kPackedValueDimensions);
  } else {
    p.key = read.required(given.key, "key", kKeyDimensions);
    p.value = read.required(given.value, "value", kValueDimensions);
  }
  p.seq_k = p.key.shape[1];
  p.heads_kv = p.key.shape[2];
  p.head_dim_v = p.value.shape[3];
  p.group = p.heads_kv > 0 ? p.heads_q / p.heads_kv : 0;
}

void read_scores(const ki_attention_problem& given, const Reader& read, Problem& p) {
  p.bias = read.optional(given.bias, "bias", kScoreDimensions);
  p.mask = read.optional(given.mask, "mask", kScoreDimensions);
  p.tree_mask = read.optional(given.tree_mask, "tree_mask", kTreeDimensions);
  if (given.alibi_slopes == nullptr) return;
  p.alibi_slopes = given_rank(given.alibi_slopes, "alibi_slopes") == 2
                       ? read.required(given.alibi_slopes, "alibi_slopes", kSlopesOfBatch)
                       : read.packed(given.alibi_slopes, "alibi_slopes", kSlopesOfHeads);
}

void check_dtypes(const Problem& p) {
  require_float(p.query, "query");
  const bool narrower =
      p.query.dtype == KI_DTYPE_FLOAT32 && p.key.dtype != KI_DTYPE_BOOL && p.key.dtype != KI_DTYPE_INT32;
  if (p.key.dtype != KI_DTYPE_INT8 && !narrower) require_dtype(p.key, "key", p.query.dtype, ", the query's, or int8");
  if (narrower && p.key.dtype != KI_DTYPE_INT8) require_float(p.key, "key");
  require_dtype(p.value, "value", p.key.dtype, ", the key's");
  require_dtype(p.output, "output", p.query.dtype, ", the query's");
  if (p.logsumexp.rank > 0) require_dtype(p.logsumexp, "logsumexp", KI_DTYPE_FLOAT32);
  if (p.bias.rank > 0 && p.bias.dtype != KI_DTYPE_FLOAT32)
    require_dtype(p.bias, "bias", p.query.dtype, ", the query's, or float32");
  if (p.mask.rank > 0) require_dtype(p.mask, "mask", KI_DTYPE_BOOL);
  if (p.tree_mask.rank > 0) require_dtype(p.tree_mask, "tree_mask", KI_DTYPE_BOOL);
  if (p.alibi_slopes.rank > 0) require_dtype(p.alibi_slopes, "alibi_slopes", KI_DTYPE_FLOAT32);
}

void check_shapes(const Problem& p, bool has_cache) {
  const bool packed_q = p.cu_seqlens_q.rank > 0, packed_k = p.cu_seqlens_k.rank > 0;
  check_batch(p, p.cu_seqlens_k, "cu_seqlens_k", 1);
  check_batch(p, p.seqused_k, "seqused_k");
  if (!has_cache && !packed_k) require_length(p.key, "key", 0, {"batch", p.batch, "query", p.query});
  require_length(p.key, "key", 3, {"head_dim", p.head_dim, "query", p.query});
  require_length(p.value, "value", 0, {"batch", p.key.shape[0], "key", p.key});
  require_length(p.value, "value", 1, {"seq_k", p.key.shape[1], "key", p.key});
  require_length(p.value, "value", 2, {"heads_kv", p.heads_kv, "key", p.key});
  require_length(p.output, "output", 0, {"batch", p.query.shape[0], "query", p.query});
  require_length(p.output, "output", 1, {packed_q ? "total_q" : "seq_q", p.total_q, "query", p.query});
  require_length(p.output, "output", 2, {"heads_q", p.heads_q, "query", p.query});
  require_length(p.output, "output", 3, {"head_dim_v", p.head_dim_v, "value", p.value});
  if (p.logsumexp.rank > 0) {
    require_length(p.logsumexp, "logsumexp", 0, {"batch", p.query.shape[0], "query", p.query});
    require_length(p.logsumexp, "logsumexp", 1, {"heads_q", p.heads_q, "query", p.query});
    require_length(p.logsumexp, "logsumexp", 2, {packed_q ? "total_q" : "seq_q", p.total_q, "query", p.query});
  }
}

void check_heads(const Problem& p) {
  if (p.heads_q == 0 && p.heads_kv == 0) return;
  if (p.heads_kv == 0 || p.heads_q % p.heads_kv != 0) {
    refuse("query", "heads_q is ", p.heads_q, ", which is no multiple of heads_kv, ", p.heads_kv, "; shapes are query ",
           shape_text(p.query), ", key ", shape_text(p.key));
  }
}

// Bias and mask: batch, heads and queries may be 1; their lengths may be any where sequences have their own.
void check_score_shape(const Problem& p, const Tensor& tensor, const char* name, bool ragged) {
  if (tensor.rank == 0) return;
  if (tensor.shape[0] != 1) check_batch(p, tensor, name);
  require_length_or_one(tensor, name, 1, {"heads_q", p.heads_q, "query", p.query});
  if (ragged) return;
  require_length_or_one(tensor, name, 2, {"seq_q", p.seq_q, "query", p.query});
  require_length(tensor, name, 3, {"seq_k", p.seq_k, "key", p.key});
}

void check_scores(const Problem& p, bool has_cache) {
  const bool ragged = has_cache || p.cu_seqlens_q.rank > 0 || p.cu_seqlens_k.rank > 0;
  check_score_shape(p, p.bias, "bias", ragged);
  check_score_shape(p, p.mask, "mask", ragged);
  if (p.alibi_slopes.rank > 0) {
    if (p.alibi_slopes.shape[0] != 1) check_batch(p, p.alibi_slopes, "alibi_slopes");
    require_length(p.alibi_slopes, "alibi_slopes", 1, {"heads_q", p.heads_q, "query", p.query});
  }
  if (p.tree_mask.rank > 0) {
    if (p.tree_mask.shape[0] != 1) check_batch(p, p.tree_mask, "tree_mask");
    if (p.tree_mask.shape[1] != p.tree_mask.shape[2]) {
      refuse("tree_mask", "its last two dimensions differ in shape ", shape_text(p.tree_mask));
    }
  }
}

float read_scale(const ki_attention_problem& given, std::int64_t head_dim) {
  if ((given.flags & KI_ATTENTION_CUSTOM_SCALE) == 0) return static_cast<float>(1 / std::sqrt(double(head_dim)));
  if (!std::isfinite(given.scale)) refuse("problem.scale", given.scale, " is not finite");
  return given.scale;
}

VisibilityRule read_rule(const ki_attention_problem& given) {
  VisibilityRule rule;
  if ((given.flags & KI_ATTENTION_WINDOW) != 0) {
    if (given.window_left < -1) refuse("problem.window_left", given.window_left, " is below -1");
    if (given.window_right < -1) refuse("problem.window_right", given.window_right, " is below -1");
    if (given.window_left >= 0) rule.left = given.window_left;
    if (given.window_right >= 0) rule.right = given.window_right;
  }
  if ((given.flags & KI_ATTENTION_CAUSAL) != 0) rule.right = 0;
  if (given.sink_count < 0) refuse("problem.sink_count", given.sink_count, " is negative");
  rule.sinks = given.sink_count;
  return rule;
}

void read_dropout(const ki_attention_problem& given, Problem& p) {
  if (!(given.dropout >= 0 && given.dropout < 1)) refuse("problem.dropout", given.dropout, " is not in [0, 1)");
  const auto threshold = static_cast<std::uint32_t>(std::lround(given.dropout * 65536.0));
  if (threshold == 65536) refuse("problem.dropout", given.dropout, " is 1 to within 2^-16");
  p.dropout_threshold = threshold;
  p.dropout_offset = given.dropout_offset;
  p.dropout_seed = given.dropout_seed;
  constexpr std::int64_t kMost = std::int64_t{1} << 32;  // counters have 32 bits for each
  if (threshold != 0 && (p.seq_q > kMost || p.seq_k > kMost || (p.heads_q > 0 && p.batch > kMost / p.heads_q))) {
    not_supported("problem.dropout", "counts queries, keys, and batch * heads_q up to 2^32; shapes are query ",
                  shape_text(p.query), ", key ", shape_text(p.key));
  }
}

void read_numbers(const ki_attention_problem& given, Problem& p) {
  p.scale = read_scale(given, p.head_dim);
  p.rule = read_rule(given);
  if (!(given.softcap >= 0) || !std::isfinite(given.softcap)) {
    refuse("problem.softcap", given.softcap, " is not a finite number of at least 0");
  }
  p.softcap = given.softcap;
  if (given.split_count < 0 || given.split_count > kMaxSplits) {
    refuse("problem.split_count", given.split_count, " is not in [0, ", kMaxSplits, "]");
  }
  p.split_count = given.split_count;
  read_dropout(given, p);
}

void check_flags(const ki_attention_problem& given) {
  constexpr int kKnown =
      KI_ATTENTION_CAUSAL | KI_ATTENTION_CUSTOM_SCALE | KI_ATTENTION_WINDOW | KI_ATTENTION_ROTARY_INTERLEAVED;
  if (given.flags & ~kKnown) refuse("problem.flags", given.flags, " has flags this version does not know");
  if (given.reserved != 0) refuse("problem.reserved", given.reserved, " must be 0");
}

}  // namespace

Problem read_problem(const ki_attention_problem* problem, const ki_device_info& device, Addresses addresses) {
  const ki_attention_problem given = read_struct(problem, "problem");
  check_flags(given);
  const Reader read(addresses);
  const bool has_cache = given.cache != nullptr;

  Problem p{};
  read_offsets(given, read, p);
  read_queries(given, read, p);
  if (has_cache) p.cache = read_cache(read_struct(given.cache, "cache"), read, given.flags);
  read_keys(given, read, p);
  read_scores(given, read, p);

  check_dtypes(p);
  check_shapes(p, has_cache);
  check_heads(p);
  require_head_dim(p.query, "query", "head_dim", p.head_dim);
  require_head_dim(p.value, "value", "head_dim_v", p.head_dim_v);
  if (has_cache) {
    check_cache(p);
  } else if ((given.flags & KI_ATTENTION_ROTARY_INTERLEAVED) != 0) {
    refuse("problem.flags", "ask for interleaved rotary embedding without a cache");
  }
  check_scores(p, has_cache);
  p.draft_length = p.tree_mask.rank > 0 ? p.tree_mask.shape[1] : 0;
  read_numbers(given, p);

  const Cache& c = p.cache;
  const bool appends = p.appends();
  const std::array tensors{
      NamedTensor{&p.query, "query", false},
      NamedTensor{&p.bias, "bias", false},
      NamedTensor{&p.mask, "mask", false},
      NamedTensor{&p.alibi_slopes, "alibi_slopes", false},
      NamedTensor{&p.tree_mask, "tree_mask", false},
      NamedTensor{&p.cu_seqlens_q, "cu_seqlens_q", false},
      NamedTensor{&p.cu_seqlens_k, "cu_seqlens_k", false},
      NamedTensor{&p.seqused_k, "seqused_k", false},
      NamedTensor{&c.block_table, "block_table", false},
      NamedTensor{&c.cache_slots, "cache_slots", false},
      NamedTensor{&c.new_key, "new_key", false},
      NamedTensor{&c.new_value, "new_value", false},
      NamedTensor{&c.cu_seqlens_new, "cu_seqlens_new", false},
      NamedTensor{&c.rotary_cos, "rotary_cos", false},
      NamedTensor{&c.rotary_sin, "rotary_sin", false},
      NamedTensor{&p.key, "key", appends},
      NamedTensor{&p.value, "value", appends},
      NamedTensor{&c.key_scale, "key_scale", appends},
      NamedTensor{&c.value_scale, "value_scale", appends},
      NamedTensor{&p.output, "output", true},
      NamedTensor{&p.logsumexp, "logsumexp", true},
  };
  check_placement(tensors, device);
  if (device.kind == KI_DEVICE_KIND_CPU && addresses == Addresses::required) check_contents(p);
  return p;
}

}  // namespace ki::attention
