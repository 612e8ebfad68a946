// Integer instructions against loops over bits, as the PTX manual's pseudocode has them, and worked examples.
#include "arithmetic/integer_math.h"

#include <gtest/gtest.h>

#include <random>

namespace vgpu::arithmetic {
namespace {

template <class U>
bool bit(U x, std::uint32_t i) {
  return x >> i & 1;
}

template <class U>
void expect_fields() {
  constexpr std::uint32_t kBits = 8 * sizeof(U);
  std::mt19937_64 random(1);
  for (std::uint32_t position = 0; position < 256; position += position < 70 ? 1 : 37) {
    for (std::uint32_t length = 0; length < 256; length += length < 70 ? 1 : 41) {
      const U a = static_cast<U>(random()), b = static_cast<U>(random());
      for (const bool is_signed : {false, true}) {
        const bool fill = is_signed && length > 0 && bit(a, std::min(position + length - 1, kBits - 1));
        U expected = 0;
        for (std::uint32_t i = 0; i < kBits; ++i) {
          const bool present = i < length && position + i < kBits;
          expected |= U{present ? bit(a, position + i) : fill} << i;
        }
        ASSERT_EQ(extract_bits<U>(a, position + 0x100, length + 0xF00, is_signed), expected)
            << position << ' ' << length;
      }
      U expected = b;
      for (std::uint32_t i = 0; i < length && position + i < kBits; ++i) {
        expected &= ~(U{1} << (position + i));
        expected |= U{bit(a, i)} << (position + i);
      }
      ASSERT_EQ(insert_bits<U>(a, b, position + 0x100, length + 0x300), expected) << position << ' ' << length;
    }
  }
}

TEST(IntegerMath, ExtractsAndInsertsFields) {
  expect_fields<std::uint32_t>();
  expect_fields<std::uint64_t>();
}

TEST(IntegerMath, PermutesBytes) {
  const std::uint32_t a = 0x8302'8100, b = 0x0786'0584;  // byte i is i, with the sign bit in bytes 1, 3, 4 and 6
  EXPECT_EQ(permute(a, b, 0x7531, PermuteMode::general), 0x0705'8381u);
  EXPECT_EQ(permute(a, b, 0x0246, PermuteMode::general), 0x0002'8486u);
  EXPECT_EQ(permute(a, b, 0x9A8B, PermuteMode::general), 0xFF00'00FFu) << "signs only";
  EXPECT_EQ(permute(a, b, 0xFFFF'3210, PermuteMode::general), a);
  // The manual's table, selector 0 to 3.
  const auto of = [](PermuteMode mode, std::uint32_t selector) {
    return permute(0x0302'0100, 0x0706'0504, selector | 0xFC, mode);
  };
  const std::uint32_t table[][4] = {{0x0302'0100, 0x0403'0201, 0x0504'0302, 0x0605'0403},   // f4e
                                    {0x0506'0700, 0x0607'0001, 0x0700'0102, 0x0001'0203},   // b4e
                                    {0x0000'0000, 0x0101'0101, 0x0202'0202, 0x0303'0303},   // rc8
                                    {0x0302'0100, 0x0302'0101, 0x0302'0202, 0x0303'0303},   // ecl
                                    {0x0000'0000, 0x0101'0100, 0x0202'0100, 0x0302'0100},   // ecr
                                    {0x0100'0100, 0x0302'0302, 0x0100'0100, 0x0302'0302}};  // rc16
  const PermuteMode modes[] = {PermuteMode::f4e, PermuteMode::b4e, PermuteMode::rc8,
                               PermuteMode::ecl, PermuteMode::ecr, PermuteMode::rc16};
  for (int mode = 0; mode < 6; ++mode) {
    for (std::uint32_t selector = 0; selector < 4; ++selector) {
      EXPECT_EQ(of(modes[mode], selector), table[mode][selector]) << mode << ' ' << selector;
    }
  }
}

TEST(IntegerMath, AppliesEveryTruthTable) {
  const std::uint32_t a = 0xF0F0'AA55, b = 0xCCCC'33AA, c = 0xAAAA'0FF0;
  for (int table = 0; table < 256; ++table) {
    std::uint32_t expected = 0;
    for (std::uint32_t i = 0; i < 32; ++i) {
      const int row = 4 * bit(a, i) + 2 * bit(b, i) + bit(c, i);
      expected |= static_cast<std::uint32_t>(table >> row & 1) << i;
    }
    ASSERT_EQ(logic3(a, b, c, static_cast<std::uint8_t>(table)), expected) << table;
  }
  EXPECT_EQ(logic3(a, b, c, 0xF0 & 0xCC & 0xAA), a & b & c) << "the manual's way to make tables";
  EXPECT_EQ(logic3(a, b, c, 0xF0 ^ 0xCC ^ 0xAA), a ^ b ^ c);
}

TEST(IntegerMath, MultipliesBytesAndAdds) {
  // Bytes of a: -1, 2, -128, 127 (from the lowest); of b: 3, -4, 5, -6.
  const std::uint32_t a = 0x7F80'02FF, b = 0xFA05'FC03;
  EXPECT_EQ(dot4(a, true, b, true, 10), static_cast<std::uint32_t>(10 - 3 - 8 - 640 - 762));
  EXPECT_EQ(dot4(a, false, b, true, 10), static_cast<std::uint32_t>(10 + 765 - 8 + 640 - 762));
  EXPECT_EQ(dot4(a, true, b, false, 0), static_cast<std::uint32_t>(-3 + 504 - 640 + 31750));
  EXPECT_EQ(dot4(a, false, b, false, 0), 765u + 504 + 640 + 31750);
  EXPECT_EQ(dot4(0, false, 0, false, 0xFFFF'FFFF) + dot4(1, false, 1, false, 0), 0u) << "wraps";
  // 16-bit numbers of a: 0x02FF, 0x7F80 and, with the sign, 0x8001 = -32767.
  EXPECT_EQ(dot2(a, true, b, true, 1, false), static_cast<std::uint32_t>(1 + 0x02FF * 3 + 0x7F80 * -4));
  EXPECT_EQ(dot2(a, true, b, true, 1, true), static_cast<std::uint32_t>(1 + 0x02FF * 5 + 0x7F80 * -6));
  EXPECT_EQ(dot2(0x8001, true, 2, true, 0, false), static_cast<std::uint32_t>(-65534));
  EXPECT_EQ(dot2(0x8001, false, 2, true, 0, false), 65538u);
}

TEST(IntegerMath, ShiftsFunnels) {
  const std::uint32_t low = 0x8000'0001, high = 0xC000'0003;
  for (std::uint32_t amount = 0; amount < 70; ++amount) {
    for (const bool wrap : {false, true}) {
      const std::uint32_t n = wrap ? amount % 32 : std::min(amount, 32u);
      std::uint32_t left = 0, right = 0;
      for (std::uint32_t i = 0; i < 32; ++i) {
        const auto both = [&](std::uint32_t j) { return j < 32 ? bit(low, j) : bit(high, j - 32); };
        left |= std::uint32_t{both(32 + i - n)} << i;
        if (i + n < 64) right |= std::uint32_t{both(i + n)} << i;
      }
      ASSERT_EQ(funnel_left(low, high, amount, wrap), left) << amount;
      ASSERT_EQ(funnel_right(low, high, amount, wrap), right) << amount;
    }
  }
}

TEST(IntegerMath, FindsAndReversesBits) {
  EXPECT_EQ(find_bit<std::uint32_t>(0, false, false), 0xFFFF'FFFFu);
  EXPECT_EQ(find_bit<std::uint32_t>(0, false, true), 0xFFFF'FFFFu);
  EXPECT_EQ(find_bit<std::uint32_t>(0xFFFF'FFFF, true, false), 0xFFFF'FFFFu);
  EXPECT_EQ(find_bit<std::uint32_t>(0x0001'0000, false, false), 16u);
  EXPECT_EQ(find_bit<std::uint32_t>(0x0001'0000, false, true), 15u);
  EXPECT_EQ(find_bit<std::uint32_t>(0x8000'0000, false, false), 31u);
  EXPECT_EQ(find_bit<std::uint32_t>(0x8000'0000, true, false), 30u);
  EXPECT_EQ(find_bit<std::uint64_t>(1ull << 40, false, false), 40u);
  EXPECT_EQ(find_bit<std::uint64_t>(1ull << 40, true, true), 23u);
  std::mt19937_64 random(2);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t x = random();
    const std::uint64_t reversed = reverse_bits(x);
    for (std::uint32_t j = 0; j < 64; ++j) ASSERT_EQ(bit(reversed, j), bit(x, 63 - j));
    ASSERT_EQ(reverse_bits(static_cast<std::uint32_t>(x)), reverse_bits(x << 32));
  }
}

TEST(IntegerMath, MultipliesHigh) {
  EXPECT_EQ(multiply_high_unsigned(~0ull, ~0ull), ~0ull - 1);
  EXPECT_EQ(multiply_high_signed(~0ull, ~0ull), 0u);
  EXPECT_EQ(multiply_high_signed(~0ull, 1), ~0ull);
  EXPECT_EQ(multiply_high_signed(1ull << 63, 1ull << 63), 1ull << 62);
  // By 32-bit halves.
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t a = random(), b = random();
    const std::uint64_t al = a & 0xFFFF'FFFF, ah = a >> 32, bl = b & 0xFFFF'FFFF, bh = b >> 32;
    const std::uint64_t middle = ah * bl + (al * bl >> 32), other = al * bh + (middle & 0xFFFF'FFFF);
    const std::uint64_t high = ah * bh + (middle >> 32) + (other >> 32);
    ASSERT_EQ(multiply_high_unsigned(a, b), high);
    ASSERT_EQ(multiply_high_signed(a, b), high - (a >> 63 ? b : 0) - (b >> 63 ? a : 0));
  }
}

TEST(IntegerMath, AddsDifferences) {
  EXPECT_EQ(absolute_difference(3, 0xFFFF'FFFF, 5, true), 9u);
  EXPECT_EQ(absolute_difference(3, 0xFFFF'FFFF, 5, false), 0xFFFF'FFFCu + 5);
  EXPECT_EQ(absolute_difference(9, 2, 1, false), 8u);
  EXPECT_EQ(absolute_difference(0x8000'0000, 0x7FFF'FFFF, 0, true), 0xFFFF'FFFFu);
}

}  // namespace
}  // namespace vgpu::arithmetic
