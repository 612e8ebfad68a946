// A discrete Fourier transform of a fixed size: its stages, and their twiddle factors.
//
// Forward, decimation in frequency: a stage of radix r on a block of n points combines the points j, j + n / r, j + 2 n
// / r, ... to r numbers, multiplies number q by exp(-2 pi i j q / n) and puts it where its q-th operand was; then each
// of the r parts of the block is transformed alone. Nothing is ever put into natural order: the inverse undoes the
// stages, last first, and the product in between needs only that both its factors are in the same order. The last
// lanes^2 points are the core (core-inl.h).
//
// The first stage reads real rows, and can shift all frequencies by a quarter: frequency f becomes f - 1/4, and the
// factor of point n + M is i times that of point n. So the transform of the M points x[n] + i x[n + M] is that of a
// real row of 2 M points, and the convolution negacyclic: what leaves the row at its end comes round with its sign
// changed. A real row costs a transform of half its length this way, with nothing to disentangle. Without the shift two
// real rows ride as real and imaginary parts, and their convolutions are cyclic.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/aligned_memory.h"
#include "cpu/simd_target.h"

namespace ki::long_convolution::cpu {

// A stage of every block of `points` points. Its twiddles are, for each vector j of the block's first part, the vectors
// for q = 1 to radix - 1; of the first stage, q = 0 to radix - 1.
struct Stage {
  int radix;
  std::int64_t points;
  const float* twiddles;
};

inline constexpr int kMaxRadix = 8;

// The first two stages of a large transform, which are one pass over memory (outer-inl.h). Factors of the second stage
// are products of a fine one, of a column within kFinePoints, and a coarse one, of its multiple of kFinePoints: tables
// for all columns would be read from memory like the points.
struct OuterPass {
  static constexpr int kGroupPoints = 128;  // columns that stay in the caches together; 64 KiB of points
  static constexpr int kFinePoints = 128;

  int radix1, radix2;
  std::int64_t columns;  // vectors of a part
  const float* inner;    // of the first stage: [radix2][radix1] scalars
  const float* fine;     // [radix1][kFinePoints / lanes][radix2] vectors
  const float* coarse;   // [columns * lanes / kFinePoints][radix1][radix2] scalars
};

class Transform {
 public:
  enum class Kind { cyclic, negacyclic };

  // `points` complex ones; is_supported(points, target). Up to `whole_tables` points the first stages are like others:
  // tables of all their twiddles are in the second-level cache together with the points.
  Transform(std::int64_t points, Kind kind, ki::cpu::SimdTarget target, std::int64_t whole_tables = 1 << 16);

  std::int64_t points() const { return points_; }
  Kind kind() const { return kind_; }
  int lanes() const { return lanes_; }
  std::uint64_t memory_bytes() const { return memory_bytes_; }

  // Outside are the first stage, or two of them; then come those between them and the core.
  const OuterPass* outer() const { return outer_.columns > 0 ? &outer_ : nullptr; }
  const Stage& first() const { return stages_.front(); }
  const Stage* middle() const { return stages_.data() + (outer() != nullptr ? 2 : 1); }
  const Stage* end() const { return stages_.data() + stages_.size(); }
  std::int64_t parts() const { return outer() != nullptr ? outer_.radix1 * outer_.radix2 : first().radix; }
  const float* rotations() const { return rotations_; }  // of the first stage's operands, in scalars

  // The core's twiddles: of its first two stages in vectors, of its third in scalars.
  const float* core_first() const { return core_first_; }
  const float* core_second() const { return core_second_; }
  const float* core_third() const { return core_third_; }

  // The frequency of the number at a place, counted in complex numbers from the transform's first.
  std::int64_t frequency(std::int64_t place) const;

  // Where that number is: the index of its real part among the floats; the imaginary part is `lanes` behind it.
  std::int64_t float_index(std::int64_t place) const { return place / lanes_ * 2 * lanes_ + place % lanes_; }

 private:
  std::int64_t points_;
  Kind kind_;
  int lanes_;
  std::uint64_t memory_bytes_ = 0;
  ki::cpu::AlignedMemory memory_;
  std::vector<Stage> stages_;
  OuterPass outer_{};
  const float* rotations_ = nullptr;
  const float *core_first_ = nullptr, *core_second_ = nullptr, *core_third_ = nullptr;
};

// Floats in a vector of the target.
int lanes_of(ki::cpu::SimdTarget target);

// Complex points of the core: every transform is a multiple of it.
inline std::int64_t core_points(ki::cpu::SimdTarget target) {
  const std::int64_t lanes = lanes_of(target);
  return lanes * lanes;
}

// Whether there are stages for the size: it is the core's points times 2^a 3^b 5^c.
bool is_supported(std::int64_t points, ki::cpu::SimdTarget target);

}  // namespace ki::long_convolution::cpu
