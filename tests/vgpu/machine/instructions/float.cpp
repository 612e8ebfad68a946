// Arithmetic on f32 and f64. PTX ISA, section 9.7.3. What kernels are made of (add, sub, mul, fma, min and max to
// nearest) has loops of its own here; the rest goes to the arithmetic library.
#include <algorithm>
#include <bit>
#include <cmath>

#include "arithmetic/approximations.h"
#include "arithmetic/float_math.h"
#include "arithmetic/flushed.h"
#include "machine/instructions/arithmetic.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using arithmetic::FloatModifiers;
using arithmetic::FloatOperation;
using arithmetic::flushed;
using arithmetic::RoundingMode;
using ptx::Type;

// Hardware answers every NaN of f32 arithmetic with this one.
float canonical(float x) { return x != x ? std::bit_cast<float>(0x7FFF'FFFFu) : x; }

struct Add {
  float operator()(float a, float b) const { return a + b; }
};
struct Subtract {
  float operator()(float a, float b) const { return a - b; }
};
struct Multiply {
  float operator()(float a, float b) const { return a * b; }
};
struct FusedMultiplyAdd {
  float operator()(float a, float b, float c) const { return __builtin_fmaf(a, b, c); }
};
// A NaN gives way to the other operand, and -0 is less than +0.
struct Maximum {
  float operator()(float a, float b) const {
    const float larger = a > b ? a : b;
    const float zero = std::bit_cast<float>(std::bit_cast<u32>(a) & std::bit_cast<u32>(b));
    const float ordered = a == b ? zero : larger;
    return a != a ? b : b != b ? a : ordered;
  }
};
struct Minimum {
  float operator()(float a, float b) const {
    const float smaller = a < b ? a : b;
    const float zero = std::bit_cast<float>(std::bit_cast<u32>(a) | std::bit_cast<u32>(b));
    const float ordered = a == b ? zero : smaller;
    return a != a ? b : b != b ? a : ordered;
  }
};

template <class F, bool Flush>
struct Rounded {
  template <class... T>
  float operator()(T... x) const {
    return Flush ? flushed(canonical(F{}(flushed(x)...))) : canonical(F{}(x...));
  }
};

template <class F>
Handler fast_binary(bool ftz) {
  return ftz ? Lanewise<Rounded<F, true>, float, float, float>::run
             : Lanewise<Rounded<F, false>, float, float, float>::run;
}

Handler fast_handler(FloatOperation operation, bool ftz) {
  switch (operation) {
    case FloatOperation::add: return fast_binary<Add>(ftz);
    case FloatOperation::sub: return fast_binary<Subtract>(ftz);
    case FloatOperation::mul: return fast_binary<Multiply>(ftz);
    case FloatOperation::min: return fast_binary<Minimum>(ftz);
    case FloatOperation::max: return fast_binary<Maximum>(ftz);
    case FloatOperation::fma:
      return ftz ? Lanewise<Rounded<FusedMultiplyAdd, true>, float, float, float, float>::run
                 : Lanewise<Rounded<FusedMultiplyAdd, false>, float, float, float, float>::run;
    default: return nullptr;
  }
}

struct Computation {
  FloatOperation operation;
  FloatModifiers modifiers;
};

// at: d, a, b, c; operands that the operation does not have repeat a
template <bool IsDouble>
void compute(Warp& warp, const Op& op, u32 mask) {
  using T = std::conditional_t<IsDouble, u64, u32>;
  const Computation& computation = *static_cast<const Computation*>(op.extra);
  keep_lanes(warp.lanes<T>(op.at[0]), mask, [&](void* d) {
    (IsDouble ? arithmetic::double_arithmetic : arithmetic::float_arithmetic)(
        computation.operation, computation.modifiers, d, warp.lanes<T>(op.at[1]), warp.lanes<T>(op.at[2]),
        warp.lanes<T>(op.at[3]));
  });
}

// immediate: ftz
template <arithmetic::Approximation F>
void approximate(Warp& warp, const Op& op, u32 mask) {
  keep_lanes(warp.lanes<u32>(op.at[0]), mask, [&](void* d) { F(d, warp.lanes<u32>(op.at[1]), op.immediate != 0); });
}
template <void (*F)(void*, const void*, const void*, bool)>
void approximate_division(Warp& warp, const Op& op, u32 mask) {
  keep_lanes(warp.lanes<u32>(op.at[0]), mask,
             [&](void* d) { F(d, warp.lanes<u32>(op.at[1]), warp.lanes<u32>(op.at[2]), op.immediate != 0); });
}
template <void (*F)(void*, const void*)>
void approximate_double(Warp& warp, const Op& op, u32 mask) {
  keep_lanes(warp.lanes<u64>(op.at[0]), mask, [&](void* d) { F(d, warp.lanes<u64>(op.at[1])); });
}

template <bool Absolute, class T>
struct ChangeSign {
  T operator()(T x) const {
    constexpr T kSign = T{1} << (8 * sizeof(T) - 1);
    return Absolute ? x & ~kSign : x ^ kSign;
  }
};
template <bool Absolute>
struct ChangeSignFlushed {
  u32 operator()(u32 x) const {
    return ChangeSign<Absolute, u32>{}(std::bit_cast<u32>(flushed(std::bit_cast<float>(x))));
  }
};
// The sign of a on the magnitude of b.
template <class T>
struct CopySign {
  T operator()(T a, T b) const {
    constexpr T kSign = T{1} << (8 * sizeof(T) - 1);
    return (a & kSign) | (b & ~kSign);
  }
};

void decode_approximation(Decoder& d, std::string_view name, bool is_approximate, bool is_full) {
  const bool ftz = d.accept("ftz");
  const Type type = d.next_type();
  if (type == Type::f64) {
    if (!is_approximate || !ftz || (name != "rcp" && name != "rsqrt")) d.fail_unsupported();
    d.expect_operands(2, 2);
    const Value a = d.read(1, type);
    d.emit(name == "rcp" ? approximate_double<arithmetic::rcp_approx_f64>
                         : approximate_double<arithmetic::rsqrt_approx_f64>,
           {d.write(0, type), a});
    return;
  }
  if (type != Type::f32) d.fail_unsupported();
  if (name == "div") {
    d.expect_operands(3, 3);
    const Value a = d.read(1, type), b = d.read(2, type);
    d.emit(is_full ? approximate_division<arithmetic::div_full> : approximate_division<arithmetic::div_approx>,
           {d.write(0, type), a, b}, ftz);
    return;
  }
  static const std::unordered_map<std::string_view, Handler> kHandlers = {
      {"ex2", approximate<arithmetic::ex2_approx>},   {"lg2", approximate<arithmetic::lg2_approx>},
      {"rcp", approximate<arithmetic::rcp_approx>},   {"rsqrt", approximate<arithmetic::rsqrt_approx>},
      {"sqrt", approximate<arithmetic::sqrt_approx>}, {"sin", approximate<arithmetic::sin_approx>},
      {"cos", approximate<arithmetic::cos_approx>},   {"tanh", approximate<arithmetic::tanh_approx>},
  };
  const auto found = kHandlers.find(name);
  if (found == kHandlers.end() || is_full) d.fail_unsupported();
  d.expect_operands(2, 2);
  const Value a = d.read(1, type);
  d.emit(found->second, {d.write(0, type), a}, ftz);
}

void decode_sign(Decoder& d, bool absolute) {
  const bool ftz = d.accept("ftz");
  const Type type = d.next_type();
  d.expect_operands(2, 2);
  const Value a = d.read(1, type);
  Handler run;
  if (type == Type::f64) {
    if (ftz) d.fail_unsupported();
    run = absolute ? Lanewise<ChangeSign<true, u64>, u64, u64>::run : Lanewise<ChangeSign<false, u64>, u64, u64>::run;
  } else if (ftz) {
    run =
        absolute ? Lanewise<ChangeSignFlushed<true>, u32, u32>::run : Lanewise<ChangeSignFlushed<false>, u32, u32>::run;
  } else {
    run = absolute ? Lanewise<ChangeSign<true, u32>, u32, u32>::run : Lanewise<ChangeSign<false, u32>, u32, u32>::run;
  }
  d.emit(run, {d.write(0, type), a});
}

// testp.finite p, a and its kin
template <class T>
void test_property(Warp& warp, const Op& op, u32 mask) {
  const auto answer = lanes_where(
      [which = op.immediate](T x) {
        switch (which) {
          case 0: return std::isfinite(x);
          case 1: return std::isinf(x);
          case 2: return !std::isnan(x);
          case 3: return std::isnan(x);
          case 4: return std::isnormal(x);
          default: return std::fpclassify(x) == FP_SUBNORMAL;
        }
      },
      static_cast<const T*>(warp.lanes<T>(op.at[1])));
  set_predicate(warp.predicate(op.at[0]), answer, mask);
}

void decode_testp(Decoder& d) {
  static constexpr std::string_view kNames[] = {"finite", "infinite", "number", "notanumber", "normal", "subnormal"};
  const std::string_view name = d.next();
  const auto which = static_cast<std::size_t>(std::find(std::begin(kNames), std::end(kNames), name) - kNames);
  if (which == std::size(kNames)) d.fail_unsupported();
  const Type type = d.next_type();
  d.expect_operands(2, 2);
  const Value a = d.read(1, type);
  d.emit(type == Type::f64 ? test_property<double> : test_property<float>, {d.write_predicate(d.operand(0)), a}, which);
}

std::optional<RoundingMode> accept_rounding(Decoder& d) {
  if (d.accept("rn")) return RoundingMode::nearest_even;
  if (d.accept("rz")) return RoundingMode::zero;
  if (d.accept("rm")) return RoundingMode::down;
  if (d.accept("rp")) return RoundingMode::up;
  return std::nullopt;
}

}  // namespace

void decode_float_arithmetic(Decoder& d) {
  const std::string_view name = d.mnemonic();
  if (name == "abs") return decode_sign(d, true);
  if (name == "neg") return decode_sign(d, false);
  if (name == "testp") return decode_testp(d);
  if (name == "copysign") {
    const Type type = d.next_type();
    d.expect_operands(3, 3);
    const Value a = d.read(1, type), b = d.read(2, type);
    d.emit(type == Type::f64 ? Handler{Lanewise<CopySign<u64>, u64, u64, u64>::run}
                             : Lanewise<CopySign<u32>, u32, u32, u32>::run,
           {d.write(0, type), a, b});
    return;
  }
  const bool is_approximate = d.accept("approx");
  const bool is_full = !is_approximate && d.accept("full");
  if (is_approximate || is_full) return decode_approximation(d, name, is_approximate, is_full);

  static const std::unordered_map<std::string_view, std::pair<FloatOperation, std::size_t>> kOperations = {
      {"add", {FloatOperation::add, 2}}, {"sub", {FloatOperation::sub, 2}}, {"mul", {FloatOperation::mul, 2}},
      {"fma", {FloatOperation::fma, 3}}, {"mad", {FloatOperation::fma, 3}}, {"div", {FloatOperation::div, 2}},
      {"min", {FloatOperation::min, 2}}, {"max", {FloatOperation::max, 2}}, {"sqrt", {FloatOperation::sqrt, 1}},
      {"rcp", {FloatOperation::rcp, 1}},
  };
  const auto found = kOperations.find(name);
  if (found == kOperations.end()) d.fail_unsupported();
  const auto [operation, sources] = found->second;
  Computation computation{operation, {}};
  computation.modifiers.rounding = accept_rounding(d).value_or(RoundingMode::nearest_even);
  computation.modifiers.ftz = d.accept("ftz");
  computation.modifiers.nan = d.accept("NaN");
  computation.modifiers.xorsign_abs = d.accept("xorsign") && d.accept("abs");
  computation.modifiers.sat = d.accept("sat");
  const FloatModifiers& modifiers = computation.modifiers;
  const Type type = d.next_type();
  const bool is_double = type == Type::f64;
  const bool is_extremum = operation == FloatOperation::min || operation == FloatOperation::max;
  const bool takes_three = is_extremum && d.operand_count() == 4;
  if ((is_double && (modifiers.ftz || modifiers.sat || modifiers.nan || modifiers.xorsign_abs)) || takes_three ||
      (!is_extremum && (modifiers.nan || modifiers.xorsign_abs))) {
    d.fail_unsupported();
  }
  d.expect_operands(sources + 1, sources + 1);
  std::vector<Value> operands = {Value{}};
  for (std::size_t i = 1; i <= sources; ++i) operands.push_back(d.read(i, type));
  operands[0] = d.write(0, type);
  const bool is_plain = !is_double && modifiers.rounding == RoundingMode::nearest_even && !modifiers.sat &&
                        !modifiers.nan && !modifiers.xorsign_abs;
  if (is_plain) {
    if (const Handler fast = fast_handler(operation, modifiers.ftz)) {
      d.emit(fast, std::move(operands));
      return;
    }
  }
  while (operands.size() < 4) operands.push_back(operands[1]);
  d.emit(is_double ? compute<true> : compute<false>, std::move(operands), 0, d.keep(computation));
}

}  // namespace vgpu::machine
