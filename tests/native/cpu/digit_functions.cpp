#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/digit_functions.cpp"
#define KI_WANT_AVX3_DL
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "attention/cpu/decode_digits-inl.h"
#include "cpu/digit_functions.h"
#include "cpu/simd_target.h"

#if HWY_TARGET == HWY_AVX3_DL
HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

constexpr int kRows = 8;  // at the most

template <int kDigits>
bool compute_scores(const std::int8_t* keys, const float* queries, int rows, int depth, float* scores) {
  HWY_ALIGN std::int8_t digits[kRows * kDigits * (kChunk + 4 * kMaxHeadDim)];
  float steps[kRows];
  for (int r = 0; r < rows; ++r) {
    HWY_ALIGN float query[kMaxHeadDim] = {};
    std::copy_n(queries + r * depth, depth, query);
    const float largest = largest_magnitude(query, depth);
    if (!has_digits(largest)) return false;
    steps[r] = make_query_digits<kDigits>(query, depth, largest, digits + r * kDigits * digit_pitch(depth));
  }
  const std::byte* addresses[kIntegerKeys];
  for (int j = 0; j < kIntegerKeys; ++j) addresses[j] = reinterpret_cast<const std::byte*>(keys + j * depth);
  score_digit_rows<kDigits>({addresses, 0}, {digits, digit_pitch(depth), steps}, rows, depth, {addresses, 0},
                            {scores, kIntegerKeys});
  return true;
}

template <int kDigits>
bool add_values(const std::int8_t* values, const float* weights, int rows, int count, int columns, float* sums) {
  const std::byte* addresses[kDecodeTile];
  for (int j = 0; j < kDecodeTile; ++j) {
    addresses[j] = reinterpret_cast<const std::byte*>(values + HWY_MIN(j, count - 1) * columns);
  }
  bool have_digits = true;
  for_row_blocks<4>(rows, [&](int first, auto block) HWY_ATTR {
    WeightDigits<kDigits, block> digits;
    for (int r = 0; r < block; ++r) {
      digits.steps[r] =
          make_weight_digits<kDigits>(weights + (first + r) * kDecodePitch, count, digits.digits + r * kDigits);
      have_digits &= digits.steps[r] >= 0;
    }
    if (!have_digits) return;
    add_value_digits(Values{{addresses, 0}, count, {addresses, 0}}, digits, columns,
                     FloatRows{sums + first * kMaxHeadDim, kMaxHeadDim});
  });
  for (int r = 0; r < rows; ++r) transpose_blocks(sums + r * kMaxHeadDim, kMaxHeadDim);
  return have_digits;
}

const DigitFunctions kDigitFunctions{
    [](int digits, auto... rest) { return digits == 2 ? compute_scores<2>(rest...) : compute_scores<3>(rest...); },
    [](int digits, const float* weights, int count, std::uint8_t* to) {
      auto* rows = reinterpret_cast<std::uint8_t(*)[kDecodeTile]>(to);
      return digits == 2 ? make_weight_digits<2>(weights, count, rows) : make_weight_digits<3>(weights, count, rows);
    },
    [](int digits, auto... rest) { return digits == 2 ? add_values<2>(rest...) : add_values<3>(rest...); }};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace ki::attention::cpu {

const DigitFunctions* digit_functions() {
#if HWY_TARGETS & HWY_AVX3_DL
  if (ki::cpu::missing_features(ki::cpu::SimdTarget::avx3_dl).empty()) return &N_AVX3_DL::kDigitFunctions;
#endif
  return nullptr;
}

}  // namespace ki::attention::cpu
#endif
