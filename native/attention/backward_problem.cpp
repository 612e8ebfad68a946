// Reads the problems that are not forward: gradients, and the merging of parts.
#include <array>

#include "attention/checks.h"
#include "attention/problem.h"
#include "core/abi.h"

namespace ki::attention {
namespace {

constexpr const char* kDimensions[] = {"batch", "sequence", "heads", "head_dim"};
constexpr const char* kPackedDimensions[] = {"total", "heads", "head_dim"};
constexpr const char* kBiasDimensions[] = {"batch", "heads_q", "seq_q", "seq_k"};
constexpr const char* kPartialOutputDimensions[] = {"parts", "batch", "seq_q", "heads_q", "head_dim_v"};
constexpr const char* kPartialLogsumexpDimensions[] = {"parts", "batch", "heads_q", "seq_q"};
constexpr const char* kOutputDimensions[] = {"batch", "seq_q", "heads_q", "head_dim_v"};
constexpr const char* kLogsumexpDimensions[] = {"batch", "heads_q", "seq_q"};

Tensor read_gradient(const ki_tensor* given, const char* name, bool packed, const Tensor& of, const char* of_name,
                     Addresses addresses) {
  const Tensor gradient = packed ? with_batch(read_tensor(given, name, kPackedDimensions, addresses))
                                 : read_tensor(given, name, kDimensions, addresses);
  require_dtype(gradient, name, of.dtype, concat(", the ", of_name, "'s").c_str());
  require_shape_of(gradient, name, kDimensions, of, of_name);
  return gradient;
}

}  // namespace

BackwardProblem read_backward_problem(const ki_attention_problem* problem, const ki_attention_gradients* gradients,
                                      const ki_device_info& device, Addresses addresses) {
  const ki_attention_gradients given = read_struct(gradients, "gradients");
  constexpr int kKnownFlags = KI_ATTENTION_BACKWARD_DETERMINISTIC;
  if (given.flags & ~kKnownFlags) refuse("gradients.flags", given.flags, " has flags this version does not know");
  if (read_struct(problem, "problem").cache != nullptr) not_supported("cache", "has no gradients");

  BackwardProblem b{read_problem(problem, device, addresses), {}, {}, {}, {}, {}, false};
  const Problem& p = b.forward;
  if (p.logsumexp.rank == 0) refuse("logsumexp", "must not be NULL: the backward pass needs it");
  if (p.key.dtype != p.query.dtype) {
    not_supported("key", "dtype is ", name_of(p.key.dtype), ", and gradients need the query's, ",
                  name_of(p.query.dtype));
  }
  const bool packed_q = p.cu_seqlens_q.rank > 0, packed_k = p.cu_seqlens_k.rank > 0;
  b.grad_output = read_gradient(given.grad_output, "grad_output", packed_q, p.output, "output", addresses);
  b.grad_query = read_gradient(given.grad_query, "grad_query", packed_q, p.query, "query", addresses);
  b.grad_key = read_gradient(given.grad_key, "grad_key", packed_k, p.key, "key", addresses);
  b.grad_value = read_gradient(given.grad_value, "grad_value", packed_k, p.value, "value", addresses);
  if (given.grad_bias != nullptr) {
    if (p.bias.rank == 0) refuse("grad_bias", "is given, and there is no bias");
    b.grad_bias = read_tensor(given.grad_bias, "grad_bias", kBiasDimensions, addresses);
    require_dtype(b.grad_bias, "grad_bias", p.bias.dtype, ", the bias's");
    require_shape_of(b.grad_bias, "grad_bias", kBiasDimensions, p.bias, "bias");
  }
  b.deterministic = (given.flags & KI_ATTENTION_BACKWARD_DETERMINISTIC) != 0;

  const std::array tensors{
      NamedTensor{&p.query, "query", false},
      NamedTensor{&p.key, "key", false},
      NamedTensor{&p.value, "value", false},
      NamedTensor{&p.output, "output", false},
      NamedTensor{&p.logsumexp, "logsumexp", false},
      NamedTensor{&p.bias, "bias", false},
      NamedTensor{&p.mask, "mask", false},
      NamedTensor{&p.alibi_slopes, "alibi_slopes", false},
      NamedTensor{&p.tree_mask, "tree_mask", false},
      NamedTensor{&p.cu_seqlens_q, "cu_seqlens_q", false},
      NamedTensor{&p.cu_seqlens_k, "cu_seqlens_k", false},
      NamedTensor{&p.seqused_k, "seqused_k", false},
      NamedTensor{&b.grad_output, "grad_output", false},
      NamedTensor{&b.grad_query, "grad_query", true},
      NamedTensor{&b.grad_key, "grad_key", true},
      NamedTensor{&b.grad_value, "grad_value", true},
      NamedTensor{&b.grad_bias, "grad_bias", true},
  };
  check_placement(tensors, device);
  return b;
}

CombineProblem read_combine_problem(const ki_attention_combine_problem* problem, const ki_device_info& device) {
  const ki_attention_combine_problem given = read_struct(problem, "problem");
  constexpr int kKnownFlags = KI_ATTENTION_COMBINE_ACCUMULATE;
  if (given.flags & ~kKnownFlags) refuse("problem.flags", given.flags, " has flags this version does not know");

  CombineProblem c{};
  c.accumulate = (given.flags & KI_ATTENTION_COMBINE_ACCUMULATE) != 0;
  c.partial_outputs = read_tensor(given.partial_outputs, "partial_outputs", kPartialOutputDimensions);
  c.partial_logsumexps = read_tensor(given.partial_logsumexps, "partial_logsumexps", kPartialLogsumexpDimensions);
  c.output = read_tensor(given.output, "output", kOutputDimensions);
  if (given.logsumexp != nullptr) c.logsumexp = read_tensor(given.logsumexp, "logsumexp", kLogsumexpDimensions);
  if (c.accumulate && c.logsumexp.rank == 0)
    refuse("logsumexp", "must not be NULL: output and logsumexp are a part too");

  require_float(c.output, "output");
  if (c.partial_outputs.dtype != KI_DTYPE_FLOAT32) {
    require_dtype(c.partial_outputs, "partial_outputs", c.output.dtype, ", the output's, or float32");
  }
  require_dtype(c.partial_logsumexps, "partial_logsumexps", KI_DTYPE_FLOAT32);
  if (c.logsumexp.rank > 0) require_dtype(c.logsumexp, "logsumexp", KI_DTYPE_FLOAT32);

  const Tensor &o = c.output, &parts = c.partial_outputs;
  for (int i = 0; i < 4; ++i) {
    require_length(parts, "partial_outputs", i + 1, {kOutputDimensions[i], o.shape[i], "output", o});
  }
  require_length(c.partial_logsumexps, "partial_logsumexps", 0, {"parts", parts.shape[0], "partial_outputs", parts});
  const std::int64_t rows[] = {o.shape[0], o.shape[2], o.shape[1]};  // batch, heads_q, seq_q
  for (int i = 0; i < 3; ++i) {
    require_length(c.partial_logsumexps, "partial_logsumexps", i + 1, {kLogsumexpDimensions[i], rows[i], "output", o});
    if (c.logsumexp.rank > 0)
      require_length(c.logsumexp, "logsumexp", i, {kLogsumexpDimensions[i], rows[i], "output", o});
  }
  require_head_dim(o, "output", "head_dim_v", o.shape[3]);

  const std::array tensors{
      NamedTensor{&c.partial_outputs, "partial_outputs", false},
      NamedTensor{&c.partial_logsumexps, "partial_logsumexps", false},
      NamedTensor{&c.output, "output", true},
      NamedTensor{&c.logsumexp, "logsumexp", true},
  };
  check_placement(tensors, device);
  return c;
}

}  // namespace ki::attention
