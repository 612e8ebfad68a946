// Where rows of queries, keys and values come from and outputs go to: every tensor's type and address is dealt with here,
// and the rest of the kernels see float32.

#if defined(KI_ATTENTION_CPU_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_ROWS_INL_H_
#undef KI_ATTENTION_CPU_ROWS_INL_H_
#else
#define KI_ATTENTION_CPU_ROWS_INL_H_
#endif

#include "attention/cpu/at.h"
#include "attention/cpu/forward.h"
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

// Widens one query row of a block.
HWY_INLINE void load_query_row(const Problem& p, const Block& block, QueryRow row, float* HWY_RESTRICT to) {
  with_float_type(p.query.dtype, [&](auto element) HWY_ATTR {
    using T = decltype(element);
    simd::widen_row(at<const T>(p.query, block.batch, block.sequence.first_query + row.query, row.head), to,
                    static_cast<int>(p.head_dim));
  });
}

// Packs keys [first_key, first_key + count) of a block's sequence, transposed, and their values.
HWY_INLINE void pack_chunk(const Problem& p, const Block& block, std::int64_t first_key, int count, const Scratch& s) {
  with_float_type(p.key.dtype, [&](auto element) HWY_ATTR {
    using T = decltype(element);
    const std::int64_t batch = block.sequence.key_batch, row = block.sequence.first_key + first_key;
    simd::pack_transposed(at<const T>(p.key, batch, row, block.head_kv), p.key.strides[1], static_cast<int>(p.head_dim),
                          count, s.keys);
    simd::pack(at<const T>(p.value, batch, row, block.head_kv), p.value.strides[1], count,
               static_cast<int>(p.head_dim_v), s.values);
  });
}

// Widens the row (i, j, k) of a tensor of rank 4.
HWY_INLINE void load_row(const Tensor& from, std::int64_t i, std::int64_t j, std::int64_t k, float* HWY_RESTRICT to) {
  with_float_type(from.dtype, [&](auto element) HWY_ATTR {
    using T = decltype(element);
    simd::widen_row(at<const T>(from, i, j, k), to, static_cast<int>(from.shape[3]));
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

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_ROWS_INL_H_
