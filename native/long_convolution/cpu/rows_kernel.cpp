// Rows of tensors on their way into transforms and out of them, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "long_convolution/cpu/rows_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include <algorithm>

#include "cpu/simd/convert-inl.h"
#include "long_convolution/cpu/rows.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::kLanes;

// Calls body(i, lanes) for each vector of a row, the last one perhaps with fewer lanes.
template <class Whole, class Rest>
HWY_INLINE void for_vectors(std::int64_t count, const Whole& whole, const Rest& rest) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) whole(i);
  if (i < count) rest(i, static_cast<std::size_t>(count - i));
}

template <class T>
void widen(const std::byte* x, const std::byte* gate, float* to, std::int64_t count) {
  const FloatTag d;
  const T* from = reinterpret_cast<const T*>(x);
  const T* by = reinterpret_cast<const T*>(gate);
  if (gate == nullptr) {
    for_vectors(
        count, [&](std::int64_t i) { hn::StoreU(simd::load(d, from + i), d, to + i); },
        [&](std::int64_t i, std::size_t n) { hn::StoreN(simd::load_first(d, from + i, n), d, to + i, n); });
  } else {
    for_vectors(
        count, [&](std::int64_t i) { hn::StoreU(hn::Mul(simd::load(d, from + i), simd::load(d, by + i)), d, to + i); },
        [&](std::int64_t i, std::size_t n) {
          hn::StoreN(hn::Mul(simd::load_first(d, from + i, n), simd::load_first(d, by + i, n)), d, to + i, n);
        });
  }
}

template <class T>
void narrow(const float* c, const std::byte* gate, float skip, const std::byte* skipped, std::byte* to,
            std::int64_t count) {
  const FloatTag d;
  const T* by = reinterpret_cast<const T*>(gate);
  const T* x = reinterpret_cast<const T*>(skipped);
  T* out = reinterpret_cast<T*>(to);
  const auto factor = hn::Set(d, skip);
  for_vectors(
      count,
      [&](std::int64_t i) {
        auto y = hn::LoadU(d, c + i);
        if (by != nullptr) y = hn::Mul(y, simd::load(d, by + i));
        if (x != nullptr) y = hn::MulAdd(factor, simd::load(d, x + i), y);
        simd::store(d, y, out + i);
      },
      [&](std::int64_t i, std::size_t n) {
        auto y = hn::LoadN(d, c + i, n);
        if (by != nullptr) y = hn::Mul(y, simd::load_first(d, by + i, n));
        if (x != nullptr) y = hn::MulAdd(factor, simd::load_first(d, x + i, n), y);
        simd::store_first(d, y, out + i, n);
      });
}

template <class T>
double dot(const std::byte* a, const std::byte* b, std::int64_t count) {
  constexpr std::int64_t kChunk = 1024;
  const FloatTag d;
  const T* x = reinterpret_cast<const T*>(a);
  const T* y = reinterpret_cast<const T*>(b);
  double total = 0;
  for (std::int64_t first = 0; first < count; first += kChunk) {
    auto sum = hn::Zero(d);
    for_vectors(
        std::min(kChunk, count - first),
        [&](std::int64_t i) { sum = hn::MulAdd(simd::load(d, x + first + i), simd::load(d, y + first + i), sum); },
        [&](std::int64_t i, std::size_t n) {
          sum = hn::MulAdd(simd::load_first(d, x + first + i, n), simd::load_first(d, y + first + i, n), sum);
        });
    total += hn::ReduceSum(d, sum);
  }
  return total;
}

template <class T>
constexpr RowKernels kRowKernels{widen<T>, narrow<T>, dot<T>};

const RowKernels& kernels_for(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT16: return kRowKernels<ki::cpu::Float16>;
    case KI_DTYPE_BFLOAT16: return kRowKernels<ki::cpu::BFloat16>;
    default: return kRowKernels<float>;
  }
}

void squash(float* x, float threshold, std::int64_t count) {
  const FloatTag d;
  const auto squashed = [&](auto v) {
    const auto rest = hn::Sub(hn::Abs(v), hn::Set(d, threshold));
    return hn::CopySign(hn::IfThenZeroElse(hn::Lt(rest, hn::Zero(d)), rest), v);  // not Max, which can lose a NaN
  };
  for_vectors(
      count, [&](std::int64_t i) { hn::StoreU(squashed(hn::LoadU(d, x + i)), d, x + i); },
      [&](std::int64_t i, std::size_t n) { hn::StoreN(squashed(hn::LoadN(d, x + i, n)), d, x + i, n); });
}

// A product with 0 is 0 or NaN, and so is the sum of such products.
bool are_finite(const float* x, std::int64_t count) {
  const FloatTag d;
  auto sum = hn::Zero(d);
  for_vectors(
      count, [&](std::int64_t i) { sum = hn::MulAdd(hn::LoadU(d, x + i), hn::Zero(d), sum); },
      [&](std::int64_t i, std::size_t n) { sum = hn::MulAdd(hn::LoadN(d, x + i, n), hn::Zero(d), sum); });
  return hn::AllFalse(d, hn::IsNaN(sum));
}

constexpr FloatKernels kFloatKernels{squash, are_finite};

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::long_convolution::cpu {

const RowKernels& row_kernels(ki::cpu::SimdTarget target, ki_dtype dtype) {
  return KI_FOR_TARGET(target, kernels_for)(dtype);
}

const FloatKernels& float_kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kFloatKernels); }

}  // namespace ki::long_convolution::cpu
#endif
