#include "attention/cuda/problem_params.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ki::attention::cuda {
namespace {

constexpr double kLog2e = 1.4426950408889634;

// Whether scores are added to, or bent, in natural units.
bool needs_magnitude(const Problem& p) { return p.softcap != 0 || p.bias.rank > 0 || p.alibi_slopes.rank > 0; }

std::int32_t length_of(std::int64_t length) { return static_cast<std::int32_t>(std::min(length, kMaxLength)); }

ScoreTensor score_tensor(const Tensor& tensor) {
  if (tensor.rank == 0) return {};
  const std::int64_t size = size_of(tensor.dtype);
  ScoreTensor scores{};
  // One without elements may have no address. It is not absent: what lies beyond a mask is hidden.
  scores.data = tensor.data != nullptr ? static_cast<const void*>(tensor.data) : "";
  scores.batch = tensor.strides[0] * size;
  scores.head = tensor.strides[1] * size;
  scores.query = tensor.strides[2] * size;
  scores.queries = tensor.shape[2] == 1 ? std::numeric_limits<std::int32_t>::max() : length_of(tensor.shape[2]);
  scores.keys = length_of(tensor.shape[3]);
  const std::int64_t bits = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(tensor.data)) | scores.batch |
                            scores.head | scores.query | tensor.shape[3] * size;
  scores.has_pairs = bits % (2 * size) == 0;
  return scores;
}

const std::int32_t* indices(const Tensor& tensor) { return reinterpret_cast<const std::int32_t*>(tensor.data); }

}  // namespace

Sequences sequences_of(const Problem& p) {
  return {indices(p.cu_seqlens_q), indices(p.cu_seqlens_k), indices(p.seqused_k), static_cast<std::int32_t>(p.batch),
          length_of(p.total_q),    length_of(p.seq_k)};
}

Window window_of(const VisibilityRule& rule) {
  return {length_of(rule.left), length_of(rule.right), length_of(rule.sinks)};
}

float query_sign(const Problem& p) { return p.scale > 0 ? 1.0f : p.scale < 0 ? -1.0f : 0.0f; }

float softmax_factor(const Problem& p) {
  if (needs_magnitude(p)) return static_cast<float>(kLog2e);
  return p.scale == 0 ? 1.0f : static_cast<float>(std::fabs(p.scale) * kLog2e);
}

GeneralParams general_params(const Problem& p) {
  GeneralParams params{};
  params.bias = score_tensor(p.bias);
  params.bias_is_float32 = p.bias.dtype == KI_DTYPE_FLOAT32;
  params.mask = score_tensor(p.mask);
  if (p.alibi_slopes.rank > 0) {
    params.alibi_slopes = reinterpret_cast<const float*>(p.alibi_slopes.data);
    params.slopes_of_batch = p.alibi_slopes.strides[0];
  }
  if (p.tree_mask.rank > 0) {
    params.tree_mask = reinterpret_cast<const std::uint8_t*>(p.tree_mask.data);
    params.tree_of_batch = p.tree_mask.strides[0];
    params.tree_row = p.tree_mask.strides[1];
  }
  params.draft_length = static_cast<std::int32_t>(p.draft_length);
  params.softcap = p.softcap;
  params.input_scale = 1;
  if (needs_magnitude(p)) {
    const double magnitude = std::fabs(p.scale);
    params.input_scale = static_cast<float>(p.softcap != 0 ? magnitude / p.softcap : magnitude);
  }
  params.dropout_threshold = p.dropout_threshold;
  params.dropout_offset = p.dropout_offset;
  params.dropout_seed = p.dropout_seed;
  params.dropout_scale = p.dropout_scale();
  params.heads_q = static_cast<std::int32_t>(p.heads_q);
  return params;
}

}  // namespace ki::attention::cuda
