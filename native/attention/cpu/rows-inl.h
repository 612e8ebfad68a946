// Where rows of queries, keys and values come from and outputs go to: every tensor's type and address is dealt with here,
// and the rest of the kernels see float32.

#if defined(KI_ATTENTION_CPU_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_ROWS_INL_H_
#undef KI_ATTENTION_CPU_ROWS_INL_H_
#else
#define KI_ATTENTION_CPU_ROWS_INL_H_
#endif

#include <cmath>
#include <limits>
#include <type_traits>

#include "attention/cpu/at.h"
#include "attention/cpu/cache_rows.h"
#include "attention/cpu/forward.h"
#include "attention/cpu/rotary-inl.h"
#include "cpu/simd/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// Calls body with an element of that type.
template <class Body>
HWY_INLINE void with_float_type(ki_dtype dtype, const Body& body) {
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return body(float{});
    case KI_DTYPE_FLOAT16: return body(ki::cpu::Float16{});
    default: return body(ki::cpu::BFloat16{});
  }
}

// The same for keys and values, which may be int8.
template <class Body>
HWY_INLINE void with_key_type(ki_dtype dtype, const Body& body) {
  if (dtype == KI_DTYPE_INT8) return body(std::int8_t{});
  with_float_type(dtype, body);
}

// Widens the row (i, j, k) of a tensor of rank 4.
HWY_INLINE void load_row(const Tensor& from, std::int64_t i, std::int64_t j, std::int64_t k, float* HWY_RESTRICT to) {
  with_float_type(from.dtype, [&](auto element) HWY_ATTR {
    using T = decltype(element);
    simd::widen_row(at<const T>(from, i, j, k), to, static_cast<int>(from.shape[3]));
  });
}

// Widens one query row of a block and, where the problem asks for it, turns it by its rotary embedding. Queries stand
// beside the last keys; those before the first key are not turned.
HWY_INLINE void load_query_row(const Problem& p, const Block& block, QueryRow row, float* HWY_RESTRICT to) {
  load_row(p.query, block.batch, block.sequence.first_query + row.query, row.head, to);
  const std::int64_t position = row.query + block.sequence.seq_k - block.sequence.seq_q;
  if (p.cache.rotary_dim > 0 && position >= 0) rotate_row(p.cache, position, to);
}

// Packs keys [first_key, first_key + count) of a block's sequence, transposed, and their values.
HWY_INLINE void pack_chunk(const Problem& p, const Block& block, std::int64_t first_key, int count, const Scratch& s) {
  std::byte* rows[kKeyChunk];
  float scales[kKeyChunk];
  const auto find_rows = [&](const Tensor& tensor, const Tensor& scale) {
    if (scale.rank > 0) {
      row_addresses(p, block.sequence, block.batch, scale, first_key, count, rows);
      for (int k = 0; k < count; ++k) scales[k] = reinterpret_cast<float*>(rows[k])[block.head_kv * scale.strides[2]];
    }
    row_addresses(p, block.sequence, block.batch, tensor, first_key, count, rows);
  };
  with_key_type(p.key.dtype, [&](auto element) HWY_ATTR {
    using T = decltype(element);
    find_rows(p.key, p.cache.key_scale);
    simd::pack_transposed(simd::TableRows<T>{rows, block.head_kv * p.key.strides[2], scales},
                          static_cast<int>(p.head_dim), count, s.keys);
    find_rows(p.value, p.cache.value_scale);
    simd::pack(simd::TableRows<T>{rows, block.head_kv * p.value.strides[2], scales}, count,
               static_cast<int>(p.head_dim_v), s.values);
  });
}

// Row (i, j, k) of a tensor of rank 4 = factor * from
HWY_INLINE void store_row(const Tensor& to, std::int64_t i, std::int64_t j, std::int64_t k,
                          const float* HWY_RESTRICT from, float factor) {
  with_float_type(to.dtype, [&](auto element) HWY_ATTR {
    using T = decltype(element);
    const simd::FloatTag d;
    const auto factors = hn::Set(d, factor);
    const int columns = static_cast<int>(to.shape[3]);
    T* row = at<T>(to, i, j, k);
    int c = 0;
    for (; c + simd::kLanes <= columns; c += simd::kLanes) {
      simd::store(d, hn::Mul(hn::LoadU(d, from + c), factors), row + c);
    }
    const int left = columns - c;
    if (left > 0) simd::store_first(d, hn::Mul(hn::LoadN(d, from + c, left), factors), row + c, left);
  });
}

// output = factor * row
HWY_INLINE void store_output_row(const Problem& p, const Block& block, QueryRow row, const float* HWY_RESTRICT from,
                                 float factor) {
  store_row(p.output, block.batch, block.sequence.first_query + row.query, row.head, from, factor);
}

// output = sums / weights, logsumexp = ln(2) * maximum + ln(weights), from a row's sums of weighted values and of weights,
// 2^(score - maximum).
HWY_INLINE void write_output_row(const Problem& p, const Block& block, QueryRow row, const float* HWY_RESTRICT sums,
                                 float maximum, float weights) {
  constexpr double kLn2 = 0.6931471805599453, kInfinity = std::numeric_limits<double>::infinity();
  store_output_row(p, block, row, sums, weights == 0.0f ? 0.0f : 1.0f / weights);
  if (p.logsumexp.data == nullptr) return;
  // A score of +infinity leaves a sum of NaN, infinity less itself, and dominates all the same.
  const double logsumexp = maximum == kInfinity ? kInfinity : maximum * kLn2 + std::log(double{weights});
  *at<float>(p.logsumexp, block.batch, row.head, block.sequence.first_query + row.query) =
      static_cast<float>(logsumexp);
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_ROWS_INL_H_
