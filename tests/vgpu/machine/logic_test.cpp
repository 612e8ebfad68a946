// Logic, shifts, permutations, moves and selections against plain C++.
#include <algorithm>
#include <array>

#include "machine/integers.h"
#include "machine/testing/instruction_check.h"

namespace vgpu {
namespace {

using testing::check;
using testing::Predicate;

template <class T>
void check_bits() {
  const std::string t = "b" + std::to_string(8 * sizeof(T));
  check<T, T, T>("and." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<T>(a & b); });
  check<T, T, T>("or." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<T>(a | b); });
  check<T, T, T>("xor." + t + " %o, %a, %b;", [](T a, T b) { return static_cast<T>(a ^ b); });
  check<T, T>("not." + t + " %o, %a;", [](T a) { return static_cast<T>(~a); });
  check<T, T>("cnot." + t + " %o, %a;", [](T a) { return static_cast<T>(a == 0); });
  check<T, T, u32>("shl." + t + " %o, %a, %b;",
                   [](T a, u32 n) { return n < 8 * sizeof(T) ? static_cast<T>(u64{a} << n) : T{0}; });
  check<T, T, u32>("shr." + t + " %o, %a, %b;",
                   [](T a, u32 n) { return n < 8 * sizeof(T) ? static_cast<T>(a >> n) : T{0}; });
  check<T, T>("mov." + t + " %o, %a;", [](T a) { return a; });
  check<T, T, T, Predicate>("selp." + t + " %o, %a, %b, %c;", [](T a, T b, Predicate c) { return c ? a : b; });
}

TEST(Logic, CombinesAndShiftsBits) {
  check_bits<u16>();
  check_bits<u32>();
  check_bits<u64>();
}

TEST(Logic, ShiftsSignsIn) {
  check<s16, s16, u32>("shr.s16 %o, %a, %b;", [](s16 a, u32 n) { return a >> std::min(n, 15u); });
  check<s32, s32, u32>("shr.s32 %o, %a, %b;", [](s32 a, u32 n) { return a >> std::min(n, 31u); });
  check<s64, s64, u32>("shr.s64 %o, %a, %b;", [](s64 a, u32 n) { return a >> std::min(n, 63u); });
}

TEST(Logic, CombinesPredicates) {
  check<Predicate, Predicate, Predicate>("and.pred %o, %a, %b;", [](bool a, bool b) { return Predicate{a && b}; });
  check<Predicate, Predicate, Predicate>("or.pred %o, %a, !%b;", [](bool a, bool b) { return Predicate{a || !b}; });
  check<Predicate, Predicate, Predicate>("xor.pred %o, %a, %b;", [](bool a, bool b) { return Predicate{a != b}; });
  check<Predicate, Predicate>("not.pred %o, %a;", [](bool a) { return Predicate{!a}; });
  check<Predicate, Predicate>("mov.pred %o, %a;", [](bool a) { return Predicate{a}; });
}

TEST(Logic, LooksUpEveryTruthTable) {
  for (const int table : {0x00, 0x1B, 0x80, 0x96, 0xE8, 0xF8, 0xC0, 0xFF}) {
    check<u32, u32, u32, u32>("lop3.b32 %o, %a, %b, %c, " + std::to_string(table) + ";", [table](u32 a, u32 b, u32 c) {
      u32 r = 0;
      for (int i = 0; i < 32; ++i) {
        const u32 row = (a >> i & 1) * 4 + (b >> i & 1) * 2 + (c >> i & 1);
        r |= static_cast<u32>(table >> row & 1) << i;
      }
      return r;
    });
  }
}

TEST(Logic, ShiftsThroughTwoRegisters) {
  const auto both = [](u32 a, u32 b) { return u64{b} << 32 | a; };
  check<u32, u32, u32, u32>("shf.l.wrap.b32 %o, %a, %b, %c;",
                            [&](u32 a, u32 b, u32 c) { return static_cast<u32>(both(a, b) << c % 32 >> 32); });
  check<u32, u32, u32, u32>("shf.r.wrap.b32 %o, %a, %b, %c;",
                            [&](u32 a, u32 b, u32 c) { return static_cast<u32>(both(a, b) >> c % 32); });
  check<u32, u32, u32, u32>("shf.l.clamp.b32 %o, %a, %b, %c;",
                            [&](u32 a, u32 b, u32 c) { return c >= 32 ? a : static_cast<u32>(both(a, b) << c >> 32); });
  check<u32, u32, u32, u32>("shf.r.clamp.b32 %o, %a, %b, %c;",
                            [&](u32 a, u32 b, u32 c) { return c >= 32 ? b : static_cast<u32>(both(a, b) >> c); });
}

TEST(Logic, PermutesBytes) {
  const auto byte = [](u32 a, u32 b, u32 i) { return static_cast<u32>((u64{b} << 32 | a) >> (8 * (i & 7)) & 0xFF); };
  check<u32, u32, u32, u32>("prmt.b32 %o, %a, %b, %c;", [&](u32 a, u32 b, u32 c) {
    u32 r = 0;
    for (u32 i = 0; i < 4; ++i) {
      const u32 s = c >> (4 * i) & 0xF;
      u32 v = byte(a, b, s);
      if (s >= 8) v = v >= 0x80 ? 0xFF : 0;
      r |= v << (8 * i);
    }
    return r;
  });
  // The manual's table of modes: the byte that each of the four selector values puts at each place.
  const std::pair<const char*, std::array<std::array<u32, 4>, 4>> modes[] = {
      {"f4e", {{{0, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 6}}}},
      {"b4e", {{{0, 7, 6, 5}, {1, 0, 7, 6}, {2, 1, 0, 7}, {3, 2, 1, 0}}}},
      {"rc8", {{{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}}}},
      {"ecl", {{{0, 1, 2, 3}, {1, 1, 2, 3}, {2, 2, 2, 3}, {3, 3, 3, 3}}}},
      {"ecr", {{{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}}}},
      {"rc16", {{{0, 1, 0, 1}, {2, 3, 2, 3}, {0, 1, 0, 1}, {2, 3, 2, 3}}}},
  };
  for (const auto& [name, table] : modes) {
    check<u32, u32, u32, u32>("prmt.b32." + std::string(name) + " %o, %a, %b, %c;", [&](u32 a, u32 b, u32 c) {
      u32 r = 0;
      for (u32 i = 0; i < 4; ++i) r |= byte(a, b, table[c & 3][i]) << (8 * i);
      return r;
    });
  }
}

TEST(Logic, PacksAndUnpacks) {
  check<u64, u32, u32>("mov.b64 %o, {%a, %b};", [](u32 a, u32 b) { return u64{b} << 32 | a; });
  check<u32, u16, u16>("mov.b32 %o, {%a, %b};", [](u16 a, u16 b) { return u32{b} << 16 | a; });
  check<u64, u16, u16, u16, u16>("mov.b64 %o, {%a, %b, %c, %d};", [](u16 a, u16 b, u16 c, u16 d) {
    return u64{d} << 48 | u64{c} << 32 | u64{b} << 16 | a;
  });
  check<u32, u64>("mov.b64 {_, %o}, %a;", [](u64 a) { return static_cast<u32>(a >> 32); });
  check<u16, u32>("{ .reg .b16 %x; ?mov.b32 {%x, %o}, %a; }", [](u32 a) { return static_cast<u16>(a >> 16); });
  check<u16, u64>("mov.b64 {_, _, %o, _}, %a;", [](u64 a) { return static_cast<u16>(a >> 32); });
}

TEST(Logic, SelectsBySign) {
  check<u32, u32, u32, s32>("slct.u32.s32 %o, %a, %b, %c;", [](u32 a, u32 b, s32 c) { return c >= 0 ? a : b; });
  check<u64, u64, u64, float>("slct.b64.f32 %o, %a, %b, %c;", [](u64 a, u64 b, float c) { return c >= 0 ? a : b; });
  check<u32, u32, u32, float>("slct.ftz.b32.f32 %o, %a, %b, %c;",
                              [](u32 a, u32 b, float c) { return c > -0x1p-126f ? a : b; });
}

}  // namespace
}  // namespace vgpu
