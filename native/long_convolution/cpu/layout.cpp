#include "long_convolution/cpu/layout.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "long_convolution/cpu/decimation.h"
#include "long_convolution/cpu/tap_mask.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::SimdTarget;

// The largest transform: of a row as long as two of the longest filters.
constexpr std::int64_t kMaxPoints = 2 * kMaxFftSize;

// Odd parts that transforms may have in cores. From 16 cores on the next size is at most a fifth larger.
constexpr int kOddParts[] = {1, 3, 5, 9, 15, 25, 27, 45, 75, 125};

// The nanoseconds that a transform takes with its inverse, about, as they were measured with AVX-512. With other vectors
// it is much the same but for a factor.
double cost(std::int64_t points) {
  constexpr double kCall = 100, kReadAndWrite = 0.9, kDoubling = 0.13;
  constexpr double kFarDoubling = 0.33;  // added for each doubling past what the second-level cache holds at ease
  constexpr double kOddStage = 1.04;     // a factor for each stage of radix 3 or 5
  const auto n = static_cast<double>(points);
  double point = kReadAndWrite + kDoubling * std::log2(n) + kFarDoubling * std::max(std::log2(n) - 14, 0.0);
  for (const int odd : {3, 5}) {
    for (; points % odd == 0; points /= odd) point *= kOddStage;
  }
  return n * point + kCall;
}

// Blocks with a transform for one row.
Layout row_layout(const PlanOptions& o, std::int64_t points) {
  Layout layout{Transform::Kind::negacyclic, points, 0, o.length};
  const std::int64_t overlap = o.taps() - 1;
  const bool holds_call = !o.circular && !o.streaming && 2 * points >= o.length + overlap;
  if (!holds_call) {
    layout.history = overlap;
    layout.hop = 2 * points - overlap;
  }
  return layout;
}

Layout pair_layout(const PlanOptions& o, std::int64_t points) { return {Transform::Kind::cyclic, points, 0, o.length}; }

class Choice {
 public:
  void consider(const Layout& layout, const PlanOptions& o) {
    const double rows = layout.pairs_rows() ? 2 : 1;
    const double found = static_cast<double>(layout.blocks(o.length)) * cost(layout.points) / rows;
    if (best_.points > 0 && found >= cost_) return;
    best_ = layout;
    cost_ = found;
  }
  const Layout& best() const { return best_; }

 private:
  Layout best_{};
  double cost_ = 0;
};

Layout choose_freely(const PlanOptions& o, SimdTarget target) {
  Choice choice;
  const std::int64_t core = core_points(target);
  for (const int odd : kOddParts) {
    for (std::int64_t points = core * odd; points <= kMaxPoints; points *= 2) {
      if (2 * points >= o.taps()) choice.consider(row_layout(o, points), o);
    }
  }
  if (o.circular && o.length <= kMaxPoints && is_supported(o.length, target)) {
    choice.consider(pair_layout(o, o.length), o);
  }
  return choice.best();
}

// Whether blocks of the size do not spend most of their work on overlap.
bool is_sensible(const Layout& layout) { return layout.history == 0 || layout.hop >= layout.row_points() / 4; }

}  // namespace

Layout choose_layout(const PlanOptions& o, SimdTarget target) {
  if (o.taps() > kMaxFftSize) {
    not_supported("options.filter_length", "is ", o.filter_length, ", of which ", o.taps(), " taps count; up to ",
                  kMaxFftSize, " are supported");
  }
  if (!o.frequency_mask.empty()) {
    if (!is_supported(o.fft_size, target)) {
      not_supported("options.fft_size", "is ", o.fft_size, "; with a frequency mask it must be ", core_points(target),
                    " times a number that only 2, 3 and 5 divide");
    }
    const std::int64_t factor = Decimation(o, target).factor();
    if (factor == 1 && can_mask_taps(o, target)) return row_layout(o, o.fft_size / 2);
    Layout layout = pair_layout(o, o.fft_size / factor);
    layout.decimation = factor;
    return layout;
  }
  const std::int64_t points = o.fft_size / 2;
  if (o.circular && o.fft_size == o.length && is_supported(o.length, target)) return pair_layout(o, o.length);
  if (points > 0 && is_supported(points, target)) {
    const Layout layout = row_layout(o, points);
    if (is_sensible(layout)) return layout;
  }
  return choose_freely(o, target);
}

}  // namespace ki::long_convolution::cpu
