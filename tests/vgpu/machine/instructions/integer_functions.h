// What integer instructions compute, for one lane. Signed numbers wrap as unsigned ones do.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "arithmetic/integer_math.h"
#include "machine/integers.h"

namespace vgpu::machine::integer_functions {

struct Add {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a + b);
  }
};
struct Subtract {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a - b);
  }
};
struct Multiply {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (sizeof(T) == 2) return static_cast<T>(u32{a} * u32{b});  // int would overflow
    return static_cast<T>(a * b);
  }
};
struct MultiplyAdd {
  template <class T>
  T operator()(T a, T b, T c) const {
    return static_cast<T>(Multiply{}(a, b) + c);
  }
};
struct MultiplyHigh {
  u16 operator()(u16 a, u16 b) const { return static_cast<u16>(u32{a} * u32{b} >> 16); }
  s16 operator()(s16 a, s16 b) const { return static_cast<s16>(s32{a} * s32{b} >> 16); }
  u32 operator()(u32 a, u32 b) const { return static_cast<u32>(u64{a} * u64{b} >> 32); }
  s32 operator()(s32 a, s32 b) const { return static_cast<s32>(s64{a} * s64{b} >> 32); }
  u64 operator()(u64 a, u64 b) const { return arithmetic::multiply_high_unsigned(a, b); }
  s64 operator()(s64 a, s64 b) const {
    return static_cast<s64>(arithmetic::multiply_high_signed(static_cast<u64>(a), static_cast<u64>(b)));
  }
};
template <class T>
using Unsigned = std::make_unsigned_t<T>;
struct MultiplyHighAdd {
  template <class T>
  T operator()(T a, T b, T c) const {
    return static_cast<T>(static_cast<Unsigned<T>>(MultiplyHigh{}(a, b)) + static_cast<Unsigned<T>>(c));
  }
};
template <class Wide>
struct MultiplyWide {
  template <class T>
  Wide operator()(T a, T b) const {
    return static_cast<Wide>(Wide{a} * Wide{b});
  }
};
template <class Wide>
struct MultiplyWideAdd {
  template <class T>
  Wide operator()(T a, T b, Wide c) const {
    return static_cast<Wide>(static_cast<Unsigned<Wide>>(Wide{a} * Wide{b}) + static_cast<Unsigned<Wide>>(c));
  }
};
// Division by zero gives all ones, as hardware does; PTX leaves it open.
struct Divide {
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0) return static_cast<T>(~T{0});
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return static_cast<T>(Unsigned<T>{0} - static_cast<Unsigned<T>>(a));
    }
    return static_cast<T>(a / b);
  }
};
struct Remainder {
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0) return a;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return 0;
    }
    return static_cast<T>(a % b);
  }
};
struct Negate {
  template <class T>
  T operator()(T a) const {
    return static_cast<T>(Unsigned<T>{0} - static_cast<Unsigned<T>>(a));
  }
};
struct Absolute {
  template <class T>
  T operator()(T a) const {
    return a < 0 ? Negate{}(a) : a;
  }
};
struct Minimum {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};
struct Maximum {
  template <class T>
  T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};
struct AddSaturated {
  s32 operator()(s32 a, s32 b) const {
    return static_cast<s32>(std::clamp(s64{a} + s64{b}, s64{INT32_MIN}, s64{INT32_MAX}));
  }
};
struct SubtractSaturated {
  s32 operator()(s32 a, s32 b) const {
    return static_cast<s32>(std::clamp(s64{a} - s64{b}, s64{INT32_MIN}, s64{INT32_MAX}));
  }
};
struct MultiplyHighAddSaturated {
  s32 operator()(s32 a, s32 b, s32 c) const { return AddSaturated{}(MultiplyHigh{}(a, b), c); }
};
struct AbsoluteDifferenceAdd {
  template <class T>
  T operator()(T a, T b, T c) const {
    using U = Unsigned<T>;
    const U difference = a < b ? static_cast<U>(static_cast<U>(b) - static_cast<U>(a))
                               : static_cast<U>(static_cast<U>(a) - static_cast<U>(b));
    return static_cast<T>(static_cast<U>(c) + difference);
  }
};
// mul24 takes the low 24 bits of each factor, with their sign.
struct Low24 {
  u64 operator()(u32 a, u32 b) const { return u64{a & 0xFFFFFF} * (b & 0xFFFFFF); }
  s64 operator()(s32 a, s32 b) const {
    return s64{static_cast<s32>(static_cast<u32>(a) << 8) >> 8} * s64{static_cast<s32>(static_cast<u32>(b) << 8) >> 8};
  }
};
struct Multiply24Low {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(Low24{}(a, b));
  }
};
struct Multiply24High {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(Low24{}(a, b) >> 16);
  }
};
struct Multiply24LowAdd {
  template <class T>
  T operator()(T a, T b, T c) const {
    return static_cast<T>(static_cast<u32>(Low24{}(a, b)) + static_cast<u32>(c));
  }
};
struct Multiply24HighAdd {
  template <class T>
  T operator()(T a, T b, T c) const {
    return static_cast<T>(static_cast<u32>(Low24{}(a, b) >> 16) + static_cast<u32>(c));
  }
};
struct PopulationCount {
  template <class T>
  u32 operator()(T a) const {
    return static_cast<u32>(std::popcount(a));
  }
};
struct LeadingZeros {
  template <class T>
  u32 operator()(T a) const {
    return static_cast<u32>(std::countl_zero(a));
  }
};
struct ReverseBits {
  template <class T>
  T operator()(T a) const {
    return arithmetic::reverse_bits(a);
  }
};
template <bool Shift>
struct FindBit {
  template <class T>
  u32 operator()(T a) const {
    return arithmetic::find_bit(static_cast<Unsigned<T>>(a), std::is_signed_v<T>, Shift);
  }
};
struct ExtractBits {
  template <class T>
  T operator()(T a, u32 position, u32 length) const {
    return static_cast<T>(arithmetic::extract_bits(static_cast<Unsigned<T>>(a), position, length, std::is_signed_v<T>));
  }
};
struct InsertBits {
  template <class T>
  T operator()(T a, T b, u32 position, u32 length) const {
    return arithmetic::insert_bits(a, b, position, length);
  }
};
template <bool ASigned, bool BSigned>
struct Dot4 {
  u32 operator()(u32 a, u32 b, u32 c) const { return arithmetic::dot4(a, ASigned, b, BSigned, c); }
};
template <bool ASigned, bool BSigned, bool Upper>
struct Dot2 {
  u32 operator()(u32 a, u32 b, u32 c) const { return arithmetic::dot2(a, ASigned, b, BSigned, c, Upper); }
};
template <bool Clamp>
struct BitMask {
  u32 operator()(u32 position, u32 length) const {
    if (!Clamp) position &= 31, length &= 31;
    if (position >= 32) return 0;
    const u64 ones = length >= 32 ? 0xFFFF'FFFFull : (1ull << length) - 1;
    return static_cast<u32>(ones << position);
  }
};
// The low `length` bits with their sign, or with zeros.
template <bool Clamp>
struct SignExtend {
  template <class T>
  T operator()(T a, u32 length) const {
    if (!Clamp) length &= 31;
    if (length >= 32) return a;
    if (length == 0) return 0;
    return static_cast<T>(static_cast<T>(static_cast<u32>(a) << (32 - length)) >> (32 - length));
  }
};

}  // namespace vgpu::machine::integer_functions
