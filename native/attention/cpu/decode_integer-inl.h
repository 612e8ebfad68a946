// A tile of the decode path over an int8 cache whose products are made of integers; what lies between them is in
// decode_tile-inl.h.

#if defined(KI_ATTENTION_CPU_DECODE_INTEGER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_DECODE_INTEGER_INL_H_
#undef KI_ATTENTION_CPU_DECODE_INTEGER_INL_H_
#else
#define KI_ATTENTION_CPU_DECODE_INTEGER_INL_H_
#endif

#include "attention/cpu/decode_digits-inl.h"
#include "attention/cpu/decode_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

// Whether four products of bytes are summed in one instruction. Where that takes several, floats are faster.
inline constexpr bool kHasIntegerProducts = HWY_TARGET == HWY_AVX3_DL;

// Makes the digits of a task's queries; false if a row has none.
template <int kDigits>
HWY_INLINE bool make_digits(const Problem& p, const DecodeTask& task, const DecodeScratch& s) {
  const int depth = static_cast<int>(p.head_dim);
  for (int i = 0; i < task.heads() * task.rows; ++i) {
    const float* query = s.queries + i * decode_pitch(p.head_dim);
    const float largest = largest_magnitude(query, depth);
    if (!has_digits(largest)) return false;
    s.steps[i] = make_query_digits<kDigits>(query, depth, largest, s.digits + i * kDigits * digit_pitch(depth));
  }
  return true;
}

template <int kDigits>
struct IntegerProducts {
  // scores = q . k; rows behind the last key are there, and their scores are not looked at.
  static HWY_INLINE void multiply_keys(const Problem& p, const DecodeTask& task, const DecodeTile& tile,
                                       const DecodeScratch& s) {
    const QueryDigits queries{s.digits, digit_pitch(p.head_dim), s.steps};
    for (int j = 0; j < tile.count; j += kIntegerKeys) {
      for (int h = 0; h < task.heads(); ++h) {
        const int row = h * task.rows;
        score_digit_rows<kDigits>(rows_of_head(task, p.key, tile.keys, h).from(j), queries.from<kDigits>(row),
                                  task.rows, static_cast<int>(p.head_dim),
                                  rows_of_head(task, p.value, tile.values, h).from(j), scores_of(s).from(row, j));
      }
    }
  }

  // sums += weights * values. A key that a row does not see has weight 0, and no int8 value is NaN. Rows whose weights have no
  // digits, such as NaN from a scale, are added as floats.
  static HWY_INLINE void add_values(const Problem& p, const DecodeTask& task, const DecodeTile& tile,
                                    const DecodeTile& next, const DecodeScratch& s, bool) {
    for (int h = 0; h < task.heads(); ++h) {
      const Values values{rows_of_head(task, p.value, tile.values, h), tile.count,
                          rows_of_head(task, p.key, next.keys, h)};
      for_row_blocks<4>(task.rows, [&](int r, auto rows) HWY_ATTR {
        const int first = h * task.rows + r;
        WeightDigits<kDigits, rows> weights;
        bool have_digits = true;
        for (int i = 0; i < rows; ++i) {
          weights.steps[i] =
              make_weight_digits<kDigits>(scores_of(s).from(first + i).data, tile.count, weights.digits + i * kDigits);
          have_digits &= weights.steps[i] >= 0;
        }
        const FloatRows sums = sums_of(p, task).from(first);
        if (have_digits) {
          add_value_digits(values, weights, static_cast<int>(p.head_dim_v), sums);
          return;
        }
        for (int i = 0; i < rows; ++i) {
          transpose_blocks(sums.from(i).data, decode_pitch(p.head_dim_v));
          add_seen_values<std::int8_t>(p, task, tile, next, s, first + i);
          transpose_blocks(sums.from(i).data, decode_pitch(p.head_dim_v));
        }
      });
    }
  }
};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DECODE_INTEGER_INL_H_
