// The register-blocked product at the heart of every CPU kernel: a few rows of A times one packed panel of B.

#if defined(KI_CPU_SIMD_MICRO_KERNEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_CPU_SIMD_MICRO_KERNEL_INL_H_
#undef KI_CPU_SIMD_MICRO_KERNEL_INL_H_
#else
#define KI_CPU_SIMD_MICRO_KERNEL_INL_H_
#endif

#include <array>
#include <utility>

#include "cpu/simd/convert-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A tile has 6 rows and as many vectors of columns as the registers hold sums for, beside one row of the panel and one
// broadcast of A: 6 x 4 + 4 + 1 = 29 of the 32 registers of AVX-512 and NEON, 6 x 2 + 2 + 1 = 15 of the 16 of AVX2.
//
// 14 x 2 keeps more sums (28) and reads the panel less often, but costs 16 loads for 28 multiply-adds where 6 x 4 costs 10
// for 24. Called in turns on a shared host, attention with it was 5 to 7% slower by the median.
inline constexpr int kTileRows = 6;
inline constexpr int kPanelVectors = HWY_TARGET == HWY_AVX2 ? 2 : 4;

// Distance between rows of A, in floats, the same for all users so that one base register addresses all rows. A power
// of two would put every row into the same few sets of the first-level cache.
inline constexpr int kPitchA = 528;

// Where A's elements lie: element (r, k) is a[r * kRowStep + k * kDepthStep]. With a row step of 1 the product reads a matrix
// that is stored transposed, which costs the same: its elements are broadcast one by one anyway.
template <int kRows, int kDepths>
struct Steps {
  static constexpr int kRowStep = kRows, kDepthStep = kDepths;
};
using StepsA = Steps<kPitchA, 1>;

template <int kRows, int kVectors>
using Accumulators = FloatVector[kRows][kVectors];

// acc += A[kRows x depth] B[depth x kVectors vectors]
template <int kRows, int kVectors, class A>
HWY_INLINE void multiply_add(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int depth,
                             Accumulators<kRows, kVectors>& acc) {
  const FloatTag d;
  for (int k = 0; k < depth; ++k, a += A::kDepthStep, b += kVectors * kLanes) {
    FloatVector b_row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) b_row[v] = hn::Load(d, b + v * kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const auto a_element = hn::Set(d, a[r * A::kRowStep]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(a_element, b_row[v], acc[r][v]);
    }
  }
}

// C = factor * A B
template <int kRows, int kVectors, class A>
void tile_product(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int depth, float factor,
                  float* HWY_RESTRICT c, std::ptrdiff_t pitch_c) {
  const FloatTag d;
  Accumulators<kRows, kVectors> acc;
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::Zero(d);
  }
  multiply_add<kRows, kVectors, A>(a, b, depth, acc);
  const auto factors = hn::Set(d, factor);
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) hn::StoreU(hn::Mul(factors, acc[r][v]), d, c + r * pitch_c + v * kLanes);
  }
}

// C[r] = scale[r] * C[r] + (A B)[r], summed in the order of depth, C first
template <int kRows, int kVectors, class A>
void tile_accumulate(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int depth,
                     const float* HWY_RESTRICT scale, float* HWY_RESTRICT c, std::ptrdiff_t pitch_c) {
  const FloatTag d;
  Accumulators<kRows, kVectors> acc;
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
    const auto scales = hn::Set(d, scale[r]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::Mul(scales, hn::LoadU(d, c + r * pitch_c + v * kLanes));
  }
  multiply_add<kRows, kVectors, A>(a, b, depth, acc);
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) hn::StoreU(acc[r][v], d, c + r * pitch_c + v * kLanes);
  }
}

using ProductFunction = void (*)(const float*, const float*, int, float, float*, std::ptrdiff_t);
using AccumulateFunction = void (*)(const float*, const float*, int, const float*, float*, std::ptrdiff_t);

// One function for each number of rows and vectors, so that no tile computes what is not there.
template <class Function, template <int, int, class> class Make, class A, int... kIndices>
constexpr auto tile_functions(std::integer_sequence<int, kIndices...>) {
  return std::array<Function, sizeof...(kIndices)>{
      Make<kIndices / kPanelVectors + 1, kIndices % kPanelVectors + 1, A>::function...};
}

template <int kRows, int kVectors, class A>
struct MakeProduct {
  static constexpr ProductFunction function = tile_product<kRows, kVectors, A>;
};

template <int kRows, int kVectors, class A>
struct MakeAccumulate {
  static constexpr AccumulateFunction function = tile_accumulate<kRows, kVectors, A>;
};

using TileShapes = std::make_integer_sequence<int, kTileRows * kPanelVectors>;

template <class A = StepsA>
HWY_INLINE ProductFunction product_function(int rows, int vectors) {
  static constexpr auto functions = tile_functions<ProductFunction, MakeProduct, A>(TileShapes());
  return functions[(rows - 1) * kPanelVectors + vectors - 1];
}

template <class A = StepsA>
HWY_INLINE AccumulateFunction accumulate_function(int rows, int vectors) {
  static constexpr auto functions = tile_functions<AccumulateFunction, MakeAccumulate, A>(TileShapes());
  return functions[(rows - 1) * kPanelVectors + vectors - 1];
}

// Vectors of the panel that begins at `column` of a matrix of `columns`. What is left for the last two panels is halved
// between them: a panel of one vector keeps too few sums to hide the latency of adding to them.
HWY_INLINE int panel_vectors(int columns, int column) {
  const int left = (columns - column + kLanes - 1) / kLanes;
  if (left <= kPanelVectors) return left;
  return left < 2 * kPanelVectors ? (left + 1) / 2 : kPanelVectors;
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_MICRO_KERNEL_INL_H_
