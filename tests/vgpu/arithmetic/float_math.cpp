// The processor rounds as it is told while these loops run; the file is compiled so that no operation is folded. Each
// operation stands between a load and a store, which cannot move across the calls that change the mode.
#include "arithmetic/float_math.h"

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "arithmetic/flushed.h"
#include "arithmetic/half_bits.h"

namespace vgpu::arithmetic {
namespace {

class RoundingScope {
 public:
  explicit RoundingScope(RoundingMode mode) : before_(std::fegetround()), changed_(processor_mode(mode) != before_) {
    if (changed_) std::fesetround(processor_mode(mode));
  }
  ~RoundingScope() {
    if (changed_) std::fesetround(before_);
  }
  RoundingScope(const RoundingScope&) = delete;
  RoundingScope& operator=(const RoundingScope&) = delete;

 private:
  static int processor_mode(RoundingMode mode) {
    switch (mode) {
      case RoundingMode::zero: return FE_TOWARDZERO;
      case RoundingMode::down: return FE_DOWNWARD;
      case RoundingMode::up: return FE_UPWARD;
      default: return FE_TONEAREST;
    }
  }
  int before_;
  bool changed_;
};

template <class F>
F extremum(F a, F b, const FloatModifiers& modifiers, bool largest) {
  const bool negative = modifiers.xorsign_abs && std::signbit(a) != std::signbit(b);
  if (modifiers.nan && (std::isnan(a) || std::isnan(b))) return std::numeric_limits<F>::quiet_NaN();
  if (modifiers.xorsign_abs) a = std::fabs(a), b = std::fabs(b);
  F result = (a < b) == largest ? b : a;
  if (a == b) result = std::signbit(a) == largest ? b : a;  // -0 is less than +0
  if (std::isnan(a)) result = b;
  if (std::isnan(b)) result = a;
  return negative ? -result : result;
}

// f32 answers one NaN whatever its operands; f64 hands on the operand's, as the processor here does too.
template <class F>
F finished(F x, const FloatModifiers& modifiers) {
  if constexpr (sizeof(F) == 4) {
    if (modifiers.ftz) x = flushed(x);
    if (modifiers.sat) return x > 0 ? std::fmin(x, 1.0f) : 0.0f;
    if (std::isnan(x)) return std::bit_cast<float>(kFloatNan);
  }
  return x;
}

template <class F, class Operation>
void for_lanes(const FloatModifiers& modifiers, void* d, const void* a, const void* b, const void* c,
               Operation&& operation) {
  const auto operand = [&](const void* lanes, int lane) {
    if (lanes == nullptr) return F{0};
    const F x = static_cast<const F*>(lanes)[lane];
    return sizeof(F) == 4 && modifiers.ftz ? flushed(x) : x;
  };
  const RoundingScope scope(modifiers.rounding);
  for (int lane = 0; lane < 32; ++lane) {
    const F result = operation(operand(a, lane), operand(b, lane), operand(c, lane));
    static_cast<F*>(d)[lane] = finished(result, modifiers);
  }
}

template <class F>
void arithmetic_on(FloatOperation operation, const FloatModifiers& modifiers, void* d, const void* a, const void* b,
                   const void* c) {
  const auto run = [&](auto&& f) { for_lanes<F>(modifiers, d, a, b, c, f); };
  switch (operation) {
    case FloatOperation::add: return run([](F x, F y, F) { return x + y; });
    case FloatOperation::sub: return run([](F x, F y, F) { return x - y; });
    case FloatOperation::mul: return run([](F x, F y, F) { return x * y; });
    case FloatOperation::fma: return run([](F x, F y, F z) { return std::fma(x, y, z); });
    case FloatOperation::div: return run([](F x, F y, F) { return x / y; });
    case FloatOperation::sqrt: return run([](F x, F, F) { return std::sqrt(x); });
    case FloatOperation::rcp: return run([](F x, F, F) { return 1 / x; });
    case FloatOperation::min: return run([&](F x, F y, F) { return extremum(x, y, modifiers, false); });
    case FloatOperation::max: return run([&](F x, F y, F) { return extremum(x, y, modifiers, true); });
  }
}

}  // namespace

void float_arithmetic(FloatOperation operation, const FloatModifiers& modifiers, void* d, const void* a, const void* b,
                      const void* c) {
  arithmetic_on<float>(operation, modifiers, d, a, b, c);
}

void double_arithmetic(FloatOperation operation, const FloatModifiers& modifiers, void* d, const void* a, const void* b,
                       const void* c) {
  arithmetic_on<double>(operation, modifiers, d, a, b, c);
}

}  // namespace vgpu::arithmetic
