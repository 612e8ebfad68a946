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

// A panel is two vectors wide; the last panel of a matrix is one vector wide if that is enough.
inline constexpr int kPanelVectors = 2;
inline constexpr int kPanelWidth = kPanelVectors * kLanes;

// Rows of a tile, by the register count: rows x 2 accumulators, 2 vectors of B and 1 broadcast of A.
// AVX-512 has 32 registers (14 x 2 + 3 = 31), AVX2 has 16 (6 x 2 + 3 = 15).
inline constexpr int kTileRows = kLanes == 16 ? 14 : 6;

// Distance between rows of A, in floats, the same for all users so that one base register addresses all rows. A power
// of two would put every row into the same few sets of the first-level cache.
inline constexpr int kPitchA = 528;

template <int kRows, int kVectors>
using Accumulators = FloatVector[kRows][kVectors];

// acc += A[kRows x depth] B[depth x kVectors vectors]
template <int kRows, int kVectors>
HWY_INLINE void multiply_add(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int depth,
                             Accumulators<kRows, kVectors>& acc) {
  const FloatTag d;
  for (int k = 0; k < depth; ++k, ++a, b += kVectors * kLanes) {
    FloatVector b_row[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) b_row[v] = hn::Load(d, b + v * kLanes);
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) {
      const auto a_element = hn::Set(d, a[r * kPitchA]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(a_element, b_row[v], acc[r][v]);
    }
  }
}

// C = factor * A B
template <int kRows, int kVectors>
void tile_product(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int depth, float factor,
                  float* HWY_RESTRICT c, std::ptrdiff_t pitch_c) {
  const FloatTag d;
  Accumulators<kRows, kVectors> acc;
#pragma GCC unroll 14
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::Zero(d);
  }
  multiply_add<kRows, kVectors>(a, b, depth, acc);
  const auto factors = hn::Set(d, factor);
#pragma GCC unroll 14
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) hn::StoreU(hn::Mul(factors, acc[r][v]), d, c + r * pitch_c + v * kLanes);
  }
}

// C[r] = scale[r] * C[r] + (A B)[r], summed in the order of depth, C first
template <int kRows, int kVectors>
void tile_accumulate(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int depth,
                     const float* HWY_RESTRICT scale, float* HWY_RESTRICT c, std::ptrdiff_t pitch_c) {
  const FloatTag d;
  Accumulators<kRows, kVectors> acc;
#pragma GCC unroll 14
  for (int r = 0; r < kRows; ++r) {
    const auto scales = hn::Set(d, scale[r]);
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::Mul(scales, hn::LoadU(d, c + r * pitch_c + v * kLanes));
  }
  multiply_add<kRows, kVectors>(a, b, depth, acc);
#pragma GCC unroll 14
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) hn::StoreU(acc[r][v], d, c + r * pitch_c + v * kLanes);
  }
}

using ProductFunction = void (*)(const float*, const float*, int, float, float*, std::ptrdiff_t);
using AccumulateFunction = void (*)(const float*, const float*, int, const float*, float*, std::ptrdiff_t);

// One function for each number of rows, so that no tile computes rows that are not there. Index: rows - 1.
template <int kVectors, int... kRowsLessOne>
constexpr auto product_functions(std::integer_sequence<int, kRowsLessOne...>) {
  return std::array<ProductFunction, sizeof...(kRowsLessOne)>{tile_product<kRowsLessOne + 1, kVectors>...};
}

template <int kVectors, int... kRowsLessOne>
constexpr auto accumulate_functions(std::integer_sequence<int, kRowsLessOne...>) {
  return std::array<AccumulateFunction, sizeof...(kRowsLessOne)>{tile_accumulate<kRowsLessOne + 1, kVectors>...};
}

using TileRowCounts = std::make_integer_sequence<int, kTileRows>;

HWY_INLINE ProductFunction product_function(int rows, int vectors) {
  static constexpr auto narrow = product_functions<1>(TileRowCounts()), wide = product_functions<2>(TileRowCounts());
  return (vectors == 1 ? narrow : wide)[rows - 1];
}

HWY_INLINE AccumulateFunction accumulate_function(int rows, int vectors) {
  static constexpr auto narrow = accumulate_functions<1>(TileRowCounts()),
                        wide = accumulate_functions<2>(TileRowCounts());
  return (vectors == 1 ? narrow : wide)[rows - 1];
}

// Vectors in the panel that begins at `column` of a matrix of `columns`.
HWY_INLINE int panel_vectors(int columns, int column) { return columns - column > kLanes ? 2 : 1; }

// Floats of a packed matrix of `depth` x `columns`.
constexpr std::int64_t packed_size(std::int64_t depth, std::int64_t columns) {
  return (columns + kLanes - 1) / kLanes * kLanes * depth;
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_MICRO_KERNEL_INL_H_
