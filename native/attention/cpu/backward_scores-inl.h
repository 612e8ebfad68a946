// From products to gradients of scores, row by row of a block: P = 2^(score - logsumexp), dS = P * (dP - delta).

#if defined(KI_ATTENTION_CPU_BACKWARD_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_BACKWARD_SCORES_INL_H_
#undef KI_ATTENTION_CPU_BACKWARD_SCORES_INL_H_
#else
#define KI_ATTENTION_CPU_BACKWARD_SCORES_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "attention/cpu/backward.h"
#include "attention/cpu/backward_products-inl.h"
#include "attention/cpu/dropout-inl.h"
#include "attention/cpu/scores-inl.h"
#include "cpu/simd/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::gradients::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace scores = ki::attention::cpu::HWY_NAMESPACE;
using scores::change_lanes;
using scores::kInfinity;
using simd::FloatTag;
using simd::FloatVector;

// Keys of a chunk that a row sees by its range, as VisibleKeys says it.
struct RowKeys {
  int sinks, begin, end;

  bool contains(int key) const { return key < sinks || (key >= begin && key < end); }
};

// Some lanes of a row, all of them as a rule.
HWY_INLINE FloatVector load_lanes(const float* from, int lanes) {
  const FloatTag d;
  return lanes == kLanes ? hn::LoadU(d, from) : hn::LoadN(d, from, lanes);
}

HWY_INLINE void store_lanes(FloatVector x, float* to, int lanes) {
  const FloatTag d;
  if (lanes == kLanes) {
    hn::StoreU(x, d, to);
  } else {
    hn::StoreN(x, d, to, lanes);
  }
}

// A query row of a block.
struct Row {
  std::int64_t head, query;
  RowKeys keys;
  float logsumexp, logsumexp_rest;  // in units of log2; together they are more precise than a float
  float delta;
  ScoreRow score;  // of general problems
};

inline Row make_row(const Shared& shared, const Chunk& c, QueryRow at, std::int64_t shared_row) {
  const Problem& p = shared.problem->forward;
  const float logsumexp = shared.logsumexp[shared_row];
  const double logsumexp2 = logsumexp * kLog2e;
  Row row{at.head, at.query, {0, 0, 0}, static_cast<float>(logsumexp2), 0.0f, shared.delta[shared_row], {}};
  if (std::isfinite(logsumexp2)) row.logsumexp_rest = static_cast<float>(logsumexp2 - row.logsumexp);
  if (logsumexp == -kInfinity) return row;  // it has seen no key: none has a weight
  const VisibleKeys visible = p.visible_keys(c.sequence, at.query);
  const auto within = [&](std::int64_t key) {
    return static_cast<int>(std::clamp<std::int64_t>(key - c.first_key, 0, c.keys));
  };
  row.keys = {within(visible.sinks), within(visible.begin), within(visible.end)};
  if (p.is_general()) row.score = score_row(p, c.sequence, c.batch, at.head, at.query);
  return row;
}

// Whether nothing hides a key of the chunk from a row.
inline bool sees(const Problem& p, const Chunk& c, const Row& row, int key_of_chunk) {
  const ScoreRow& score = row.score;
  const std::int64_t key = c.first_key + key_of_chunk;
  if (!row.keys.contains(key_of_chunk)) return false;
  if (p.mask.rank > 0 && (key >= score.mask_keys || score.mask[key] == 0)) return false;
  if (score.ancestry != nullptr && key >= score.first_draft && score.ancestry[key - score.first_draft] == 0)
    return false;
  if (score.bias == nullptr || key >= score.bias_keys) return true;
  switch (p.bias.dtype) {
    case KI_DTYPE_FLOAT32: return reinterpret_cast<const float*>(score.bias)[key] != -kInfinity;
    case KI_DTYPE_FLOAT16: return reinterpret_cast<const ki::cpu::Float16*>(score.bias)[key].bits != 0xFC00;
    default: return reinterpret_cast<const ki::cpu::BFloat16*>(score.bias)[key].bits != 0xFF80;
  }
}

// 2^(score - logsumexp)
HWY_INLINE FloatVector probabilities(const Row& row, FloatVector score) {
  const FloatTag d;
  return simd::exp2(d, hn::Sub(hn::Sub(score, hn::Set(d, row.logsumexp)), hn::Set(d, row.logsumexp_rest)));
}

// weights: scores, then P; grads: dP, then dS
HWY_INLINE void differentiate_plain(const Row& row, int count, float* HWY_RESTRICT weights, float* HWY_RESTRICT grads) {
  const FloatTag d;
  const auto delta = hn::Set(d, row.delta);
  change_lanes(weights, count, [&](FloatVector score, int j, int lanes) HWY_ATTR {
    const auto p = probabilities(row, score);
    store_lanes(hn::Mul(p, hn::Sub(load_lanes(grads + j, lanes), delta)), grads + j, lanes);
    return p;
  });
}

// sums[j] += grads[j]
HWY_INLINE void add_bias_gradients(const float* HWY_RESTRICT grads, int count, float* HWY_RESTRICT sums) {
  change_lanes(sums, count,
               [&](FloatVector sum, int j, int lanes) HWY_ATTR { return hn::Add(sum, load_lanes(grads + j, lanes)); });
}

// Where a row adds the gradients of its biases, for key `first` of the chunk on; `count` is cut to the keys that have a bias.
// NULL if it has none.
inline float* bias_sums(const Shared& shared, const Chunk& c, const Row& row, const Scratch& s, int first, int& count) {
  const BiasSums& bias = shared.bias;
  const std::int64_t key = c.first_key + first;
  if (bias.data == nullptr || key >= bias.shape[3]) return nullptr;
  count = static_cast<int>(std::min<std::int64_t>(count, bias.shape[3] - key));
  if (bias.is_summed_over_queries()) {
    const std::int64_t head = row.head % bias.heads_of_group(shared.problem->forward);
    return s.bias_sums + head * kPitch + first;
  }
  if (row.query >= bias.shape[2]) return nullptr;
  return bias.row({c.batch, row.head, row.query}) + key;
}

// The same for keys [first, first + count) of the chunk with everything that can happen to a score. What is hidden gets
// weights and gradients of 0, whatever was there.
HWY_INLINE void differentiate_general(const Shared& shared, const Chunk& c, const Row& row, int first, int count,
                                      const Scratch& s, float* HWY_RESTRICT weights, float* HWY_RESTRICT grads) {
  const FloatTag d;
  const Problem& p = shared.problem->forward;
  HWY_ALIGN float slopes[kChunkKeys], factors[kChunkKeys];
  const bool drops = p.dropout_threshold != 0;
  scores::finish_scores(p, row.score, c.first_key + first, count, weights, slopes);
  if (drops) {
    scores::dropout_factors(p, c.batch, row.head, row.query, c.first_key + first, count, factors);
  } else {
    std::fill_n(factors, count, 1.0f);
  }
  const auto delta = hn::Set(d, row.delta), hidden_score = hn::Set(d, -kInfinity);
  change_lanes(weights, count, [&](FloatVector score, int j, int lanes) HWY_ATTR {
    const auto hidden = hn::Eq(score, hidden_score);
    const auto probability = probabilities(row, score), factor = load_lanes(factors + j, lanes);
    const auto difference = hn::MulSub(load_lanes(grads + j, lanes), factor, delta);
    store_lanes(hn::IfThenZeroElse(hidden, hn::Mul(probability, difference)), grads + j, lanes);
    return hn::IfThenZeroElse(hidden, hn::Mul(probability, factor));
  });
  int with_bias = count;
  float* sums = bias_sums(shared, c, row, s, first, with_bias);
  if (sums != nullptr) add_bias_gradients(grads, with_bias, sums);
  if (p.softcap == 0) return;
  change_lanes(grads, count, [&](FloatVector grad, int j, int lanes) HWY_ATTR {
    // The slope of a hidden score may be NaN.
    return hn::IfThenZeroElse(hn::Eq(grad, hn::Zero(d)), hn::Mul(grad, load_lanes(slopes + j, lanes)));
  });
}

// A block's scores become probabilities, times dropout, and its dP become dS; zeros where a row's range ends.
inline void differentiate(const Shared& shared, const Chunk& c, const Row* rows, int count, const Scratch& s) {
  const bool general = shared.problem->forward.is_general();
  for (int r = 0; r < count; ++r) {
    float* weights = s.weights + r * kPitch;
    float* grads = s.grad_scores + r * kPitch;
    const RowKeys keys = rows[r].keys;
    const auto run = [&](int first, int end) {
      if (first >= end) return;
      if (general) {
        differentiate_general(shared, c, rows[r], first, end - first, s, weights + first, grads + first);
      } else {
        differentiate_plain(rows[r], end - first, weights + first, grads + first);
      }
    };
    run(0, keys.sinks);
    run(keys.begin, keys.end);
    for (float* row : {weights, grads}) {
      std::fill(row + keys.sinks, row + keys.begin, 0.0f);
      std::fill(row + keys.end, row + c.keys, 0.0f);
    }
  }
}

}  // namespace ki::attention::cpu::gradients::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_BACKWARD_SCORES_INL_H_
