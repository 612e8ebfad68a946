// The kernel that appends one token's keys and values to a cache, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/cpu/append_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include <type_traits>

#include "attention/cpu/append.h"
#include "attention/cpu/at.h"
#include "attention/cpu/quantise-inl.h"
#include "attention/cpu/rotary-inl.h"
#include "attention/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

// Converts a row to the cache's dtype, in one rounding.
template <class C>
void store_cached_row(const float* row, const NewToken& token, std::int64_t head, const Tensor& cache,
                      const Tensor& scale) {
  const int count = static_cast<int>(cache.shape[3]);
  C* to = at<C>(cache, token.entry, token.row, head);
  if constexpr (std::is_same_v<C, std::int8_t>) {
    *at<float>(scale, token.entry, token.row, head) = quantise_row(row, count, to);
  } else {
    simd::narrow_row(row, to, count);
  }
}

template <class C>
void append_token(const Problem& p, const NewToken& token) {
  const Cache& c = p.cache;
  float row[kMaxHeadDim];
  for (std::int64_t head = 0; head < p.heads_kv; ++head) {
    load_row(c.new_key, token.new_batch, token.new_row, head, row);
    if (c.rotary_dim > 0) rotate_row(c, token.position, row);
    store_cached_row<C>(row, token, head, p.key, c.key_scale);
    load_row(c.new_value, token.new_batch, token.new_row, head, row);
    store_cached_row<C>(row, token, head, p.value, c.value_scale);
  }
}

constexpr AppendKernels kAppendKernels{append_token<float>, append_token<ki::cpu::Float16>,
                                       append_token<ki::cpu::BFloat16>, append_token<std::int8_t>};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::attention::cpu {

const AppendKernels& append_kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kAppendKernels); }

}  // namespace ki::attention::cpu
#endif
