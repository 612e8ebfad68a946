// Tells infinities and NaN apart from numbers, for two 16-bit elements in one register.
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::cuda {

// Bits 15 and 31 say which of two packed elements have an exponent of all ones: the exponent's lowest bit, added to the
// magnitude, carries into the sign, and never beyond.
template <class T>
KI_HOST_DEVICE constexpr std::uint32_t not_finite(std::uint32_t pair) {
  constexpr std::uint32_t kLowestBit = 0x8000 - T::kExponent;
  return ((pair & 0x7FFF7FFF) + (kLowestBit << 16 | kLowestBit)) & 0x80008000;
}

// The pair with zeros in place of elements that are not finite.
template <class T>
KI_HOST_DEVICE constexpr std::uint32_t finite_part(std::uint32_t pair) {
  return pair & ~((not_finite<T>(pair) >> 15) * 0xFFFF);
}

}  // namespace ki::cuda
