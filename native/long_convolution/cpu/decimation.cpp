#include "long_convolution/cpu/decimation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "long_convolution/cpu/transform.h"

namespace ki::long_convolution::cpu {
namespace {

// Rounding errors behind the filters are as much larger as the gain is less than 1.
constexpr double kLeastGain = 0.5;
constexpr int kMaxOrder = 24;  // beyond, taps would not be exact

// The highest frequency that the mask keeps; 0 if there is none.
std::int64_t highest_kept(const PlanOptions& o) {
  std::int64_t frequency = o.fft_size / 2;
  while (frequency > 0 && !o.keeps(frequency)) --frequency;
  return frequency;
}

// The order for frequencies up to `angle`, where pi is half the rate. What is left of a frequency that is taken for
// another is at most u / sqrt(points) of that one's gain, u = 2^-24: no filter's gain is larger than sqrt(points) times
// its norm, so that not even a pure tone can make a row's error larger by more than u |x| |k|.
int order_for(double angle, std::int64_t points) {
  const double allowed = 0x1p-24 / std::sqrt(static_cast<double>(points));
  const double ratio = std::tan(angle / 2);
  int order = 2;
  while (order <= kMaxOrder && std::pow(ratio, order) > allowed) order += 2;
  return order;
}

Decimation::Stage make_stage(int order) {
  const int reach = order / 2;
  Decimation::Stage stage{order, reach / 2, (reach + 1) / 2, {}, {}};
  double tap = std::ldexp(1.0, -order);  // C(order, 0), then from each the next; all are exact
  for (int j = -reach; j <= reach; ++j) {
    if (j % 2 == 0) {
      stage.even[j / 2 + stage.even_reach] = static_cast<float>(tap);
    } else {
      stage.odd[(j - 1) / 2 + stage.odd_reach] = static_cast<float>(tap);
    }
    tap = tap * (reach - j) / (reach + j + 1);
  }
  return stage;
}

}  // namespace

Decimation::Decimation(const PlanOptions& o, ki::cpu::SimdTarget target) : points_(o.fft_size) {
  if (o.frequency_mask.empty()) return;
  const std::int64_t highest = highest_kept(o);
  for (std::int64_t rate = points_; rate % 2 == 0 && is_supported(rate / 2, target); rate /= 2) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(highest) / static_cast<double>(rate);
    const int order = angle < std::numbers::pi / 2 ? order_for(angle, points_) : kMaxOrder + 2;
    if (order > kMaxOrder) return;
    stages_.push_back(make_stage(order));
    if (gain(highest) >= kLeastGain) continue;
    stages_.pop_back();
    return;
  }
}

double Decimation::gain(std::int64_t frequency) const {
  double gain = 1, angle = std::numbers::pi * static_cast<double>(frequency) / static_cast<double>(points_);
  for (const Stage& stage : stages_) {
    gain *= std::pow(std::cos(angle), stage.order);
    angle *= 2;
  }
  return gain;
}

std::int64_t Decimation::scratch_floats(std::int64_t count) const {
  if (stages_.empty()) return 0;
  // Two levels at a time, each as two streams with a lead and room for what the next level's loops reach.
  const std::int64_t second = next_level(next_level(first_level(count))), third = next_level(second);
  return 2 * (second + kLead) + 2 * (third + kLead);
}

}  // namespace ki::long_convolution::cpu
