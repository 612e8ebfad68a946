// Integer instructions that C++ has no operator for, one lane at a time; callers loop over lanes.
#pragma once

#include <bit>
#include <cstdint>

namespace vgpu::arithmetic {

enum class PermuteMode { general, f4e, b4e, rc8, ecl, ecr, rc16 };

// prmt: each nibble of `selector` picks one of the eight bytes of {b, a}; its top bit spreads that byte's sign instead.
constexpr std::uint32_t permute(std::uint32_t a, std::uint32_t b, std::uint32_t selector, PermuteMode mode);

// bfe, bfi: `position` and `length` as the instruction takes them; only their low eight bits count.
constexpr std::uint32_t extract_bits(std::uint32_t a, std::uint32_t position, std::uint32_t length, bool is_signed);
constexpr std::uint64_t extract_bits(std::uint64_t a, std::uint32_t position, std::uint32_t length, bool is_signed);
constexpr std::uint32_t insert_bits(std::uint32_t a, std::uint32_t b, std::uint32_t position, std::uint32_t length);
constexpr std::uint64_t insert_bits(std::uint64_t a, std::uint64_t b, std::uint32_t position, std::uint32_t length);

// lop3: bit (4a + 2b + c) of `table` is the answer for bits a, b and c.
constexpr std::uint32_t logic3(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint8_t table);

// dp4a and dp2a: c plus the products of four bytes; of two 16-bit numbers with the lower or upper two bytes of b.
constexpr std::uint32_t dot4(std::uint32_t a, bool a_signed, std::uint32_t b, bool b_signed, std::uint32_t c);
constexpr std::uint32_t dot2(std::uint32_t a, bool a_signed, std::uint32_t b, bool b_signed, std::uint32_t c,
                             bool upper);

// shf: the 64-bit number {high, low} shifted; .wrap takes the amount modulo 32, .clamp at most 32.
constexpr std::uint32_t funnel_left(std::uint32_t low, std::uint32_t high, std::uint32_t amount, bool wrap);
constexpr std::uint32_t funnel_right(std::uint32_t low, std::uint32_t high, std::uint32_t amount, bool wrap);

// bfind: the highest bit that differs from the sign (from 0 if unsigned), 2^32-1 if there is none; or, with shift
// amount, by how much to shift it to the top.
constexpr std::uint32_t find_bit(std::uint32_t a, bool is_signed, bool shift_amount);
constexpr std::uint32_t find_bit(std::uint64_t a, bool is_signed, bool shift_amount);
constexpr std::uint32_t reverse_bits(std::uint32_t a);
constexpr std::uint64_t reverse_bits(std::uint64_t a);

// mul.hi for 64 bits.
constexpr std::uint64_t multiply_high_unsigned(std::uint64_t a, std::uint64_t b);
constexpr std::uint64_t multiply_high_signed(std::uint64_t a, std::uint64_t b);

// sad: c + |a - b|.
constexpr std::uint32_t absolute_difference(std::uint32_t a, std::uint32_t b, bool is_signed);

}  // namespace vgpu::arithmetic
