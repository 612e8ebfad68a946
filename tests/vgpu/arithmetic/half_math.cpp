#include "arithmetic/half_math.h"

#include <immintrin.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "arithmetic/double_lanes.h"
#include "arithmetic/half_bits.h"

namespace vgpu::arithmetic {
namespace {

using ptx::Type;

// The elements of 32 lanes: 32 of them, or 64 if packed; in double precision.
struct Elements {
  alignas(32) double value[64];
};

bool is_packed(Type type) { return type == Type::f16x2 || type == Type::bf16x2; }
bool is_f16(Type type) { return type == Type::f16 || type == Type::f16x2; }
int element_count(Type type) { return is_packed(type) ? 64 : 32; }
double smallest_normal(Type type) { return is_f16(type) ? 0x1p-14 : 0x1p-126; }

double flushed(double x, double smallest) { return std::fabs(x) < smallest ? std::copysign(0.0, x) : x; }

void load(Elements& elements, const HalfModifiers& modifiers, const void* lanes) {
  const auto* bits = static_cast<const std::uint16_t*>(lanes);
  const int count = element_count(modifiers.type);
  if (is_f16(modifiers.type)) {
    for (int i = 0; i < count; ++i) elements.value[i] = float_from_f16(bits[i]);
  } else {
    for (int i = 0; i < count; ++i) elements.value[i] = float_from_bf16(bits[i]);
  }
  if (!modifiers.ftz) return;
  for (int i = 0; i < count; ++i) elements.value[i] = flushed(elements.value[i], smallest_normal(modifiers.type));
}

double clamped(double x, const HalfModifiers& modifiers) {
  if (modifiers.sat) return x > 0 ? std::fmin(x, 1.0) : 0.0;  // NaN is not above zero
  if (modifiers.relu) return x > 0 || std::isnan(x) ? x : 0.0;
  return x;
}

void store(void* d, const HalfModifiers& modifiers, Elements& elements) {
  const int count = element_count(modifiers.type);
  if (modifiers.sat || modifiers.relu) {
    for (int i = 0; i < count; ++i) elements.value[i] = clamped(elements.value[i], modifiers);
  }
  const bool f16 = is_f16(modifiers.type);
  for (int i = 0; i < count; i += 4) {
    const __m256d four = _mm256_load_pd(elements.value + i);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(static_cast<std::uint16_t*>(d) + i),
                     f16 ? f16_from_doubles(four) : bf16_from_doubles(four));
  }
  if (!modifiers.ftz) return;
  const std::uint16_t exponent = f16 ? 0x7C00 : 0x7F80;
  for (int i = 0; i < count; ++i) {
    auto& bits = static_cast<std::uint16_t*>(d)[i];
    if ((bits & exponent) == 0) bits &= 0x8000;
  }
}

// a * b + c, rounded to odd in double precision, which the rounding to 16 bits then cannot tell from the exact sum. The
// product of two halves is exact; `error` is what the sum lost (Knuth's two-sum).
double fused(double a, double b, double c) {
  const double product = a * b, sum = product + c;
  if (!std::isfinite(sum)) return sum;
  const double c_part = sum - product;
  const double error = (product - (sum - c_part)) + (c - c_part);
  auto bits = std::bit_cast<std::uint64_t>(sum);
  if (error != 0 && bits % 2 == 0) bits += (error > 0) == (sum > 0) ? 1 : -1;
  return std::bit_cast<double>(bits);
}

double extremum(double a, double b, const HalfModifiers& modifiers, bool largest) {
  const bool negative = modifiers.xorsign_abs && std::signbit(a) != std::signbit(b);
  if (modifiers.nan && (std::isnan(a) || std::isnan(b))) return std::numeric_limits<double>::quiet_NaN();
  if (modifiers.xorsign_abs) a = std::fabs(a), b = std::fabs(b);
  double result;
  if (std::isnan(a)) {
    result = b;
  } else if (std::isnan(b)) {
    result = a;
  } else if (a == b) {  // -0 is less than +0
    result = std::signbit(a) == largest ? b : a;
  } else {
    result = (a < b) == largest ? b : a;
  }
  return negative ? -result : result;
}

double computed(HalfOperation operation, const HalfModifiers& modifiers, double a, double b, double c) {
  switch (operation) {
    // Two numbers of 8 or 11 bits: rounding to the 53 of double first changes nothing in what follows.
    case HalfOperation::add: return a + b;
    case HalfOperation::sub: return a - b;
    case HalfOperation::mul: return a * b;
    case HalfOperation::min: return extremum(a, b, modifiers, false);
    case HalfOperation::max: return extremum(a, b, modifiers, true);
    case HalfOperation::fma: return fused(a, b, c);
    case HalfOperation::neg: return -a;
    case HalfOperation::abs: return std::fabs(a);
    case HalfOperation::ex2_approx: return std::exp2(a);
    case HalfOperation::tanh_approx: return std::tanh(a);
  }
  return 0;
}

bool holds(Comparison comparison, float a, float b) {
  const bool unordered = std::isnan(a) || std::isnan(b);
  switch (comparison) {
    case Comparison::eq: return a == b;
    case Comparison::ne: return !unordered && a != b;
    case Comparison::lt: return a < b;
    case Comparison::le: return a <= b;
    case Comparison::gt: return a > b;
    case Comparison::ge: return a >= b;
    case Comparison::equ: return unordered || a == b;
    case Comparison::neu: return unordered || a != b;
    case Comparison::ltu: return unordered || a < b;
    case Comparison::leu: return unordered || a <= b;
    case Comparison::gtu: return unordered || a > b;
    case Comparison::geu: return unordered || a >= b;
    case Comparison::num: return !unordered;
    case Comparison::nan: return unordered;
  }
  return false;
}

}  // namespace

void half_arithmetic(HalfOperation operation, const HalfModifiers& modifiers, void* d, const void* a, const void* b,
                     const void* c) {
  Elements x, y{}, z{};
  load(x, modifiers, a);
  if (b != nullptr) load(y, modifiers, b);
  if (c != nullptr) load(z, modifiers, c);
  const int count = element_count(modifiers.type);
  const auto each = [&](auto&& f) {
    for (int i = 0; i < count; ++i) x.value[i] = f(x.value[i], y.value[i], z.value[i]);
  };
  switch (operation) {  // the loops worth vectorising
    case HalfOperation::add: each([](double p, double q, double) { return p + q; }); break;
    case HalfOperation::mul: each([](double p, double q, double) { return p * q; }); break;
    case HalfOperation::fma: each(fused); break;
    default: each([&](double p, double q, double r) { return computed(operation, modifiers, p, q, r); });
  }
  store(d, modifiers, x);
}

HalfPredicates half_compare(Comparison comparison, const HalfModifiers& modifiers, const void* a, const void* b) {
  Elements x, y;
  load(x, modifiers, a);
  load(y, modifiers, b);
  HalfPredicates answer;
  for (int lane = 0; lane < 32; ++lane) {
    const int i = is_packed(modifiers.type) ? 2 * lane : lane;
    const auto low = holds(comparison, static_cast<float>(x.value[i]), static_cast<float>(y.value[i]));
    answer.low |= static_cast<std::uint32_t>(low) << lane;
    if (!is_packed(modifiers.type)) continue;
    const auto high = holds(comparison, static_cast<float>(x.value[i + 1]), static_cast<float>(y.value[i + 1]));
    answer.high |= static_cast<std::uint32_t>(high) << lane;
  }
  return answer;
}

}  // namespace vgpu::arithmetic
