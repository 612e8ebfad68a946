// Products of a few query rows with keys and values as they lie in memory, without packing them.

#if defined(KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
#undef KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
#else
#define KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
#endif

#include <hwy/cache_control.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <type_traits>

#include "attention/cpu/decode_parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// Keys and query rows of a block of scores. It keeps rows x keys sums, the keys' vectors and one of a query: 4 x 4 + 4 + 1 =
// 21 of the 32 registers of AVX-512 and NEON, 2 x 4 + 4 + 1 = 13 of the 16 of AVX2. Four keys, whose sums are reduced
// together, cost a quarter of one's.
inline constexpr int kBlockKeys = 4;
inline constexpr int kScoreRows = HWY_TARGET == HWY_AVX2 ? 2 : 4;

// Query rows of a block of values at the most, and sums that it keeps in registers: 16 + 4 vectors of a value + 1 weight, or
// 8 + 2 + 1 with AVX2. 8 rows by 2 vectors widen a value half as often, but load twice as many weights: no faster.
inline constexpr int kValueRows = 4;
inline constexpr int kValueSums = HWY_TARGET == HWY_AVX2 ? 8 : 16;

// Keys of a block of values: few, so that memory is read nearly in the order in which it lies, across heads, and enough that
// loading and storing sums costs little.
inline constexpr int kValueKeys = 32;

// Rows of float32, `pitch` floats apart.
struct FloatRows {
  float* data;
  std::int64_t pitch;

  HWY_INLINE FloatRows from(int row, int column = 0) const { return {data + row * pitch + column, pitch}; }
};

// Rows of keys or values of one head: where they are at head 0, and how many bytes further.
struct ByteRows {
  const std::byte* const* rows;
  std::int64_t offset;

  HWY_INLINE const std::byte* row(int j) const { return rows[j] + offset; }
  HWY_INLINE ByteRows from(int first) const { return {rows + first, offset}; }
};

// Has the cache lines of a row's bytes [begin, begin + bytes) fetched. That such a run may reach into one line more does
// not matter: the next run begins there.
HWY_INLINE void prefetch(const std::byte* row, std::int64_t begin, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 64) hwy::Prefetch(row + begin + i);
}

// Calls body with the first row of each block and its number of rows, a constant. What is left for the last two blocks is
// halved between them.
template <int kMost, class Body>
HWY_INLINE void for_row_blocks(int rows, const Body& body) {
  for (int r = 0, block; r < rows; r += block) {
    const int left = rows - r;
    block = left <= kMost ? left : left < 2 * kMost ? (left + 1) / 2 : kMost;
    switch (block) {
      case 1: body(r, std::integral_constant<int, 1>()); break;
      case 2: body(r, std::integral_constant<int, 2>()); break;
      case 3: body(r, std::integral_constant<int, HWY_MIN(3, kMost)>()); break;
      default: body(r, std::integral_constant<int, kMost>()); break;
    }
  }
}

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

// scores[r][j] = q_r . k_j. Queries are in the order of parts, and zero from `depth` to the end of the last group.
template <class C, int kKeys, int kRows>
HWY_INLINE void score_block(ByteRows keys, FloatRows queries, int depth, FloatRows scores) {
  const simd::FloatTag d;
  const C* k[kKeys];
  for (int j = 0; j < kKeys; ++j) k[j] = reinterpret_cast<const C*>(keys.row(j));
  simd::FloatVector sums[kRows][kKeys];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < kKeys; ++j) sums[r][j] = hn::Zero(d);
  }
  const auto add = [&](int i, const auto& load) HWY_ATTR {
    for_parts<C>([&](auto part) HWY_ATTR {
      simd::FloatVector x[kKeys];
#pragma GCC unroll 4
      for (int j = 0; j < kKeys; ++j) x[j] = load(k[j] + i, part);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const auto q = hn::Load(d, queries.data + r * queries.pitch + i + part * simd::kLanes);
#pragma GCC unroll 4
        for (int j = 0; j < kKeys; ++j) sums[r][j] = hn::MulAdd(q, x[j], sums[r][j]);
      }
    });
  };
  int i = 0;
  for (; i + kGroup<C> <= depth; i += kGroup<C>) {
    add(i, [&](const C* from, auto part) HWY_ATTR { return load_part<part>(d, from); });
  }
  if (i < depth) {
    add(i, [&](const C* from, auto part) HWY_ATTR { return load_first_part<part>(d, from, depth - i); });
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) store_sums(sums[r], scores.data + r * scores.pitch);
}

// The same for any number of rows.
template <class C, int kKeys>
HWY_INLINE void score_rows(ByteRows keys, FloatRows queries, int rows, int depth, FloatRows scores) {
  for_row_blocks<kScoreRows>(rows, [&](int r, auto count) HWY_ATTR {
    score_block<C, kKeys, count>(keys, queries.from(r), depth, scores.from(r));
  });
}

// Some keys' values, and rows that are needed next and fetched meanwhile.
struct Values {
  ByteRows rows;
  int count;
  ByteRows next;

  HWY_INLINE Values from(std::int64_t bytes) const {
    return {{rows.rows, rows.offset + bytes}, count, {next.rows, next.offset + bytes}};
  }
};

// sums[r] += sum over j of weights[r][j] * v_j, in the order of keys, for kGroups groups of columns, or the first `columns` of
// one. Sums are in the order of parts and have room to the end of the group.
template <class C, int kRows, int kGroups, bool kIsPartial = false>
HWY_INLINE void value_block(const Values& values, FloatRows weights, FloatRows sums, int columns = 0) {
  const simd::FloatTag d;
  constexpr int kVectors = kGroups * kParts<C>;
  const auto sum_at = [&](int r, int v) HWY_ATTR { return sums.data + r * sums.pitch + v * simd::kLanes; };
  simd::FloatVector sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Load(d, sum_at(r, v));
  }
  for (int j = 0; j < values.count; ++j) {
    const C* from = reinterpret_cast<const C*>(values.rows.row(j));
    prefetch(values.next.row(j), 0, kGroups * kGroup<C> * static_cast<int>(sizeof(C)));
    simd::FloatVector x[kVectors];
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) {
      for_parts<C>([&](auto part) HWY_ATTR {
        x[g * kParts<C> + part] =
            kIsPartial ? load_first_part<part>(d, from, columns) : load_part<part>(d, from + g * kGroup<C>);
      });
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const auto weight = hn::Set(d, weights.data[r * weights.pitch + j]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(weight, x[v], sum[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], d, sum_at(r, v));
  }
}

// The same for all columns: as many groups at a time as there are sums for, then half as many, and so on.
template <class C, int kRows,
          int kGroups = std::bit_floor(static_cast<unsigned>(std::min(kValueSums / kRows, 8))) / kParts<C>>
HWY_INLINE void value_columns(const Values& values, FloatRows weights, int columns, FloatRows sums, int first = 0) {
  const auto values_at = [&](int c) { return values.from(c * static_cast<std::int64_t>(sizeof(C))); };
  int c = first;
  for (; c + kGroups * kGroup<C> <= columns; c += kGroups * kGroup<C>) {
    value_block<C, kRows, kGroups>(values_at(c), weights, sums.from(0, c));
  }
  if constexpr (kGroups > 1) {
    value_columns<C, kRows, kGroups / 2>(values, weights, columns, sums, c);
  } else if (c < columns) {
    value_block<C, kRows, 1, true>(values_at(c), weights, sums.from(0, c), columns - c);
  }
}

// The same for any number of rows.
template <class C>
HWY_INLINE void value_rows(const Values& values, FloatRows weights, int rows, int columns, FloatRows sums) {
  for_row_blocks<kValueRows>(rows, [&](int r, auto count) HWY_ATTR {
    value_columns<C, count>(values, weights.from(r), columns, sums.from(r));
  });
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DECODE_PRODUCTS_INL_H_
