// How a plan's rows are cut into blocks, and what transform a block gets.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/simd_target.h"
#include "long_convolution/cpu/transform.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {

// Block i computes the outputs i * hop to (i + 1) * hop - 1 of a row from its inputs i * hop - history to i * hop -
// history + row_points() - 1 (overlap-save): the first `history` results of a block are wrong where the convolution
// comes round, and dropped.
struct Layout {
  Transform::Kind kind;  // cyclic: two rows ride in one transform; negacyclic: one
  std::int64_t points;   // of the transform, complex
  std::int64_t history;  // 0 where one block holds the whole call
  std::int64_t hop;
  std::int64_t decimation = 1;  // values of a row for each point of the transform (decimation.h)

  bool pairs_rows() const { return kind == Transform::Kind::cyclic; }
  std::int64_t row_points() const { return pairs_rows() ? half_points() : 2 * half_points(); }

  // Of a half of the row, its real or imaginary parts; and what of it calls of `length` read and write.
  std::int64_t half_points() const { return points * decimation; }
  std::int64_t half_values(std::int64_t length) const {
    return decimation > 1 ? std::min(length, half_points()) : half_points();
  }

  std::int64_t blocks(std::int64_t length) const { return length / hop + (length % hop != 0); }
};

// The layout of least cost; of the transform size that the options ask for, if they do and it makes sense. Throws
// not-supported where there is none.
Layout choose_layout(const PlanOptions& options, ki::cpu::SimdTarget target);

}  // namespace ki::long_convolution::cpu
