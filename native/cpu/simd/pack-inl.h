// Packing: a strided matrix of any storage type into panels of float32, as the micro-kernel reads them.
//
// A packed matrix B[depth x columns] is a row of panels; a panel holds its one or two vectors of columns for depth 0,
// then for depth 1, and so on. Columns beyond the matrix are zero.

#if defined(KI_CPU_SIMD_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_CPU_SIMD_PACK_INL_H_
#undef KI_CPU_SIMD_PACK_INL_H_
#else
#define KI_CPU_SIMD_PACK_INL_H_
#endif

#include <algorithm>

#include "cpu/simd/micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Packs B[depth x columns] from rows of contiguous columns: `rows` + k * `stride` is B's row k.
template <class T>
void pack(const T* HWY_RESTRICT rows, std::int64_t stride, int depth, int columns, float* HWY_RESTRICT packed) {
  const FloatTag d;
  for (int k = 0; k < depth; ++k, rows += stride) {
    for (int column = 0, vectors; column < columns; column += vectors * kLanes) {
      vectors = panel_vectors(columns, column);
      float* to = packed + (std::int64_t{column} * depth + k * vectors * kLanes);
      for (int v = 0; v < vectors; ++v) {
        const int at = column + v * kLanes, left = columns - at;
        hn::Store(left >= kLanes ? load(d, rows + at) : load_first(d, rows + at, left), d, to + v * kLanes);
      }
    }
  }
}

// Depth of a transposed matrix at the most, and the pitch of the rows staged for it: no power of two, see kPitchA.
inline constexpr int kMaxTransposedDepth = 256;
inline constexpr int kStagePitch = kMaxTransposedDepth + 16;

// The quads of floats at row 0, 4, 8, ...: one in each block of 128 bits.
template <class D>
HWY_INLINE hn::Vec<D> load_quads(D d, const float* rows) {
  constexpr int kRows = static_cast<int>(hn::MaxLanes(D()));
  if constexpr (kRows == 4) {
    return hn::Load(d, rows);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, load_quads(half, rows + kRows / 2 * kStagePitch), load_quads(half, rows));
  }
}

// Packs a vector's worth of B's columns, staged as rows, into every `pitch`-th float of `to`.
HWY_INLINE void transpose_stage(const float* HWY_RESTRICT stage, int depth, float* HWY_RESTRICT to, int pitch) {
  const FloatTag d;
  const hn::Repartition<double, FloatTag> dd;
  for (int k = 0; k < depth; k += 4, stage += 4) {
    // Transposes a 4 x 4 matrix in every block: block b's rows 4b .. 4b + 3 become lanes 4b .. 4b + 3.
    const auto q0 = load_quads(d, stage), q1 = load_quads(d, stage + kStagePitch);
    const auto q2 = load_quads(d, stage + 2 * kStagePitch), q3 = load_quads(d, stage + 3 * kStagePitch);
    const auto low01 = hn::BitCast(dd, hn::InterleaveLower(d, q0, q1));
    const auto low23 = hn::BitCast(dd, hn::InterleaveLower(d, q2, q3));
    const auto high01 = hn::BitCast(dd, hn::InterleaveUpper(d, q0, q1));
    const auto high23 = hn::BitCast(dd, hn::InterleaveUpper(d, q2, q3));
    const FloatVector columns[4] = {hn::BitCast(d, hn::InterleaveLower(dd, low01, low23)),
                                    hn::BitCast(d, hn::InterleaveUpper(dd, low01, low23)),
                                    hn::BitCast(d, hn::InterleaveLower(dd, high01, high23)),
                                    hn::BitCast(d, hn::InterleaveUpper(dd, high01, high23))};
    const int left = HWY_MIN(depth - k, 4);
    for (int i = 0; i < left; ++i, to += pitch) hn::Store(columns[i], d, to);
  }
}

// Packs B[depth x columns] from its transpose: `rows` + c * `stride` is B's column c, contiguous along depth.
template <class T>
void pack_transposed(const T* HWY_RESTRICT rows, std::int64_t stride, int depth, int columns,
                     float* HWY_RESTRICT packed) {
  // A vector's worth of columns is widened into here first: every cache line of the source is then read once, in order,
  // and the transpose sees neither its stride nor its type.
  HWY_ALIGN float stage[kLanes * kStagePitch];
  for (int column = 0, vectors; column < columns; column += vectors * kLanes) {
    vectors = panel_vectors(columns, column);
    for (int v = 0; v < vectors; ++v, rows += kLanes * stride) {
      const int count = HWY_MIN(columns - column - v * kLanes, kLanes);
      for (int c = 0; c < count; ++c) widen_row(rows + c * stride, stage + c * kStagePitch, depth);
      for (int c = count; c < kLanes; ++c) std::fill_n(stage + c * kStagePitch, depth, 0.0f);
      transpose_stage(stage, depth, packed + std::int64_t{column} * depth + v * kLanes, vectors * kLanes);
    }
  }
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_PACK_INL_H_
