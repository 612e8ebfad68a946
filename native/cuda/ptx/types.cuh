// The 16-bit storage types of device code: bits without arithmetic. They stand for NVIDIA's own, whose headers take longer
// to compile than a kernel.
#pragma once

#include <cstdint>

namespace ki::ptx {

struct f16 {
  static constexpr std::uint16_t kExponent = 0x7C00;  // all ones: not finite
  std::uint16_t bits;
};

struct bf16 {
  static constexpr std::uint16_t kExponent = 0x7F80;
  std::uint16_t bits;
};

}  // namespace ki::ptx
