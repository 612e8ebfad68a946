// Rows at a lower rate, for masks that keep low frequencies only.
//
// A row of N points whose frequencies above F do not count is as good as every D-th value of it, once a filter has
// removed what would be taken for something else at the lower rate; its transform has N / D points. The rate is halved
// again and again, each time by a binomial filter of even order n: taps C(n, j) / 2^n, which float32 holds exactly, and
// gain cos(angle / 2)^n. Frequency f keeps the gain cos(pi f / N)^n, and of the one that becomes f as well, N / 2 - f,
// sin(pi f / N)^n is left. The order is the least for which that is nothing beside the rounding of float32. The gains of
// frequencies that count, at least a half, are made up for in the filter's spectrum.
//
// On the way out the same filters, transposed, put the values between: what they leave of the images is as little.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/simd_target.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {

class Decimation {
 public:
  // One halving of the rate. Tap j, from -order / 2 to order / 2, stands with its likes, the even ones or the odd ones;
  // even[even_reach] is tap 0, odd[odd_reach] tap 1.
  struct Stage {
    int order, even_reach, odd_reach;
    float even[16], odd[16];
  };

  // Of the rows of a plan with a frequency mask; without one, or where the mask keeps high frequencies, none.
  Decimation(const PlanOptions& options, ki::cpu::SimdTarget target);

  // How many values of a row become one.
  std::int64_t factor() const { return std::int64_t{1} << stages_.size(); }
  const std::vector<Stage>& stages() const { return stages_; }

  // Of all stages together, in one direction.
  double gain(std::int64_t frequency) const;

  // Floats of scratch memory for a row of `count` values.
  std::int64_t scratch_floats(std::int64_t count) const;

 private:
  std::int64_t points_;
  std::vector<Stage> stages_;
};

// A row's values at one rate. They begin some places before the row's first, because filters reach so far; the places are
// many enough for any number of stages, each of which halves those it adds to.
inline constexpr std::int64_t kLead = 16;

// The places of a level: as many as any vectors' loops take at a time divide.
inline constexpr std::int64_t kLevelStep = 64;
constexpr std::int64_t round_to_step(std::int64_t places) {
  return (places + kLevelStep - 1) / kLevelStep * kLevelStep;
}
constexpr std::int64_t first_level(std::int64_t count) { return round_to_step(count + kLead); }
constexpr std::int64_t next_level(std::int64_t places) { return round_to_step(places / 2 + kLead); }

// `row` has `count` values, and zeros behind them that need not be there; `low` has `points` values, of a transform.
struct DecimationKernels {
  void (*decimate)(const Decimation& decimation, const float* row, std::int64_t count, float* scratch, float* low,
                   std::int64_t points);
  void (*interpolate)(const Decimation& decimation, const float* low, std::int64_t points, float* scratch, float* row,
                      std::int64_t count);
};

const DecimationKernels& decimation_kernels(ki::cpu::SimdTarget target);

}  // namespace ki::long_convolution::cpu
