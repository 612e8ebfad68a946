// Floating-point instructions, comparisons and conversions: that each form reaches the right arithmetic, with its
// operands in order. The arithmetic's own corners are tested beside it.
#include <algorithm>
#include <bit>
#include <cfenv>

#include "arithmetic/half_bits.h"
#include "machine/integers.h"
#include "machine/testing/instruction_check.h"

namespace vgpu {
namespace {

using testing::check;
using testing::Predicate;

float flushed(float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }

template <class T>
T larger(T a, T b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

template <class T>
void check_float(const std::string& t) {
  check<T, T, T>("add." + t + " %o, %a, %b;", [](T a, T b) { return a + b; });
  check<T, T, T>("sub.rn." + t + " %o, %a, %b;", [](T a, T b) { return a - b; });
  check<T, T, T>("mul." + t + " %o, %a, %b;", [](T a, T b) { return a * b; });
  check<T, T, T, T>("fma.rn." + t + " %o, %a, %b, %c;", [](T a, T b, T c) { return std::fma(a, b, c); });
  check<T, T, T>("div.rn." + t + " %o, %a, %b;", [](T a, T b) { return a / b; });
  check<T, T>("sqrt.rn." + t + " %o, %a;", [](T a) { return std::sqrt(a); });
  check<T, T>("rcp.rn." + t + " %o, %a;", [](T a) { return T(1) / a; });
  check<T, T, T>("max." + t + " %o, %a, %b;", larger<T>);
  check<T, T, T>("min." + t + " %o, %a, %b;", [](T a, T b) { return -larger(-a, -b); });
  check<T, T>("neg." + t + " %o, %a;", [](T a) { return -a; });
  check<T, T>("abs." + t + " %o, %a;", [](T a) { return std::fabs(a); });
  check<T, T, T>("copysign." + t + " %o, %a, %b;", [](T a, T b) { return std::copysign(b, a); });
  check<Predicate, T>("testp.finite." + t + " %o, %a;", [](T a) { return Predicate{std::isfinite(a)}; });
  check<Predicate, T>("testp.notanumber." + t + " %o, %a;", [](T a) { return Predicate{std::isnan(a)}; });
  check<Predicate, T>("testp.subnormal." + t + " %o, %a;",
                      [](T a) { return Predicate{std::fpclassify(a) == FP_SUBNORMAL}; });
}

TEST(Float, Computes) {
  check_float<float>("f32");
  check_float<double>("f64");
}

TEST(Float, FlushesSubnormals) {
  check<float, float, float>("add.ftz.f32 %o, %a, %b;",
                             [](float a, float b) { return flushed(flushed(a) + flushed(b)); });
  check<float, float, float, float>("fma.rn.ftz.f32 %o, %a, %b, %c;", [](float a, float b, float c) {
    return flushed(std::fma(flushed(a), flushed(b), flushed(c)));
  });
  check<float, float, float>("mul.ftz.f32 %o, %a, %b;",
                             [](float a, float b) { return flushed(flushed(a) * flushed(b)); });
  check<float, float, float>("max.ftz.f32 %o, %a, %b;",
                             [](float a, float b) { return larger(flushed(a), flushed(b)); });
  check<float, float>("neg.ftz.f32 %o, %a;", [](float a) { return -flushed(a); });
}

TEST(Float, RoundsAsItIsTold) {
  const auto rounded = [](int mode, auto f) {
    return [mode, f](float a, float b) {
      std::fesetround(mode);
      volatile float x = a, y = b;
      volatile float result = f(x, y);
      std::fesetround(FE_TONEAREST);
      return result;
    };
  };
  const auto add = [](float a, float b) { return a + b; };
  check<float, float, float>("add.rz.f32 %o, %a, %b;", rounded(FE_TOWARDZERO, add));
  check<float, float, float>("add.rp.f32 %o, %a, %b;", rounded(FE_UPWARD, add));
  check<float, float, float>("add.rm.f32 %o, %a, %b;", rounded(FE_DOWNWARD, add));
  check<float, float, float>("add.sat.f32 %o, %a, %b;", [](float a, float b) {
    const float sum = a + b;
    return sum > 0 ? std::min(sum, 1.0f) : 0.0f;
  });
  check<float, float, float>("max.NaN.f32 %o, %a, %b;",
                             [](float a, float b) { return std::isnan(a) || std::isnan(b) ? NAN : larger(a, b); });
}

// Within two units in the last place of the truth, or the same special value.
TEST(Float, Approximates) {
  const auto near = [](auto truth) {
    return [truth](float a, float given) {
      const double wanted = truth(static_cast<double>(flushed(a)));
      const float rounded = flushed(static_cast<float>(wanted));
      if (testing::same(rounded, given)) return Predicate{true};
      return Predicate{std::fabs(given - wanted) <= std::fabs(wanted) * 0x1p-21};
    };
  };
  // %b is what the instruction said, brought round through a comparison that is always true where it is near.
  const std::pair<const char*, double (*)(double)> functions[] = {
      {"ex2", [](double x) { return std::exp2(x); }},  {"lg2", [](double x) { return std::log2(x); }},
      {"rcp", [](double x) { return 1 / x; }},         {"rsqrt", [](double x) { return 1 / std::sqrt(x); }},
      {"sqrt", [](double x) { return std::sqrt(x); }},
  };
  for (const auto& [name, truth] : functions) {
    testing::KernelRun run(
        testing::kernel("mov.u32 %r0, %tid.x; mul.wide.u32 %d0, %r0, 4; add.s64 %d1, %p0, %d0; add.s64 %d2, %p1, %d0;\n"
                        "ld.global.f32 %f0, [%d1]; " +
                        std::string(name) + ".approx.ftz.f32 %f1, %f0; st.global.f32 [%d2], %f1; ret;"));
    testing::Awkward awkward(3);
    std::vector<float> input(256);
    for (float& x : input) testing::kind_of<float>().make(awkward, reinterpret_cast<std::byte*>(&x));
    const auto out = run.upload(std::vector<float>(256));
    ASSERT_EQ(run.launch("k", {1}, {256}, 0, run.upload(input), out, u64{0}), Outcome::done) << run.report();
    const auto result = run.download<float>(out, 256);
    for (std::size_t i = 0; i < 256; ++i)
      EXPECT_TRUE(near(truth)(input[i], result[i])) << name << " of " << input[i] << " is " << result[i];
  }
}

TEST(Float, ComputesOnHalves) {
  const auto wide = arithmetic::float_from_f16;
  const auto usual = [](u16 x) { return (x & 0x7FFF) > 0x7C00 ? u16{0x7FFF} : x; };
  check<u16, u16, u16>("add.f16 %o, %a, %b;",
                       [&](u16 a, u16 b) { return usual(arithmetic::f16_from_double(double{wide(a)} + wide(b))); });
  check<u16, u16, u16, u16>("fma.rn.bf16 %o, %a, %b, %c;", [](u16 a, u16 b, u16 c) {
    const auto w = [](u16 x) { return std::bit_cast<float>(u32{x} << 16); };
    const double exact = double{w(a)} * w(b) + w(c);
    // The sum of a product and a far smaller number is not exact in double; leave the comparison to those that are.
    return arithmetic::bf16_from_double(exact);
  });
  check<u32, u32, u32>("mul.f16x2 %o, %a, %b;", [&](u32 a, u32 b) {
    const auto half = [&](int shift) {
      return u32{usual(arithmetic::f16_from_double(double{wide(static_cast<u16>(a >> shift))} *
                                                   wide(static_cast<u16>(b >> shift))))}
             << shift;
    };
    return half(0) | half(16);
  });
}

template <class T>
void check_comparisons(const std::string& t) {
  check<Predicate, T, T>("setp.eq." + t + " %o, %a, %b;", [](T a, T b) { return Predicate{a == b}; });
  check<Predicate, T, T>("setp.lt." + t + " %o, %a, %b;", [](T a, T b) { return Predicate{a < b}; });
  check<Predicate, T, T>("setp.le." + t + " %o, %a, %b;", [](T a, T b) { return Predicate{a <= b}; });
  check<Predicate, T, T>("setp.gt." + t + " %o, %a, %b;", [](T a, T b) { return Predicate{a > b}; });
  check<Predicate, T, T>("setp.ge." + t + " %o, %a, %b;", [](T a, T b) { return Predicate{a >= b}; });
  if constexpr (std::is_floating_point_v<T>) {
    const auto unordered = [](T a, T b) { return std::isnan(a) || std::isnan(b); };
    check<Predicate, T, T>("setp.ne." + t + " %o, %a, %b;",
                           [&](T a, T b) { return Predicate{a != b && !unordered(a, b)}; });
    check<Predicate, T, T>("setp.neu." + t + " %o, %a, %b;", [](T a, T b) { return Predicate{a != b}; });
    check<Predicate, T, T>("setp.equ." + t + " %o, %a, %b;",
                           [&](T a, T b) { return Predicate{a == b || unordered(a, b)}; });
    check<Predicate, T, T>("setp.ltu." + t + " %o, %a, %b;",
                           [&](T a, T b) { return Predicate{a < b || unordered(a, b)}; });
    check<Predicate, T, T>("setp.leu." + t + " %o, %a, %b;",
                           [&](T a, T b) { return Predicate{a <= b || unordered(a, b)}; });
    check<Predicate, T, T>("setp.gtu." + t + " %o, %a, %b;",
                           [&](T a, T b) { return Predicate{a > b || unordered(a, b)}; });
    check<Predicate, T, T>("setp.geu." + t + " %o, %a, %b;",
                           [&](T a, T b) { return Predicate{a >= b || unordered(a, b)}; });
    check<Predicate, T, T>("setp.num." + t + " %o, %a, %b;", [&](T a, T b) { return Predicate{!unordered(a, b)}; });
    check<Predicate, T, T>("setp.nan." + t + " %o, %a, %b;", [&](T a, T b) { return Predicate{unordered(a, b)}; });
  } else {
    check<Predicate, T, T>("setp.ne." + t + " %o, %a, %b;", [](T a, T b) { return Predicate{a != b}; });
  }
}

TEST(Comparison, KnowsEveryType) {
  check_comparisons<u16>("u16");
  check_comparisons<std::int16_t>("s16");
  check_comparisons<u32>("u32");
  check_comparisons<s32>("s32");
  check_comparisons<u64>("u64");
  check_comparisons<std::int64_t>("s64");
  check_comparisons<float>("f32");
  check_comparisons<double>("f64");
}

TEST(Comparison, CombinesWithAPredicate) {
  check<Predicate, s32, s32, Predicate>("setp.lt.and.s32 %o, %a, %b, !%c;",
                                        [](s32 a, s32 b, bool c) { return Predicate{a < b && !c}; });
  check<Predicate, u32, u32, Predicate>("setp.hs.or.u32 _|%o, %a, %b, %c;",
                                        [](u32 a, u32 b, bool c) { return Predicate{!(a >= b) || c}; });
  check<Predicate, float, float, Predicate>("setp.gt.xor.f32 %o, %a, %b, %c;",
                                            [](float a, float b, bool c) { return Predicate{(a > b) != c}; });
  check<Predicate, float, float>("setp.eq.ftz.f32 %o, %a, %b;",
                                 [](float a, float b) { return Predicate{flushed(a) == flushed(b)}; });
  check<u32, s32, s32>("set.le.u32.s32 %o, %a, %b;", [](s32 a, s32 b) { return a <= b ? ~0u : 0; });
  check<float, float, float, Predicate>("set.gt.or.f32.f32 %o, %a, %b, %c;",
                                        [](float a, float b, bool c) { return a > b || c ? 1.0f : 0.0f; });
}

TEST(Conversion, ConnectsEveryWidth) {
  check<u64, u32>("cvt.u64.u32 %o, %a;", [](u32 a) { return u64{a}; });
  check<std::int64_t, s32>("cvt.s64.s32 %o, %a;", [](s32 a) { return std::int64_t{a}; });
  check<u32, u64>("cvt.u32.u64 %o, %a;", [](u64 a) { return static_cast<u32>(a); });
  check<s32, std::int16_t>("cvt.s32.s16 %o, %a;", [](std::int16_t a) { return s32{a}; });
  check<u16, u32>("cvt.u16.u32 %o, %a;", [](u32 a) { return static_cast<u16>(a); });
  // Types of eight bits live in wider registers.
  check<s32, u32>("cvt.s32.s8 %o, %a;", [](u32 a) { return s32{static_cast<std::int8_t>(a)}; });
  check<u32, u16>("cvt.u32.u8 %o, %a;", [](u16 a) { return u32{static_cast<std::uint8_t>(a)}; });
  check<u16, s32>("cvt.sat.u8.s32 %o, %a;", [](s32 a) { return static_cast<u16>(std::clamp(a, 0, 255)); });
  check<float, s32>("cvt.rn.f32.s32 %o, %a;", [](s32 a) { return static_cast<float>(a); });
  check<s32, float>("cvt.rzi.s32.f32 %o, %a;", [](float a) {
    return std::isnan(a)
               ? 0
               : static_cast<s32>(std::clamp(std::trunc(static_cast<double>(a)), -2147483648.0, 2147483647.0));
  });
  check<double, float>("cvt.f64.f32 %o, %a;", [](float a) { return double{a}; });
  check<float, double>("cvt.rn.f32.f64 %o, %a;", [](double a) { return static_cast<float>(a); });
  check<float, float>("cvt.rmi.f32.f32 %o, %a;", [](float a) { return std::floor(a); });
  check<float, u16>("cvt.f32.f16 %o, %a;", [](u16 a) { return arithmetic::float_from_f16(a); });
  check<u16, float>("cvt.rn.bf16.f32 %o, %a;", [](float a) { return arithmetic::bf16_from_double(a); });
  check<u32, float, float>("cvt.rn.f16x2.f32 %o, %a, %b;", [](float a, float b) {
    return u32{arithmetic::f16_from_double(a)} << 16 | arithmetic::f16_from_double(b);
  });
  check<u32, s32, s32, u32>("cvt.pack.sat.s8.s32.b32 %o, %a, %b, %c;", [](s32 a, s32 b, u32 c) {
    const auto byte = [](s32 x) { return static_cast<u32>(std::clamp(x, -128, 127)) & 0xFF; };
    return c << 16 | byte(a) << 8 | byte(b);
  });
}

}  // namespace
}  // namespace vgpu
