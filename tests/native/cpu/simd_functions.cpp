#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/simd_functions.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "attention/cpu/quantise-inl.h"
#include "attention/cpu/rotary-inl.h"
#include "cpu/simd/convert-inl.h"
#include "cpu/simd/exp2-inl.h"
#include "cpu/simd/pack-inl.h"
#include "cpu/simd/tanh-inl.h"
#include "cpu/simd_functions.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

// Whole vectors, then the rest as the kernels do their rests.
template <class From, class To, class Operation>
void map(const From* x, To* y, int count, Operation operation) {
  const FloatTag d;
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) store(d, operation(d, load(d, x + i)), y + i);
  if (i < count) store_first(d, operation(d, load_first(d, x + i, count - i)), y + i, count - i);
}

template <class From, class To>
void convert(const From* x, To* y, int count) {
  map(x, y, count, [](auto, auto value) { return value; });
}

void exp2_all(const float* x, float* y, int count) {
  map(x, y, count, [](auto d, auto value) { return exp2(d, value); });
}

void tanh_all(const float* x, float* y, int count) {
  map(x, y, count, [](auto d, auto value) { return tanh(d, value); });
}

void pack_int8_rows(const std::byte* const* rows, std::int64_t offset, const float* scales, int depth, int columns,
                    float* packed) {
  pack(TableRows<std::int8_t>{rows, offset, scales}, depth, columns, packed);
}

void pack_transposed_int8_rows(const std::byte* const* rows, std::int64_t offset, const float* scales, int depth,
                               int columns, float* packed) {
  pack_transposed(TableRows<std::int8_t>{rows, offset, scales}, depth, columns, packed);
}

void rotate(const attention::Cache& cache, std::int64_t position, float* row) {
  attention::cpu::HWY_NAMESPACE::rotate_row(cache, position, row);
}

float quantise(const float* row, int count, std::int8_t* to) {
  return attention::cpu::HWY_NAMESPACE::quantise_row(row, count, to);
}

const SimdFunctions kFunctions{kLanes,
                               kPanelVectors,
                               exp2_all,
                               tanh_all,
                               convert<float, Float16>,
                               convert<Float16, float>,
                               convert<float, BFloat16>,
                               convert<BFloat16, float>,
                               pack<float>,
                               pack_transposed<float>,
                               pack_transposed<BFloat16>,
                               pack_int8_rows,
                               pack_transposed_int8_rows,
                               rotate,
                               quantise};

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::cpu {

const SimdFunctions& simd_functions(SimdTarget target) { return KI_FOR_TARGET(target, kFunctions); }

}  // namespace ki::cpu
#endif
