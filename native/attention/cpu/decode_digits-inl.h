// Products with int8 keys and values in integers, for processors that sum four products of bytes in one instruction (VNNI).
//
// Queries and weights become integers of two or three digits to base 256, relative to the largest of their row: n = q / step.
// A digit of a row counts as a row of its own; sums of products are exact, and are put together as floats.
//
//   q . k = step * sum over digits of 256^i * (digit row i . k)
//
// The instruction takes bytes with a sign times bytes without one. Weights have none; keys lose theirs by adding 128, so that sums
// begin at -128 * (sum of the row's digits). Its sums are of four neighbouring bytes. For keys those are four elements of
// one key, and a transpose puts the same four of four keys side by side: then lanes are keys, and each block of 128 bits has its
// share of the depth. For values they are four keys' elements in one column.

#if defined(KI_ATTENTION_CPU_DECODE_DIGITS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_DECODE_DIGITS_INL_H_
#undef KI_ATTENTION_CPU_DECODE_DIGITS_INL_H_
#else
#define KI_ATTENTION_CPU_DECODE_DIGITS_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstdint>

#include "attention/cpu/decode.h"
#include "attention/cpu/decode_products-inl.h"
#include "attention/cpu/quantise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

using IntTag = hn::RebindToSigned<simd::FloatTag>;
using IntVector = hn::Vec<IntTag>;
using ByteTag = hn::Repartition<std::uint8_t, simd::FloatTag>;
using ByteVector = hn::Vec<ByteTag>;
using SignedByteTag = hn::Repartition<std::int8_t, simd::FloatTag>;

// Bytes of a vector, which are the columns, or elements of the depth, that a step takes from four rows.
inline constexpr int kChunk = 4 * simd::kLanes;

// Rows whose largest magnitude is 0 or between these become integers: their steps and the inverses of those are normal numbers.
inline constexpr float kLeastLargest = 0x1p-100f, kMostLargest = 0x1p100f;

HWY_INLINE bool has_digits(float largest) {
  return largest == 0 || (largest >= kLeastLargest && largest <= kMostLargest);
}

// The largest integers: of a query, every digit 127, or with three digits a little less, which rounding may add; of a weight, every
// digit 255.
template <int kDigits>
inline constexpr float kMostQuery = kDigits == 2 ? 127 * 257 : 127 * 65793 - 8;
template <int kDigits>
inline constexpr float kMostWeight = kDigits == 2 ? 65535 : 16777215;

// Bytes from one row of a query's digits to the next.
inline std::int64_t digit_pitch(std::int64_t depth) { return kChunk + 4 * round_up(depth, kChunk); }

// Writes the digits of a query, the highest first, and returns the step. A row begins with what its sums begin with: in each block of
// 128 bits, the share of the elements that meet there. Then come the digits, a vector of them written four times as `score_digits`
// multiplies it with four keys: each time one quad of every block, repeated.
template <int kDigits>
HWY_INLINE float make_query_digits(const float* HWY_RESTRICT query, int depth, float largest,
                                   std::int8_t* HWY_RESTRICT to) {
  const simd::FloatTag d;
  const IntTag di;
  const hn::Rebind<std::int8_t, simd::FloatTag> d8;
  const auto inverse = hn::Set(d, largest == 0 ? 0.0f : kMostQuery<kDigits> / largest);
  HWY_ALIGN std::int8_t digits[kDigits][kMaxHeadDim] = {};
  for (int i = 0; i < depth; i += simd::kLanes) {
    // Zero from `depth` to the end of the vector.
    auto number = hn::NearestInt(hn::Mul(hn::Load(d, query + i), inverse));
    for (int digit = kDigits - 1; digit >= 0; --digit) {
      const auto low = hn::ShiftRight<24>(hn::ShiftLeft<24>(number));
      hn::StoreU(hn::DemoteTo(d8, low), d8, digits[digit] + i);
      number = hn::ShiftRight<8>(hn::Sub(number, low));
    }
  }
  for (int digit = 0; digit < kDigits; ++digit) {
    auto* HWY_RESTRICT quads = reinterpret_cast<std::int32_t*>(to + digit * digit_pitch(depth));
    auto sum = hn::Zero(di);
    for (int i = 0; i < depth; i += kChunk) {
      const auto bytes = hn::Load(SignedByteTag(), digits[digit] + i);
      const auto x = hn::BitCast(di, bytes);
      sum = hn::SumOfMulQuadAccumulate(di, hn::Set(ByteTag(), std::uint8_t{128}), bytes, sum);
      std::int32_t* chunk = quads + simd::kLanes + i;
      hn::Store(hn::Broadcast<0>(x), di, chunk);
      hn::Store(hn::Broadcast<1>(x), di, chunk + simd::kLanes);
      hn::Store(hn::Broadcast<2>(x), di, chunk + 2 * simd::kLanes);
      hn::Store(hn::Broadcast<3>(x), di, chunk + 3 * simd::kLanes);
    }
    sum = hn::Add(sum, hn::Shuffle2301(sum));
    hn::Store(hn::Neg(hn::Add(sum, hn::Shuffle1032(sum))), di, quads);
  }
  return largest / kMostQuery<kDigits>;
}

// Digits of the weights of a tile, the highest first, and returns the row's step; a negative one if a weight is negative, NaN, or
// out of range. Behind `count` they are 0.
template <int kDigits>
HWY_INLINE float make_weight_digits(const float* HWY_RESTRICT weights, int count,
                                    std::uint8_t (*HWY_RESTRICT digits)[kDecodeTile]) {
  const simd::FloatTag d;
  const IntTag di;
  const hn::RebindToUnsigned<simd::FloatTag> du;
  const hn::Rebind<std::uint8_t, simd::FloatTag> d8;
  simd::FloatVector x[kDecodeTile / simd::kLanes];
  // As unsigned numbers, the bits of floats that are NaN or negative are above those of all others.
  auto bits = hn::Zero(du);
  for (int j = 0; j < kDecodeTile; j += simd::kLanes) {
    const auto here = hn::FirstN(d, static_cast<std::size_t>(HWY_MAX(count - j, 0)));
    x[j / simd::kLanes] = hn::IfThenElseZero(here, hn::LoadU(d, weights + j));
    bits = hn::Max(bits, hn::BitCast(du, x[j / simd::kLanes]));
  }
  const float largest = std::bit_cast<float>(hn::ReduceMax(du, bits));
  if (!has_digits(largest)) return -1.0f;
  const auto inverse = hn::Set(d, largest == 0 ? 0.0f : kMostWeight<kDigits> / largest);
  for (int j = 0; j < kDecodeTile; j += simd::kLanes) {
    // Rounding may carry the largest one beyond the last digit.
    const auto most = hn::Set(d, kMostWeight<kDigits>);
    auto number = hn::BitCast(du, hn::NearestInt(hn::Min(hn::Mul(x[j / simd::kLanes], inverse), most)));
    for (int digit = kDigits - 1; digit >= 0; --digit) {
      hn::StoreU(hn::TruncateTo(d8, number), d8, digits[digit] + j);
      number = hn::ShiftRight<8>(number);
    }
  }
  return largest / kMostWeight<kDigits>;
}

// What the digits' sums stand for, in steps. Two digits together stay below 2^31.
HWY_INLINE simd::FloatVector join_digits(const IntVector (&sums)[2]) {
  return hn::ConvertTo(simd::FloatTag(), hn::Add(hn::ShiftLeft<8>(sums[0]), sums[1]));
}

HWY_INLINE simd::FloatVector join_digits(const IntVector (&sums)[3]) {
  const simd::FloatTag d;
  return hn::MulAdd(join_digits({sums[0], sums[1]}), hn::Set(d, 256.0f), hn::ConvertTo(d, sums[2]));
}

// The first `count` bytes at most, zeros behind; reads nothing beyond them.
template <bool kIsPartial>
HWY_INLINE ByteVector load_bytes(const std::byte* from, int count) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(from);
  return kIsPartial ? hn::LoadN(ByteTag(), bytes, static_cast<std::size_t>(count)) : hn::LoadU(ByteTag(), bytes);
}

// Interleaves elements of kSize bytes of four vectors, in each block of 128 bits: first[i], second[i], third[i], fourth[i] for all i,
// the first quarter of them, then the second, and so on.
template <class T>
HWY_INLINE void interleave(const ByteVector (&x)[4], ByteVector (&to)[4]) {
  const ByteTag d8;
  const hn::Repartition<T, ByteTag> d;
  const hn::RepartitionToWide<decltype(d)> dw;
  const auto at = [&](int i) HWY_ATTR { return hn::BitCast(d, x[i]); };
  const auto wide = [&](auto v) HWY_ATTR { return hn::BitCast(dw, v); };
  const auto low01 = wide(hn::InterleaveLower(d, at(0), at(1))), low23 = wide(hn::InterleaveLower(d, at(2), at(3)));
  const auto high01 = wide(hn::InterleaveUpper(d, at(0), at(1))), high23 = wide(hn::InterleaveUpper(d, at(2), at(3)));
  to[0] = hn::BitCast(d8, hn::InterleaveLower(dw, low01, low23));
  to[1] = hn::BitCast(d8, hn::InterleaveUpper(dw, low01, low23));
  to[2] = hn::BitCast(d8, hn::InterleaveLower(dw, high01, high23));
  to[3] = hn::BitCast(d8, hn::InterleaveUpper(dw, high01, high23));
}

// Digits of query rows: kDigits rows of bytes for each.
struct QueryDigits {
  const std::int8_t* data;
  std::int64_t pitch;
  const float* steps;  // of the rows

  template <int kDigits>
  HWY_INLINE QueryDigits from(int row) const {
    return {data + row * kDigits * pitch, pitch, steps + row};
  }
};

// Keys whose scores are computed at a time: four, or more times four where there are registers for the sums, so that digits are
// loaded less often.
template <int kSums>
inline constexpr int kQuads = kSums <= 3   ? 4
                              : kSums <= 8 ? 2
                                           : 1;
inline constexpr int kIntegerKeys = 16;

// scores[r][j] = q_r . k_j. Bytes of `next` rows are fetched meanwhile, as many as a key has: one line at a time, between other work.
template <int kDigits, int kRows>
HWY_INLINE void score_digits(ByteRows keys, QueryDigits queries, int depth, ByteRows next, FloatRows scores) {
  const IntTag di;
  constexpr int kWidth = kQuads<kRows * kDigits>;
  IntVector sums[kWidth][kRows][kDigits];
#pragma GCC unroll 12
  for (int row = 0; row < kRows * kDigits; ++row) {
    const auto begin = hn::Load(di, reinterpret_cast<const std::int32_t*>(queries.data + row * queries.pitch));
#pragma GCC unroll 4
    for (int w = 0; w < kWidth; ++w) sums[w][row / kDigits][row % kDigits] = begin;
  }
  const auto add = [&](int i, auto is_partial) HWY_ATTR {
    ByteVector x[kWidth][4];
#pragma GCC unroll 4
    for (int w = 0; w < kWidth; ++w) {
      ByteVector from[4];
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        const auto key = load_bytes<is_partial>(keys.row(4 * w + j) + i, depth - i);
        prefetch(next.row(4 * w + j), i, kChunk);
        from[j] = hn::Xor(key, hn::Set(ByteTag(), std::uint8_t{128}));
      }
      interleave<std::uint32_t>(from, x[w]);
    }
    const std::int8_t* digits = queries.data + kChunk + 4 * i;
#pragma GCC unroll 12
    for (int row = 0; row < kRows * kDigits; ++row) {
#pragma GCC unroll 4
      for (int quarter = 0; quarter < 4; ++quarter) {
        const auto q = hn::Load(SignedByteTag(), digits + row * queries.pitch + quarter * kChunk);
#pragma GCC unroll 4
        for (int w = 0; w < kWidth; ++w) {
          auto& sum = sums[w][row / kDigits][row % kDigits];
          sum = hn::SumOfMulQuadAccumulate(di, x[w][quarter], q, sum);
        }
      }
    }
  };
  int i = 0;
  for (; i + kChunk <= depth; i += kChunk) add(i, std::false_type());
  if (i < depth) add(i, std::true_type());
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    const hn::CappedTag<float, 4> d4;
    const auto step = hn::Set(d4, queries.steps[r]);
#pragma GCC unroll 4
    for (int w = 0; w < kWidth; ++w) {
      hn::StoreU(hn::Mul(step, lane_sums(join_digits(sums[w][r]))), d4, scores.data + r * scores.pitch + 4 * w);
    }
  }
}

// The same for kIntegerKeys keys and any number of rows.
template <int kDigits>
HWY_INLINE void score_digit_rows(ByteRows keys, QueryDigits queries, int rows, int depth, ByteRows next,
                                 FloatRows scores) {
  for_row_blocks<4>(rows, [&](int r, auto count) HWY_ATTR {
    constexpr int kKeys = 4 * kQuads<count * kDigits>;
    for (int j = 0; j < kIntegerKeys; j += kKeys) {
      score_digits<kDigits, count>(keys.from(j), queries.from<kDigits>(r), depth, next.from(j), scores.from(r, j));
    }
  });
}

// Sums of values have this order while they are summed from integers: what lies in block b of vector v of a chunk of columns is
// column 4 v of block b. The same again restores them.
HWY_INLINE void transpose_blocks(float* sums, std::int64_t count) {
  for (std::int64_t chunk = 0; chunk < count; chunk += kChunk) {
    for (int v = 0; v < 4; ++v) {
      for (int b = v + 1; b < 4; ++b) {
        std::swap_ranges(sums + chunk + 16 * v + 4 * b, sums + chunk + 16 * v + 4 * b + 4,
                         sums + chunk + 16 * b + 4 * v);
      }
    }
  }
}

// The digits of the weights of kRows rows.
template <int kDigits, int kRows>
struct WeightDigits {
  HWY_ALIGN std::uint8_t digits[kRows * kDigits][kDecodeTile];
  float steps[kRows];
};

// sums[r] += sum over j of weights[r][j] * v_j for a chunk of columns, or the first `columns` of it. Rows behind the last value are
// read as far as a multiple of four.
template <int kDigits, int kRows, bool kIsPartial>
HWY_INLINE void add_value_digits(const Values& values, const WeightDigits<kDigits, kRows>& weights, FloatRows sums,
                                 int columns) {
  const simd::FloatTag d;
  const IntTag di;
  // Vectors of columns at a time, as many as there are registers for the sums.
  constexpr int kVectors = kRows * kDigits <= 6 ? 4 : 2;
#pragma GCC unroll 2
  for (int first = 0; first < 4; first += kVectors) {
    IntVector sum[kRows][kVectors][kDigits];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 3
        for (int digit = 0; digit < kDigits; ++digit) sum[r][v][digit] = hn::Zero(di);
      }
    }
    for (int j = 0; j < values.count; j += 4) {
      ByteVector from[4], x[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        from[i] = load_bytes<kIsPartial>(values.rows.row(j + i), columns);
        if (i / kVectors == first / kVectors) prefetch(values.next.row(j + i), 0, kChunk);
      }
      interleave<std::uint8_t>(from, x);
#pragma GCC unroll 12
      for (int row = 0; row < kRows * kDigits; ++row) {
        std::uint32_t four;
        std::copy_n(weights.digits[row] + j, 4, reinterpret_cast<std::uint8_t*>(&four));
        const auto weight = hn::BitCast(ByteTag(), hn::Set(hn::RebindToUnsigned<IntTag>(), four));
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          auto& to = sum[row / kDigits][v][row % kDigits];
          to = hn::SumOfMulQuadAccumulate(di, weight, hn::BitCast(SignedByteTag(), x[first + v]), to);
        }
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const auto step = hn::Set(d, weights.steps[r]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        float* to = sums.data + r * sums.pitch + (first + v) * simd::kLanes;
        hn::Store(hn::MulAdd(step, join_digits(sum[r][v]), hn::Load(d, to)), d, to);
      }
    }
  }
}

// The same for all columns.
template <int kDigits, int kRows>
HWY_INLINE void add_value_digits(const Values& values, const WeightDigits<kDigits, kRows>& weights, int columns,
                                 FloatRows sums) {
  int c = 0;
  for (; c + kChunk <= columns; c += kChunk) {
    add_value_digits<kDigits, kRows, false>(values.from(c), weights, sums.from(0, c), kChunk);
  }
  if (c < columns) add_value_digits<kDigits, kRows, true>(values.from(c), weights, sums.from(0, c), columns - c);
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DECODE_DIGITS_INL_H_
