#include "long_convolution/cpu/row_transform.h"

#include <algorithm>

namespace ki::long_convolution::cpu {

RowTransform::RowTransform(const CpuPlan& plan, ki::cpu::SimdTarget target, std::int64_t count,
                           ki::cpu::ThreadPool* pool)
    : plan_(plan),
      transforms_(transform_kernels(target), pool),
      decimations_(decimation_kernels(target)),
      count_(plan.layout().half_values(count)) {}

std::int64_t RowTransform::array_points(const CpuPlan& plan, std::int64_t count) {
  return std::max(plan.layout().points, round_to_step(plan.layout().half_values(count)));
}

// Both rows at their lower rate, then what decimating them takes.
std::int64_t RowTransform::scratch_floats(const CpuPlan& plan, std::int64_t count) {
  if (plan.decimation().factor() == 1) return 0;
  return 2 * plan.layout().points + plan.decimation().scratch_floats(plan.layout().half_values(count));
}

RowIn RowTransform::decimate(RowIn in, float* scratch) const {
  if (is_direct()) return in;
  const std::int64_t points = plan_.layout().points;
  float *low = scratch, *rest = scratch + 2 * points;
  decimations_.decimate(plan_.decimation(), in.re, count_, rest, low, points);
  if (in.im == nullptr) return {low, nullptr};
  decimations_.decimate(plan_.decimation(), in.im, count_, rest, low + points, points);
  return {low, low + points};
}

RowOut RowTransform::low_rows(RowOut out, float* scratch) const {
  return {scratch, out.im == nullptr ? nullptr : scratch + plan_.layout().points};
}

void RowTransform::interpolate(RowOut low, RowOut out, float* scratch) const {
  const std::int64_t points = plan_.layout().points;
  float* rest = scratch + 2 * points;
  decimations_.interpolate(plan_.decimation(), low.re, points, rest, out.re, count_);
  if (out.im != nullptr) decimations_.interpolate(plan_.decimation(), low.im, points, rest, out.im, count_);
}

void RowTransform::forward(RowIn low, float* z) const { transforms_.forward(plan_.transform(), low, z); }

void RowTransform::inverse(float* z, RowOut out, float* scratch) const {
  if (is_direct()) return transforms_.inverse(plan_.transform(), z, out);
  const RowOut low = low_rows(out, scratch);
  transforms_.inverse(plan_.transform(), z, low);
  interpolate(low, out, scratch);
}

void RowTransform::filter(RowIn low, const float* spectrum, Product product, float* z, RowOut out,
                          float* scratch) const {
  if (is_direct()) return transforms_.filter(plan_.transform(), low, spectrum, product, z, out);
  const RowOut low_out = low_rows(out, scratch);  // the transform has read all before it writes
  transforms_.filter(plan_.transform(), low, spectrum, product, z, low_out);
  interpolate(low_out, out, scratch);
}

}  // namespace ki::long_convolution::cpu
