// Packing: a strided matrix of any storage type into panels of float32, as the micro-kernel reads them.
//
// A packed matrix B[depth x columns] is a row of panels; a panel holds its one or two vectors of columns for depth 0, then
// for depth 1, and so on. Columns beyond the matrix are zero.

#if defined(KI_CPU_SIMD_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_CPU_SIMD_PACK_INL_H_
#undef KI_CPU_SIMD_PACK_INL_H_
#else
#define KI_CPU_SIMD_PACK_INL_H_
#endif

#include "cpu/simd/micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Packs B[depth x columns] from rows of contiguous columns: `rows` + k * `stride` is B's row k.
template <class T>
void pack(const T* HWY_RESTRICT rows, std::int64_t stride, int depth, int columns, float* HWY_RESTRICT packed) {
  const FloatTag d;
  for (int k = 0; k < depth; ++k, rows += stride) {
    float* panel = packed;
    for (int column = 0; column < columns; column += kPanelWidth) {
      const int vectors = panel_vectors(columns, column);
      for (int v = 0; v < vectors; ++v) {
        const int at = column + v * kLanes, left = columns - at;
        const auto x = left >= kLanes ? load(d, rows + at) : load_first(d, rows + at, left);
        hn::Store(x, d, panel + (std::int64_t{k} * vectors + v) * kLanes);
      }
      panel += std::int64_t{vectors} * kLanes * depth;
    }
  }
}

// Four elements of one row, from `at`; zeros beyond `length`.
template <class T>
HWY_INLINE hn::Vec128<float, 4> load_quad(const T* row, int at, int length) {
  const hn::Full128<float> d4;
  return length - at >= 4 ? load(d4, row + at) : load_first(d4, row + at, length - at);
}

// The quads of rows j, j + 4, j + 8, ... (one a block of 128 bits); rows from `count` on are zero.
template <class T>
HWY_INLINE FloatVector load_quads(const T* rows, std::int64_t stride, int j, int count, int at, int length) {
  const hn::Full128<float> d4;
  const auto quad = [&](int row) {
    return row < count ? load_quad(rows + row * stride, at, length) : hn::Zero(d4);
  };
  const auto pair = hn::Combine(hn::Full256<float>(), quad(j + 4), quad(j));
  if constexpr (kLanes == 8) {
    return pair;
  } else {
    const auto upper = hn::Combine(hn::Full256<float>(), quad(j + 12), quad(j + 8));
    return hn::Combine(FloatTag(), upper, pair);
  }
}

// Packs B[depth x columns] from its transpose: `rows` + c * `stride` is B's column c, contiguous along depth.
template <class T>
void pack_transposed(const T* HWY_RESTRICT rows, std::int64_t stride, int depth, int columns,
                     float* HWY_RESTRICT packed) {
  const FloatTag d;
  const hn::Repartition<double, FloatTag> dd;
  for (int column = 0; column < columns; column += kPanelWidth) {
    const int vectors = panel_vectors(columns, column);
    for (int v = 0; v < vectors; ++v) {
      const int first = column + v * kLanes, count = HWY_MIN(columns - first, kLanes);
      const T* source = rows + first * stride;
      for (int k = 0; k < depth; k += 4) {
        // Transposes a 4 x 4 matrix in every block: block b's rows 4b .. 4b + 3 become lanes 4b .. 4b + 3.
        const auto q0 = load_quads(source, stride, 0, count, k, depth);
        const auto q1 = load_quads(source, stride, 1, count, k, depth);
        const auto q2 = load_quads(source, stride, 2, count, k, depth);
        const auto q3 = load_quads(source, stride, 3, count, k, depth);
        const auto low01 = hn::BitCast(dd, hn::InterleaveLower(d, q0, q1));
        const auto low23 = hn::BitCast(dd, hn::InterleaveLower(d, q2, q3));
        const auto high01 = hn::BitCast(dd, hn::InterleaveUpper(d, q0, q1));
        const auto high23 = hn::BitCast(dd, hn::InterleaveUpper(d, q2, q3));
        const FloatVector transposed[4] = {
            hn::BitCast(d, hn::InterleaveLower(dd, low01, low23)), hn::BitCast(d, hn::InterleaveUpper(dd, low01, low23)),
            hn::BitCast(d, hn::InterleaveLower(dd, high01, high23)),
            hn::BitCast(d, hn::InterleaveUpper(dd, high01, high23))};
        float* to = packed + (std::int64_t{k} * vectors + v) * kLanes;
        const int left = HWY_MIN(depth - k, 4);
        for (int i = 0; i < left; ++i) hn::Store(transposed[i], d, to + i * vectors * kLanes);
      }
    }
    packed += std::int64_t{vectors} * kLanes * depth;
  }
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_PACK_INL_H_
