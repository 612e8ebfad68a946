// Integer instructions that C++ has no operator for, one lane at a time; callers loop over lanes.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace vgpu::arithmetic {

enum class PermuteMode { general, f4e, b4e, rc8, ecl, ecr, rc16 };

// Which of the eight bytes of {b, a} becomes byte `i` of prmt's result, and in bit 3 whether only its sign does.
constexpr std::uint32_t permute_index(int i, std::uint32_t selector, PermuteMode mode) {
  const std::uint32_t s = selector & 3, j = static_cast<std::uint32_t>(i);
  switch (mode) {
    case PermuteMode::general: return selector >> (4 * i) & 0xF;
    case PermuteMode::f4e: return s + j;
    case PermuteMode::b4e: return (s - j) & 7;
    case PermuteMode::rc8: return s;
    case PermuteMode::ecl: return s > j ? s : j;
    case PermuteMode::ecr: return s < j ? s : j;
    case PermuteMode::rc16: return (s & 1) * 2 + (j & 1);
  }
  return 0;
}

constexpr std::uint32_t permute(std::uint32_t a, std::uint32_t b, std::uint32_t selector, PermuteMode mode) {
  const std::uint64_t bytes = static_cast<std::uint64_t>(b) << 32 | a;
  std::uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t index = permute_index(i, selector, mode);
    std::uint32_t byte = bytes >> (8 * (index & 7)) & 0xFF;
    if (index & 8) byte = byte & 0x80 ? 0xFF : 0;
    result |= byte << (8 * i);
  }
  return result;
}

// The low `length` bits, for any length.
template <class U>
constexpr U low_mask(std::uint32_t length) {
  return length >= 8 * sizeof(U) ? ~U{0} : (U{1} << length) - 1;
}

// bfe on 32 or 64 unsigned bits. Bits beyond the top read as the sign: that of the field's last bit, if is_signed.
template <class U>
constexpr U extract_bits(U a, std::uint32_t position, std::uint32_t length, bool is_signed) {
  static_assert(std::is_unsigned_v<U>);
  constexpr std::uint32_t kBits = 8 * sizeof(U);
  position &= 0xFF;
  length &= 0xFF;
  if (length == 0) return 0;
  const std::uint32_t last = position + length - 1 < kBits ? position + length - 1 : kBits - 1;
  const bool sign = is_signed && (a >> last & 1);
  const std::uint32_t present = position < kBits ? last - position + 1 : 0;
  const U field = position < kBits ? a >> position & low_mask<U>(present) : U{0};
  return sign ? field | ~low_mask<U>(present) : field;
}

// bfi: the low bits of a over those of b.
template <class U>
constexpr U insert_bits(U a, U b, std::uint32_t position, std::uint32_t length) {
  static_assert(std::is_unsigned_v<U>);
  position &= 0xFF;
  length &= 0xFF;
  if (position >= 8 * sizeof(U)) return b;
  const U mask = low_mask<U>(length) << position;
  return (b & ~mask) | (a << position & mask);
}

// lop3: bit (4a + 2b + c) of `table` is the answer for bits a, b and c.
constexpr std::uint32_t logic3(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint8_t table) {
  std::uint32_t result = 0;
  if (table & 0x01) result |= ~a & ~b & ~c;
  if (table & 0x02) result |= ~a & ~b & c;
  if (table & 0x04) result |= ~a & b & ~c;
  if (table & 0x08) result |= ~a & b & c;
  if (table & 0x10) result |= a & ~b & ~c;
  if (table & 0x20) result |= a & ~b & c;
  if (table & 0x40) result |= a & b & ~c;
  if (table & 0x80) result |= a & b & c;
  return result;
}

constexpr std::int32_t field_of(std::uint32_t x, int index, int bits, bool is_signed) {
  const std::uint32_t field = x >> (index * bits) & ((1u << bits) - 1);
  const std::uint32_t sign = 1u << (bits - 1);
  return is_signed ? static_cast<std::int32_t>((field ^ sign) - sign) : static_cast<std::int32_t>(field);
}

// dp4a: c plus the products of four pairs of bytes.
constexpr std::uint32_t dot4(std::uint32_t a, bool a_signed, std::uint32_t b, bool b_signed, std::uint32_t c) {
  for (int i = 0; i < 4; ++i)
    c += static_cast<std::uint32_t>(field_of(a, i, 8, a_signed) * field_of(b, i, 8, b_signed));
  return c;
}

// dp2a: c plus the products of two 16-bit numbers with the lower (.lo) or upper (.hi) two bytes of b.
constexpr std::uint32_t dot2(std::uint32_t a, bool a_signed, std::uint32_t b, bool b_signed, std::uint32_t c,
                             bool upper) {
  for (int i = 0; i < 2; ++i) {
    c += static_cast<std::uint32_t>(field_of(a, i, 16, a_signed) * field_of(b, upper ? i + 2 : i, 8, b_signed));
  }
  return c;
}

// shf: the 64-bit number {high, low} shifted; .wrap takes the amount modulo 32, .clamp at most 32.
constexpr std::uint32_t shift_amount(std::uint32_t amount, bool wrap) {
  return wrap ? amount & 31 : amount < 32 ? amount : 32;
}
constexpr std::uint32_t funnel_left(std::uint32_t low, std::uint32_t high, std::uint32_t amount, bool wrap) {
  const std::uint64_t both = static_cast<std::uint64_t>(high) << 32 | low;
  return static_cast<std::uint32_t>(both << shift_amount(amount, wrap) >> 32);
}
constexpr std::uint32_t funnel_right(std::uint32_t low, std::uint32_t high, std::uint32_t amount, bool wrap) {
  const std::uint64_t both = static_cast<std::uint64_t>(high) << 32 | low;
  return static_cast<std::uint32_t>(both >> shift_amount(amount, wrap));
}

// bfind: the highest bit that differs from the sign (from 0 if unsigned), 2^32-1 if there is none; or with .shiftamt by
// how much to shift it to the top.
template <class U>
constexpr std::uint32_t find_bit(U a, bool is_signed, bool shift_amount) {
  static_assert(std::is_unsigned_v<U>);
  constexpr int kTop = 8 * sizeof(U) - 1;
  if (is_signed && a >> kTop & 1) a = ~a;
  if (a == 0) return 0xFFFF'FFFF;
  const int zeros = std::countl_zero(a);
  return static_cast<std::uint32_t>(shift_amount ? zeros : kTop - zeros);
}

// brev.
template <class U>
constexpr U reverse_bits(U a) {
  static_assert(std::is_unsigned_v<U>);
  U result = 0;
  for (unsigned i = 0; i < 8 * sizeof(U); ++i) result |= (a >> i & 1) << (8 * sizeof(U) - 1 - i);
  return result;
}

// mul.hi for 64 bits.
__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;
constexpr std::uint64_t multiply_high_unsigned(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(static_cast<UnsignedWide>(a) * b >> 64);
}
constexpr std::uint64_t multiply_high_signed(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(static_cast<Wide>(static_cast<std::int64_t>(a)) * static_cast<std::int64_t>(b) >>
                                    64);
}

// sad: c + |a - b|.
constexpr std::uint32_t absolute_difference(std::uint32_t a, std::uint32_t b, std::uint32_t c, bool is_signed) {
  const bool less = is_signed ? static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b) : a < b;
  return c + (less ? b - a : a - b);
}

}  // namespace vgpu::arithmetic
