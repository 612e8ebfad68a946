// Integer instructions against plain C++.
#include <algorithm>

#include "machine/integers.h"
#include "machine/testing/instruction_check.h"

namespace vgpu {
namespace {

using testing::check;
__extension__ using u128 = unsigned __int128;
__extension__ using s128 = __int128;

template <class T>
std::string type_name() {
  return (std::is_signed_v<T> ? "s" : "u") + std::to_string(8 * sizeof(T));
}

// Arithmetic in 128 bits, where nothing overflows.
template <class T>
void check_arithmetic() {
  const std::string t = type_name<T>();
  constexpr int kBits = 8 * sizeof(T);
  check<T, T, T>("add." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<T>(s128{a} + b); });
  check<T, T, T>("sub." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<T>(s128{a} - b); });
  check<T, T, T>("mul.lo." + t + " %o, %a, %b;",
                 [](T a, T b) { return static_cast<T>(u128(s128{a}) * u128(s128{b})); });
  check<T, T, T>("mul.hi." + t + " %o, %a, %b;", [](T a, T b) {
    if constexpr (std::is_signed_v<T>) return static_cast<T>((s128{a} * b) >> kBits);
    return static_cast<T>((u128{static_cast<std::make_unsigned_t<T>>(a)} * b) >> kBits);
  });
  check<T, T, T, T>("mad.lo." + t + " %o, %a, %b, %c;",
                    [](T a, T b, T c) { return static_cast<T>(u128(s128{a}) * u128(s128{b}) + u128(s128{c})); });
  check<T, T, T, T>("mad.hi." + t + " %o, %a, %b, %c;", [](T a, T b, T c) {
    if constexpr (std::is_signed_v<T>) return static_cast<T>(u128((s128{a} * b) >> kBits) + u128(s128{c}));
    return static_cast<T>(((u128{static_cast<std::make_unsigned_t<T>>(a)} * b) >> kBits) + c);
  });
  check<T, T, T>("div." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<T>(b == 0 ? s128{-1} : s128{a} / b); });
  check<T, T, T>("rem." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<T>(b == 0 ? s128{a} : s128{a} % b); });
  check<T, T, T>("min." + t + " %o, %a, %b;", [](T a, T b) { return std::min(a, b); });
  check<T, T, T>("max." + t + " %o, %a, %b;", [](T a, T b) { return std::max(a, b); });
  check<T, T, T, T>("sad." + t + " %o, %a, %b, %c;", [](T a, T b, T c) {
    const s128 d = s128{a} - b;
    return static_cast<T>(c + (d < 0 ? -d : d));
  });
  if constexpr (std::is_signed_v<T>) {
    check<T, T>("neg." + t + " %o, %a;", [](T a) { return static_cast<T>(-s128{a}); });
    check<T, T>("abs." + t + " %o, %a;", [](T a) { return static_cast<T>(a < 0 ? -s128{a} : s128{a}); });
  }
}

TEST(Integer, ComputesInEveryType) {
  check_arithmetic<u16>();
  check_arithmetic<s16>();
  check_arithmetic<u32>();
  check_arithmetic<s32>();
  check_arithmetic<u64>();
  check_arithmetic<s64>();
}

template <class Wide, class T>
void check_wide() {
  const std::string t = type_name<T>();
  check<Wide, T, T>("mul.wide." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<Wide>(s128{a} * b); });
  check<Wide, T, T, Wide>("mad.wide." + t + " %o, %a, %b, %c;",
                          [](T a, T b, Wide c) { return static_cast<Wide>(u128(s128{a} * b) + u128(s128{c})); });
}

TEST(Integer, MultipliesToTwiceTheWidth) {
  check_wide<u32, u16>();
  check_wide<s32, s16>();
  check_wide<u64, u32>();
  check_wide<s64, s32>();
}

s32 clamped(s128 x) { return static_cast<s32>(std::min<s128>(std::max<s128>(x, INT32_MIN), INT32_MAX)); }

TEST(Integer, Saturates) {
  check<s32, s32, s32>("add.sat.s32 %o, %a, %b;", [](s32 a, s32 b) { return clamped(s128{a} + b); });
  check<s32, s32, s32>("sub.sat.s32 %o, %a, %b;", [](s32 a, s32 b) { return clamped(s128{a} - b); });
  check<s32, s32, s32, s32>("mad.hi.sat.s32 %o, %a, %b, %c;",
                            [](s32 a, s32 b, s32 c) { return clamped((s128{a} * b >> 32) + c); });
}

TEST(Integer, MultipliesTheLow24Bits) {
  const auto u = [](u32 x) { return u64{x % (1u << 24)}; };
  const auto s = [](s32 x) {
    s64 low = static_cast<u32>(x) % (1u << 24);
    return low >= (1 << 23) ? low - (1 << 24) : low;
  };
  check<u32, u32, u32>("mul24.lo.u32 %o, %a, %b;", [&](u32 a, u32 b) { return static_cast<u32>(u(a) * u(b)); });
  check<u32, u32, u32>("mul24.hi.u32 %o, %a, %b;", [&](u32 a, u32 b) { return static_cast<u32>(u(a) * u(b) / 65536); });
  check<s32, s32, s32>("mul24.lo.s32 %o, %a, %b;", [&](s32 a, s32 b) { return static_cast<s32>(s(a) * s(b)); });
  check<s32, s32, s32>("mul24.hi.s32 %o, %a, %b;", [&](s32 a, s32 b) { return static_cast<s32>(s(a) * s(b) >> 16); });
  check<u32, u32, u32, u32>("mad24.lo.u32 %o, %a, %b, %c;",
                            [&](u32 a, u32 b, u32 c) { return static_cast<u32>(u(a) * u(b) + c); });
  check<s32, s32, s32, s32>("mad24.hi.s32 %o, %a, %b, %c;",
                            [&](s32 a, s32 b, s32 c) { return static_cast<s32>((s(a) * s(b) >> 16) + c); });
}

TEST(Integer, CarriesThroughLongSums) {
  // 128 bits from two 64-bit halves; the upper half of the result is looked at.
  check<u64, u64, u64, u64, u64>(
      "{ .reg .b64 %x; ?add.cc.u64 %x, %a, %b; ?addc.u64 %o, %c, %d; }",
      [](u64 a, u64 b, u64 c, u64 d) { return static_cast<u64>(((u128{c} << 64 | a) + (u128{d} << 64 | b)) >> 64); });
}

TEST(Integer, BorrowsAndMultipliesWithCarry) {
  check<u32, u32, u32, u32, u32>(
      "{ .reg .b32 %x; ?sub.cc.u32 %x, %a, %b; ?subc.u32 %o, %c, %d; }",
      [](u32 a, u32 b, u32 c, u32 d) { return static_cast<u32>(((u64{c} << 32 | a) - (u64{d} << 32 | b)) >> 32); });
  check<u32, u32, u32, u32>(
      "{ .reg .b32 %x; ?mad.lo.cc.u32 %x, %a, %b, %c; ?madc.hi.u32 %o, %a, %b, 7; }",
      [](u32 a, u32 b, u32 c) { return static_cast<u32>((u64{a} * b + c + (u64{7} << 32)) >> 32); });
}

TEST(Integer, CountsAndFindsBits) {
  check<u32, u32>("popc.b32 %o, %a;", [](u32 a) {
    u32 n = 0;
    for (int i = 0; i < 32; ++i) n += a >> i & 1;
    return n;
  });
  check<u32, u64>("popc.b64 %o, %a;", [](u64 a) {
    u32 n = 0;
    for (int i = 0; i < 64; ++i) n += a >> i & 1;
    return n;
  });
  check<u32, u32>("clz.b32 %o, %a;", [](u32 a) {
    u32 n = 0;
    while (n < 32 && (a >> (31 - n) & 1) == 0) ++n;
    return n;
  });
  check<u32, u64>("clz.b64 %o, %a;", [](u64 a) {
    u32 n = 0;
    while (n < 64 && (a >> (63 - n) & 1) == 0) ++n;
    return n;
  });
  check<u32, u32>("brev.b32 %o, %a;", [](u32 a) {
    u32 r = 0;
    for (int i = 0; i < 32; ++i) r = r * 2 + (a >> i & 1);
    return r;
  });
  check<u64, u64>("brev.b64 %o, %a;", [](u64 a) {
    u64 r = 0;
    for (int i = 0; i < 64; ++i) r = r * 2 + (a >> i & 1);
    return r;
  });
  const auto highest = [](u64 a) {
    int i = 63;
    while (i >= 0 && (a >> i & 1) == 0) --i;
    return static_cast<u32>(i);
  };
  check<u32, u32>("bfind.u32 %o, %a;", [&](u32 a) { return highest(a); });
  check<u32, u64>("bfind.u64 %o, %a;", [&](u64 a) { return highest(a); });
  check<u32, s32>("bfind.s32 %o, %a;", [&](s32 a) { return highest(static_cast<u32>(a < 0 ? ~a : a)); });
  check<u32, s64>("bfind.s64 %o, %a;", [&](s64 a) { return highest(static_cast<u64>(a < 0 ? ~a : a)); });
  check<u32, u32>("bfind.shiftamt.u32 %o, %a;", [&](u32 a) { return a == 0 ? ~0u : 31 - highest(a); });
}

// Bit by bit, as the manual's pseudocode has it.
template <class T>
T extracted(T a, u32 position, u32 length) {
  using U = std::make_unsigned_t<T>;
  const u32 bits = 8 * sizeof(T), pos = position & 0xFF, len = length & 0xFF;
  const u32 last = std::min(pos + len - 1, bits - 1);
  const bool sign = std::is_signed_v<T> && len != 0 && (static_cast<U>(a) >> last & 1) != 0;
  U result = 0;
  for (u32 i = 0; i < bits; ++i) {
    const bool bit = i < len && pos + i < bits ? (static_cast<U>(a) >> (pos + i) & 1) != 0 : sign;
    result |= static_cast<U>(U{bit} << i);
  }
  return static_cast<T>(result);
}

template <class T>
T inserted(T a, T b, u32 position, u32 length) {
  const u32 bits = 8 * sizeof(T), pos = position & 0xFF, len = length & 0xFF;
  for (u32 i = 0; i < len && pos + i < bits; ++i) {
    b = (b & ~(T{1} << (pos + i))) | ((a >> i & 1) << (pos + i));
  }
  return b;
}

TEST(Integer, ExtractsAndInsertsBitFields) {
  check<u32, u32, u32, u32>("bfe.u32 %o, %a, %b, %c;", extracted<u32>);
  check<s32, s32, u32, u32>("bfe.s32 %o, %a, %b, %c;", extracted<s32>);
  check<u64, u64, u32, u32>("bfe.u64 %o, %a, %b, %c;", extracted<u64>);
  check<s64, s64, u32, u32>("bfe.s64 %o, %a, %b, %c;", extracted<s64>);
  check<u32, u32, u32, u32, u32>("bfi.b32 %o, %a, %b, %c, %d;", inserted<u32>);
  check<u64, u64, u64, u32, u32>("bfi.b64 %o, %a, %b, %c, %d;", inserted<u64>);
  check<u32, u32, u32>("bmsk.clamp.b32 %o, %a, %b;", [](u32 a, u32 b) {
    u32 mask = 0;
    for (u64 i = a; i < 32 && i < u64{a} + b; ++i) mask |= 1u << i;
    return mask;
  });
  check<u32, u32, u32>("bmsk.wrap.b32 %o, %a, %b;", [](u32 a, u32 b) {
    u32 mask = 0;
    for (u32 i = a % 32; i < 32 && i < a % 32 + b % 32; ++i) mask |= 1u << i;
    return mask;
  });
  check<s32, s32, u32>("szext.clamp.s32 %o, %a, %b;",
                       [](s32 a, u32 b) { return b >= 32 ? a : extracted<s32>(a, 0, b); });
  check<u32, u32, u32>("szext.wrap.u32 %o, %a, %b;", [](u32 a, u32 b) { return extracted<u32>(a, 0, b % 32); });
}

template <class A, class B>
u32 dot(u32 a, u32 b, u32 c) {
  for (int i = 0; i < 4; ++i) {
    c += static_cast<u32>(s32{static_cast<A>(a >> (8 * i))} * s32{static_cast<B>(b >> (8 * i))});
  }
  return c;
}

TEST(Integer, SumsProductsOfBytes) {
  check<u32, u32, u32, u32>("dp4a.u32.u32 %o, %a, %b, %c;", dot<std::uint8_t, std::uint8_t>);
  check<u32, u32, u32, u32>("dp4a.s32.s32 %o, %a, %b, %c;", dot<std::int8_t, std::int8_t>);
  check<u32, u32, u32, u32>("dp4a.s32.u32 %o, %a, %b, %c;", dot<std::int8_t, std::uint8_t>);
  check<u32, u32, u32, u32>("dp4a.u32.s32 %o, %a, %b, %c;", dot<std::uint8_t, std::int8_t>);
  check<u32, u32, u32, u32>("dp2a.lo.s32.u32 %o, %a, %b, %c;", [](u32 a, u32 b, u32 c) {
    return c + static_cast<u32>(s32{static_cast<s16>(a)} * s32(b & 0xFF) +
                                s32{static_cast<s16>(a >> 16)} * s32(b >> 8 & 0xFF));
  });
  check<u32, u32, u32, u32>("dp2a.hi.u32.s32 %o, %a, %b, %c;", [](u32 a, u32 b, u32 c) {
    return c + static_cast<u32>(s32(a & 0xFFFF) * s32{static_cast<std::int8_t>(b >> 16)} +
                                s32(a >> 16) * s32{static_cast<std::int8_t>(b >> 24)});
  });
}

TEST(Integer, TakesImmediates) {
  check<u32, u32>("add.u32 %o, %a, -5;", [](u32 a) { return a - 5; });
  check<u64, u64>("mul.lo.u64 %o, %a, 0x100000001;", [](u64 a) { return a * 0x100000001; });
  check<u16, u16>("sub.u16 %o, 7, %a;", [](u16 a) { return static_cast<u16>(7 - a); });
  // A result over its operand.
  check<u32, u32, u32>("{ ?mov.b32 %o, %a; ?add.u32 %o, %o, %b; }", [](u32 a, u32 b) { return a + b; });
}

}  // namespace
}  // namespace vgpu
