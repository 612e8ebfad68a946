// Turns a query row's products with a run of keys into scores: soft cap, ALiBi, bias, mask and tree mask.

#if defined(KI_ATTENTION_CPU_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_SCORES_INL_H_
#undef KI_ATTENTION_CPU_SCORES_INL_H_
#else
#define KI_ATTENTION_CPU_SCORES_INL_H_
#endif

#include <algorithm>
#include <limits>

#include "attention/cpu/scores.h"
#include "cpu/simd/convert-inl.h"
#include "cpu/simd/tanh-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::FloatVector;
using simd::kLanes;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// x[j] = change(x[j], j) for j in [0, count), a vector at a time; what lies behind is neither read nor written. `change` is
// told how many of its lanes count.
template <class Change>
HWY_INLINE void change_lanes(float* HWY_RESTRICT x, int count, const Change& change) {
  const FloatTag d;
  int j = 0;
  for (; j + kLanes <= count; j += kLanes) hn::StoreU(change(hn::LoadU(d, x + j), j, kLanes), d, x + j);
  if (j < count) hn::StoreN(change(hn::LoadN(d, x + j, count - j), j, count - j), d, x + j, count - j);
}

// scores = softcap * tanh(scores); slopes, where wanted, the derivative of that by the score it is of, 1 - tanh^2.
HWY_INLINE void cap_scores(const Problem& p, int count, float* HWY_RESTRICT scores, float* HWY_RESTRICT slopes) {
  const FloatTag d;
  const auto bound = hn::Set(d, static_cast<float>(p.softcap * kLog2e));
  change_lanes(scores, count, [&](FloatVector x, int j, int lanes) HWY_ATTR {
    const auto t = simd::tanh(d, x);
    if (slopes != nullptr) hn::StoreN(hn::NegMulAdd(t, t, hn::Set(d, 1.0f)), d, slopes + j, lanes);
    return hn::Mul(bound, t);
  });
}

// scores -= slope * |position - key|
HWY_INLINE void subtract_distances(const ScoreRow& row, std::int64_t first_key, int count, float* HWY_RESTRICT scores) {
  const FloatTag d;
  const auto slope = hn::Set(d, static_cast<float>(row.alibi_slope * kLog2e));
  const auto lane = hn::Iota(d, 0);
  change_lanes(scores, count, [&](FloatVector x, int j, int) HWY_ATTR {
    const auto distance = hn::Abs(hn::Sub(hn::Set(d, static_cast<float>(row.position - first_key - j)), lane));
    return hn::NegMulAdd(slope, distance, x);
  });
}

// scores += bias; a bias of -infinity wins over every score.
template <class T>
HWY_INLINE void add_bias(const T* HWY_RESTRICT bias, int count, float* HWY_RESTRICT scores) {
  const FloatTag d;
  const auto log2e = hn::Set(d, static_cast<float>(kLog2e)), hidden = hn::Set(d, -kInfinity);
  change_lanes(scores, count, [&](FloatVector x, int j, int lanes) HWY_ATTR {
    const auto b = lanes == kLanes ? simd::load(d, bias + j) : simd::load_first(d, bias + j, lanes);
    return hn::IfThenElse(hn::Eq(b, hidden), hidden, hn::MulAdd(b, log2e, x));
  });
}

// scores = -infinity where the mask is 0
HWY_INLINE void hide_masked(const std::uint8_t* HWY_RESTRICT mask, int count, float* HWY_RESTRICT scores) {
  const FloatTag d;
  const hn::Rebind<std::uint8_t, FloatTag> d8;
  const hn::RebindToSigned<FloatTag> di;
  change_lanes(scores, count, [&](FloatVector x, int j, int lanes) HWY_ATTR {
    const auto bytes = lanes == kLanes ? hn::LoadU(d8, mask + j) : hn::LoadN(d8, mask + j, lanes);
    const auto hidden = hn::Eq(hn::PromoteTo(di, bytes), hn::Zero(di));
    return hn::IfThenElse(hn::RebindMask(d, hidden), hn::Set(d, -kInfinity), x);
  });
}

// The part of keys [first_key, first_key + count) that lies in [begin, end), counted from first_key.
struct KeyRun {
  int first, count;

  KeyRun(std::int64_t first_key, int keys, std::int64_t begin, std::int64_t end)
      : first(static_cast<int>(std::clamp<std::int64_t>(begin - first_key, 0, keys))),
        count(static_cast<int>(std::clamp<std::int64_t>(end - first_key, first, keys)) - first) {}
};

HWY_INLINE void add_bias(const Problem& p, const ScoreRow& row, std::int64_t first_key, int count,
                         float* HWY_RESTRICT scores) {
  const int keys = KeyRun(first_key, count, 0, row.bias_keys).count;
  switch (p.bias.dtype) {
    case KI_DTYPE_FLOAT32: return add_bias(reinterpret_cast<const float*>(row.bias) + first_key, keys, scores);
    case KI_DTYPE_FLOAT16:
      return add_bias(reinterpret_cast<const ki::cpu::Float16*>(row.bias) + first_key, keys, scores);
    default: return add_bias(reinterpret_cast<const ki::cpu::BFloat16*>(row.bias) + first_key, keys, scores);
  }
}

// Scores of keys [first_key, first_key + count), which the row sees as far as ranges go (VisibleKeys), in units of log2.
// `scores` holds product_factor(p) * q . k. Hidden keys get -infinity, whatever is there, NaN included; a softmax weight
// of 0 does not keep a NaN of such a key's value out, so values that may be NaN must be left out by their score.
//
// `slopes`, if not NULL, gets the derivative of the soft cap, for problems that have one; it says nothing of hidden keys.
HWY_INLINE void finish_scores(const Problem& p, const ScoreRow& row, std::int64_t first_key, int count,
                              float* HWY_RESTRICT scores, float* HWY_RESTRICT slopes = nullptr) {
  if (p.softcap != 0) cap_scores(p, count, scores, slopes);
  if (row.alibi_slope != 0) subtract_distances(row, first_key, count, scores);
  if (row.bias != nullptr) add_bias(p, row, first_key, count, scores);
  if (p.mask.rank > 0) {
    const int keys = KeyRun(first_key, count, 0, row.mask_keys).count;
    hide_masked(row.mask + first_key, keys, scores);
    std::fill(scores + keys, scores + count, -kInfinity);
  }
  if (row.ancestry != nullptr) {
    const KeyRun drafts(first_key, count, row.first_draft, row.first_draft + p.draft_length);
    const std::int64_t token = first_key + drafts.first - row.first_draft;
    hide_masked(row.ancestry + token, drafts.count, scores + drafts.first);
  }
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_SCORES_INL_H_
