// The combine operator's kernel, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/cpu/combine_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include <cmath>
#include <limits>

#include "attention/cpu/at.h"
#include "attention/cpu/combine.h"
#include "cpu/simd/convert-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::kLanes;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A row of the result.
struct CombinedRow {
  std::int64_t batch, query, head;
};

// The sum of exp(l_p) over the parts, as exp(max) * sum. A part that is NaN makes all of it NaN; a part that is infinite
// makes the sum NaN, which the weights of the formula are as well.
class LogSumExp {
 public:
  void find_max(double l) {
    if (l > max_ || std::isnan(l)) max_ = l;
  }
  void add(double l) { sum_ += l == -kInfinity ? 0.0 : std::exp(l - max_); }

  bool empty() const { return max_ == -kInfinity; }
  double weight(double l) const { return std::exp(l - max_) / sum_; }
  double value() const { return std::isinf(max_) ? max_ : max_ + std::log(sum_); }

 private:
  double max_ = -kInfinity;
  double sum_ = 0;
};

// sums += weight * row
template <class T>
void add_row(const T* HWY_RESTRICT row, float weight, int columns, float* HWY_RESTRICT sums) {
  const FloatTag d;
  const auto weights = hn::Set(d, weight);
  int i = 0;
  for (; i + kLanes <= columns; i += kLanes) {
    hn::Store(hn::MulAdd(weights, simd::load(d, row + i), hn::Load(d, sums + i)), d, sums + i);
  }
  if (i < columns) {
    hn::Store(hn::MulAdd(weights, simd::load_first(d, row + i, columns - i), hn::Load(d, sums + i)), d, sums + i);
  }
}

// The row that is there already comes first, then the parts in their order. Parts without keys are not looked at.
template <class Part, class Output>
void combine_row(const CombineProblem& c, const CombinedRow& row) {
  const std::int64_t parts = c.partial_outputs.shape[0];
  const int columns = static_cast<int>(c.output.shape[3]);
  Output* output = at<Output>(c.output, row.batch, row.query, row.head);
  float* logsumexp = c.logsumexp.rank > 0 ? at<float>(c.logsumexp, row.batch, row.head, row.query) : nullptr;
  const double before = c.accumulate ? *logsumexp : -kInfinity;
  const auto part_logsumexp = [&](std::int64_t part) {
    return double{*at<const float>(c.partial_logsumexps, part, row.batch, row.head, row.query)};
  };

  LogSumExp total;
  total.find_max(before);
  for (std::int64_t part = 0; part < parts; ++part) total.find_max(part_logsumexp(part));
  HWY_ALIGN float sums[kMaxHeadDim] = {};
  if (!total.empty()) {
    total.add(before);
    for (std::int64_t part = 0; part < parts; ++part) total.add(part_logsumexp(part));
    if (before != -kInfinity) add_row(output, static_cast<float>(total.weight(before)), columns, sums);
    for (std::int64_t part = 0; part < parts; ++part) {
      const double l = part_logsumexp(part);
      if (l == -kInfinity) continue;
      const Part* partial = at<const Part>(c.partial_outputs, part, row.batch, row.query, row.head);
      add_row(partial, static_cast<float>(total.weight(l)), columns, sums);
    }
  }
  simd::narrow_row(sums, output, columns);
  if (logsumexp != nullptr) *logsumexp = static_cast<float>(total.value());
}

template <class Part, class Output>
void combine_rows(const CombineProblem& c, std::int64_t first, std::int64_t end) {
  const std::int64_t seq_q = c.output.shape[1], heads = c.output.shape[2];
  for (std::int64_t row = first; row < end; ++row) {
    combine_row<Part, Output>(c, {row / heads / seq_q, row / heads % seq_q, row % heads});
  }
}

using ki::cpu::BFloat16;
using ki::cpu::Float16;

constexpr CombineKernels kCombineKernels{combine_rows<float, float>, combine_rows<float, Float16>,
                                         combine_rows<float, BFloat16>, combine_rows<Float16, Float16>,
                                         combine_rows<BFloat16, BFloat16>};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::attention::cpu {

const CombineKernels& combine_kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kCombineKernels); }

}  // namespace ki::attention::cpu
#endif
