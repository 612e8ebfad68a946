#include "attention/problem.h"

#include <cmath>

#include "core/abi.h"
#include "core/overlap.h"

namespace ki::attention {
namespace {

constexpr const char* kQueryDimensions[] = {"batch", "seq_q", "heads_q", "head_dim"};
constexpr const char* kKeyDimensions[] = {"batch", "seq_k", "heads_kv", "head_dim"};
constexpr const char* kValueDimensions[] = {"batch", "seq_k", "heads_kv", "head_dim_v"};
constexpr const char* kOutputDimensions[] = {"batch", "seq_q", "heads_q", "head_dim_v"};
constexpr const char* kLogsumexpDimensions[] = {"batch", "heads_q", "seq_q"};

// A tensor's dimension must equal one that another tensor has set.
struct Expected {
  const char* dimension;
  std::int64_t length;
  const char* set_by;
  const Tensor& setter;
};

void require_length(const Tensor& tensor, const char* name, int dimension, const Expected& expected) {
  if (tensor.shape[dimension] == expected.length) return;
  refuse(name, expected.dimension, " is ", tensor.shape[dimension], " in shape ", shape_text(tensor), ", and ",
         expected.length, " in ", expected.set_by, " of shape ", shape_text(expected.setter));
}

void check_shapes(const Problem& p) {
  require_length(p.key, "key", 0, {"batch", p.batch, "query", p.query});
  require_length(p.key, "key", 3, {"head_dim", p.head_dim, "query", p.query});
  require_length(p.value, "value", 0, {"batch", p.batch, "query", p.query});
  require_length(p.value, "value", 1, {"seq_k", p.seq_k, "key", p.key});
  require_length(p.value, "value", 2, {"heads_kv", p.heads_kv, "key", p.key});
  require_length(p.output, "output", 0, {"batch", p.batch, "query", p.query});
  require_length(p.output, "output", 1, {"seq_q", p.seq_q, "query", p.query});
  require_length(p.output, "output", 2, {"heads_q", p.heads_q, "query", p.query});
  require_length(p.output, "output", 3, {"head_dim_v", p.head_dim_v, "value", p.value});
  if (p.logsumexp.rank > 0) {
    require_length(p.logsumexp, "logsumexp", 0, {"batch", p.batch, "query", p.query});
    require_length(p.logsumexp, "logsumexp", 1, {"heads_q", p.heads_q, "query", p.query});
    require_length(p.logsumexp, "logsumexp", 2, {"seq_q", p.seq_q, "query", p.query});
  }
}

void check_heads(const Problem& p) {
  if (p.heads_q == 0 && p.heads_kv == 0) return;
  if (p.heads_kv == 0 || p.heads_q % p.heads_kv != 0) {
    refuse("query", "heads_q is ", p.heads_q, ", which is no multiple of heads_kv, ", p.heads_kv, "; shapes are query ",
           shape_text(p.query), ", key ", shape_text(p.key));
  }
}

void check_head_dim(const Tensor& tensor, const char* name, const char* dimension, std::int64_t length) {
  if (length < 1) refuse(name, dimension, " is ", length, " in shape ", shape_text(tensor), "; it must be at least 1");
  if (length > kMaxHeadDim) {
    not_supported(name, dimension, " is ", length, " in shape ", shape_text(tensor), "; up to ", kMaxHeadDim,
                  " is supported");
  }
}

void require_dtype(const Tensor& tensor, const char* name, ki_dtype expected, const char* why) {
  if (tensor.dtype == expected) return;
  refuse(name, "dtype is ", name_of(tensor.dtype), ", expected ", name_of(expected), why);
}

void check_dtypes(const Problem& p) {
  require_dtype(p.key, "key", p.query.dtype, ", the query's");
  require_dtype(p.value, "value", p.query.dtype, ", the query's");
  require_dtype(p.output, "output", p.query.dtype, ", the query's");
  if (p.logsumexp.rank > 0) require_dtype(p.logsumexp, "logsumexp", KI_DTYPE_FLOAT32, "");
}

void check_overlap(const Problem& p) {
  require_self_disjoint(p.output, "output");
  require_disjoint(p.output, "output", p.query, "query");
  require_disjoint(p.output, "output", p.key, "key");
  require_disjoint(p.output, "output", p.value, "value");
  if (p.logsumexp.rank == 0) return;
  require_self_disjoint(p.logsumexp, "logsumexp");
  require_disjoint(p.logsumexp, "logsumexp", p.query, "query");
  require_disjoint(p.logsumexp, "logsumexp", p.key, "key");
  require_disjoint(p.logsumexp, "logsumexp", p.value, "value");
  require_disjoint(p.logsumexp, "logsumexp", p.output, "output");
}

float read_scale(const ki_attention_problem& given, std::int64_t head_dim) {
  if ((given.flags & KI_ATTENTION_CUSTOM_SCALE) == 0) return static_cast<float>(1 / std::sqrt(double(head_dim)));
  if (!std::isfinite(given.scale)) refuse("problem.scale", given.scale, " is not finite");
  return given.scale;
}

}  // namespace

Problem read_problem(const ki_attention_problem* problem, const ki_device_info& device, Addresses addresses) {
  const ki_attention_problem given = read_struct(problem, "problem");
  constexpr int kKnownFlags = KI_ATTENTION_CAUSAL | KI_ATTENTION_CUSTOM_SCALE;
  if (given.flags & ~kKnownFlags) refuse("problem.flags", given.flags, " has flags this version does not know");
  if (given.reserved != 0) refuse("problem.reserved", given.reserved, " must be 0");

  Problem p{};
  p.query = read_tensor(given.query, "query", kQueryDimensions, addresses);
  p.key = read_tensor(given.key, "key", kKeyDimensions, addresses);
  p.value = read_tensor(given.value, "value", kValueDimensions, addresses);
  p.output = read_tensor(given.output, "output", kOutputDimensions, addresses);
  if (given.logsumexp != nullptr) {
    p.logsumexp = read_tensor(given.logsumexp, "logsumexp", kLogsumexpDimensions, addresses);
  }

  p.batch = p.query.shape[0];
  p.seq_q = p.query.shape[1];
  p.heads_q = p.query.shape[2];
  p.head_dim = p.query.shape[3];
  p.seq_k = p.key.shape[1];
  p.heads_kv = p.key.shape[2];
  p.head_dim_v = p.value.shape[3];
  p.group = p.heads_kv > 0 ? p.heads_q / p.heads_kv : 0;
  p.causal = (given.flags & KI_ATTENTION_CAUSAL) != 0;

  check_dtypes(p);
  check_shapes(p);
  check_heads(p);
  check_head_dim(p.query, "query", "head_dim", p.head_dim);
  check_head_dim(p.value, "value", "head_dim_v", p.head_dim_v);
  p.scale = read_scale(given, p.head_dim);
  require_on_device(p.query, "query", device);
  require_on_device(p.key, "key", device);
  require_on_device(p.value, "value", device);
  require_on_device(p.output, "output", device);
  if (p.logsumexp.rank > 0) require_on_device(p.logsumexp, "logsumexp", device);
  check_overlap(p);
  return p;
}

}  // namespace ki::attention
