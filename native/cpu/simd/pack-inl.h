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
#include <cstddef>
#include <type_traits>

#include "cpu/simd/micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Where the rows of a matrix are: at equal distances, or wherever a table says. int8 elements are multiplied with their
// row's scale.
template <class T>
struct StridedRows {
  const T* first;
  std::int64_t stride;

  const T* row(int k) const { return first + k * stride; }
  float scale(int) const { return 1.0f; }
};

template <class T>
struct TableRows {
  const std::byte* const* rows;
  std::int64_t offset;  // elements behind each address
  const float* scales;  // of int8 rows, else not read

  const T* row(int k) const { return reinterpret_cast<const T*>(rows[k]) + offset; }
  float scale(int k) const { return scales[k]; }
};

template <class T>
inline constexpr bool kIsScaled = std::is_same_v<T, std::int8_t>;

// Packs B[depth x columns] from rows of contiguous columns: row k is B's row k.
template <template <class> class Rows, class T>
void pack(const Rows<T>& rows, int depth, int columns, float* HWY_RESTRICT packed) {
  const FloatTag d;
  for (int k = 0; k < depth; ++k) {
    const T* HWY_RESTRICT row = rows.row(k);
    const auto scale = hn::Set(d, kIsScaled<T> ? rows.scale(k) : 1.0f);
    for (int column = 0, vectors; column < columns; column += vectors * kLanes) {
      vectors = panel_vectors(columns, column);
      float* to = packed + (std::int64_t{column} * depth + k * vectors * kLanes);
      for (int v = 0; v < vectors; ++v) {
        const int at = column + v * kLanes, left = columns - at;
        const auto x = left >= kLanes ? load(d, row + at) : load_first(d, row + at, left);
        hn::Store(kIsScaled<T> ? hn::Mul(x, scale) : x, d, to + v * kLanes);
      }
    }
  }
}

// The same from rows `stride` elements apart.
template <class T>
void pack(const T* HWY_RESTRICT rows, std::int64_t stride, int depth, int columns, float* HWY_RESTRICT packed) {
  pack(StridedRows<T>{rows, stride}, depth, columns, packed);
}

// Multiplies a staged row, whose memory reaches to the end of its last vector.
HWY_INLINE void scale_row(float* HWY_RESTRICT row, int count, float scale) {
  const FloatTag d;
  for (int i = 0; i < count; i += kLanes) hn::Store(hn::Mul(hn::Load(d, row + i), hn::Set(d, scale)), d, row + i);
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

// Packs B[depth x columns] from its transpose: row c is B's column c, contiguous along depth.
template <template <class> class Rows, class T>
void pack_transposed(const Rows<T>& rows, int depth, int columns, float* HWY_RESTRICT packed) {
  // A vector's worth of columns is widened into here first: every cache line of the source is then read once, in order,
  // and the transpose sees neither its stride nor its type.
  HWY_ALIGN float stage[kLanes * kStagePitch];
  for (int column = 0, vectors; column < columns; column += vectors * kLanes) {
    vectors = panel_vectors(columns, column);
    for (int v = 0; v < vectors; ++v) {
      const int first = column + v * kLanes, count = HWY_MIN(columns - first, kLanes);
      for (int c = 0; c < count; ++c) {
        widen_row(rows.row(first + c), stage + c * kStagePitch, depth);
        if constexpr (kIsScaled<T>) scale_row(stage + c * kStagePitch, depth, rows.scale(first + c));
      }
      for (int c = count; c < kLanes; ++c) std::fill_n(stage + c * kStagePitch, depth, 0.0f);
      transpose_stage(stage, depth, packed + std::int64_t{column} * depth + v * kLanes, vectors * kLanes);
    }
  }
}

// The same from rows `stride` elements apart.
template <class T>
void pack_transposed(const T* HWY_RESTRICT rows, std::int64_t stride, int depth, int columns,
                     float* HWY_RESTRICT packed) {
  pack_transposed(StridedRows<T>{rows, stride}, depth, columns, packed);
}

}  // namespace ki::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_CPU_SIMD_PACK_INL_H_
