// Products of a few query rows with keys and values as they lie in memory, without packing them.

#if defined(KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
#undef KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
#else
#define KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
#endif

#include "cpu/simd/convert-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// Keys and query rows of a block. A block of scores keeps rows x keys sums, the keys' vectors and one of a query: 4 x 4 +
// 4 + 1 = 21 of the 32 registers of AVX-512 and NEON, 2 x 4 + 4 + 1 = 13 of the 16 of AVX2. A block of values keeps as
// many weights, 4 vectors of values and one sum. Four keys, whose sums are reduced together, cost a quarter of one's.
inline constexpr int kBlockKeys = 4;
inline constexpr int kBlockRows = HWY_TARGET == HWY_AVX2 ? 2 : 4;

// Rows of the next block, when so many are left: what is left for two blocks is halved between them.
HWY_INLINE int block_rows(int left) {
  return left <= kBlockRows ? left : left < 2 * kBlockRows ? (left + 1) / 2 : kBlockRows;
}

// Rows of float32, `pitch` floats apart.
struct FloatRows {
  float* data;
  std::int64_t pitch;

  HWY_INLINE FloatRows from(int row, int column = 0) const { return {data + row * pitch + column, pitch}; }
};

// The sums of the lanes of four vectors, in four lanes.
HWY_INLINE hn::Vec<hn::CappedTag<float, 4>> lane_sums(hn::Vec<hn::CappedTag<float, 4>> x) { return x; }

template <class V>
HWY_INLINE hn::Vec<hn::CappedTag<float, 4>> lane_sums(V x) {
  const hn::Half<hn::DFromV<V>> half;
  return lane_sums(hn::Add(hn::LowerHalf(half, x), hn::UpperHalf(half, x)));
}

HWY_INLINE void store_sums(const simd::FloatVector (&x)[4], float* to) {
  const simd::FloatTag d;
  const hn::Repartition<double, simd::FloatTag> dd;
  const auto add_pair = [&](simd::FloatVector a, simd::FloatVector b) HWY_ATTR {
    return hn::BitCast(dd, hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)));
  };
  // In each block of 128 bits: a0 + a2, b0 + b2, a1 + a3, b1 + b3.
  const auto first = add_pair(x[0], x[1]), second = add_pair(x[2], x[3]);
  const auto sums = hn::Add(hn::BitCast(d, hn::InterleaveLower(dd, first, second)),
                            hn::BitCast(d, hn::InterleaveUpper(dd, first, second)));
  hn::StoreU(lane_sums(sums), hn::CappedTag<float, 4>(), to);
}

HWY_INLINE void store_sums(const simd::FloatVector (&x)[1], float* to) { *to = hn::ReduceSum(simd::FloatTag(), x[0]); }

// scores[r][j] = q_r . k_j. Queries are zero from `depth` to the next full vector.
template <class C, int kKeys, int kRows>
HWY_INLINE void score_block(const C* const* keys, FloatRows queries, int depth, FloatRows scores) {
  const simd::FloatTag d;
  const C* k[kKeys];
  for (int j = 0; j < kKeys; ++j) k[j] = keys[j];
  simd::FloatVector sums[kRows][kKeys];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < kKeys; ++j) sums[r][j] = hn::Zero(d);
  }
  const auto add = [&](int i, const auto& load) HWY_ATTR {
    simd::FloatVector x[kKeys];
#pragma GCC unroll 4
    for (int j = 0; j < kKeys; ++j) x[j] = load(k[j] + i);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const auto q = hn::Load(d, queries.data + r * queries.pitch + i);
#pragma GCC unroll 4
      for (int j = 0; j < kKeys; ++j) sums[r][j] = hn::MulAdd(q, x[j], sums[r][j]);
    }
  };
  int i = 0;
  for (; i + simd::kLanes <= depth; i += simd::kLanes) {
    add(i, [&](const C* from) HWY_ATTR { return simd::load(d, from); });
  }
  if (i < depth) add(i, [&](const C* from) HWY_ATTR { return simd::load_first(d, from, depth - i); });
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) store_sums(sums[r], scores.data + r * scores.pitch);
}

// sums[r] += sum over j of weights[r][j] * v_j, in the order of keys. Sums have room to the next full vector.
template <class C, int kKeys, int kRows>
HWY_INLINE void value_block(const C* const* values, FloatRows weights, int columns, FloatRows sums) {
  const simd::FloatTag d;
  const C* v[kKeys];
  for (int j = 0; j < kKeys; ++j) v[j] = values[j];
  simd::FloatVector w[kRows][kKeys];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < kKeys; ++j) w[r][j] = hn::Set(d, weights.data[r * weights.pitch + j]);
  }
  const auto add = [&](int i, const auto& load) HWY_ATTR {
    simd::FloatVector x[kKeys];
#pragma GCC unroll 4
    for (int j = 0; j < kKeys; ++j) x[j] = load(v[j] + i);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      auto sum = hn::Load(d, sums.data + r * sums.pitch + i);
#pragma GCC unroll 4
      for (int j = 0; j < kKeys; ++j) sum = hn::MulAdd(w[r][j], x[j], sum);
      hn::Store(sum, d, sums.data + r * sums.pitch + i);
    }
  };
  int i = 0;
  for (; i + simd::kLanes <= columns; i += simd::kLanes) {
    add(i, [&](const C* from) HWY_ATTR { return simd::load(d, from); });
  }
  if (i < columns) add(i, [&](const C* from) HWY_ATTR { return simd::load_first(d, from, columns - i); });
}

// Both for any number of rows, with kKeys keys.
template <class C, int kKeys>
HWY_INLINE void score_rows(const C* const* keys, FloatRows queries, int rows, int depth, FloatRows scores) {
  for (int r = 0, block; r < rows; r += block) {
    block = block_rows(rows - r);
    const FloatRows q = queries.from(r), s = scores.from(r);
    switch (block) {
      case 1: score_block<C, kKeys, 1>(keys, q, depth, s); break;
      case 2: score_block<C, kKeys, 2>(keys, q, depth, s); break;
      case 3: score_block<C, kKeys, HWY_MIN(3, kBlockRows)>(keys, q, depth, s); break;
      default: score_block<C, kKeys, kBlockRows>(keys, q, depth, s); break;
    }
  }
}

template <class C, int kKeys>
HWY_INLINE void value_rows(const C* const* values, FloatRows weights, int rows, int columns, FloatRows sums) {
  for (int r = 0, block; r < rows; r += block) {
    block = block_rows(rows - r);
    const FloatRows w = weights.from(r), s = sums.from(r);
    switch (block) {
      case 1: value_block<C, kKeys, 1>(values, w, columns, s); break;
      case 2: value_block<C, kKeys, 2>(values, w, columns, s); break;
      case 3: value_block<C, kKeys, HWY_MIN(3, kBlockRows)>(values, w, columns, s); break;
      default: value_block<C, kKeys, kBlockRows>(values, w, columns, s); break;
    }
  }
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
