// A plan's transforms of whole rows: what TransformKernels do, at the rate that the plan's decimation leaves.
#pragma once

#include <cstdint>

#include "long_convolution/cpu/plan.h"
#include "long_convolution/cpu/transform_team.h"
#include "long_convolution/cpu/work.h"

namespace ki::long_convolution::cpu {

class RowTransform {
 public:
  // For rows of which the first `count` values are not zero, or wanted, if one block holds them. At a lower rate no others
  // are read or written. With a pool all its threads work at each row.
  RowTransform(const CpuPlan& plan, ki::cpu::SimdTarget target, std::int64_t count,
               ki::cpu::ThreadPool* pool = nullptr);

  // The row at the transform's rate: as it is, or in `scratch`, which has room for what scratch_floats() says. Where a value
  // of the row is no finite number, one of these is none either.
  RowIn decimate(RowIn in, float* scratch) const;

  // `z` has room for a spectrum. What is read has been decimated; what is written has the row's own rate.
  void forward(RowIn low, float* z) const;
  void inverse(float* z, RowOut out, float* scratch) const;  // without the factor 1 / points
  void filter(RowIn low, const float* spectrum, Product product, float* z, RowOut out, float* scratch) const;

  // What an array has to have room for: a spectrum, or both halves of a row. Then what transforms of rows take besides.
  static std::int64_t array_points(const CpuPlan& plan, std::int64_t count);
  static std::int64_t scratch_floats(const CpuPlan& plan, std::int64_t count);

 private:
  bool is_direct() const { return plan_.decimation().factor() == 1; }
  RowOut low_rows(RowOut out, float* scratch) const;
  void interpolate(RowOut low, RowOut out, float* scratch) const;

  const CpuPlan& plan_;
  const TransformTeam transforms_;
  const DecimationKernels& decimations_;
  std::int64_t count_;
};

}  // namespace ki::long_convolution::cpu
