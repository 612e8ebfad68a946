// Who touched a piece of memory last, and when: 64 bits. Epochs grow with time within a block, so that "before the last
// barrier of the whole block" is one comparison of stamps.
#pragma once

#include <cstdint>

namespace vgpu {

// How far an access is protected by being atomic or having a memory order: two strong accesses do not race.
enum class Strength : std::uint8_t { weak = 0, block = 1, device = 2 };

struct Stamp {
  // Bits 63..32 epoch, 31..22 thread, 21..20 strength, 19..16 which of four bytes, 15..0 site. Zero: nobody.
  std::uint64_t bits = 0;

  static Stamp make(std::uint32_t epoch, std::uint32_t thread, Strength strength, std::uint32_t byte_mask,
                    std::uint32_t site) {
    return {std::uint64_t{epoch} << 32 | std::uint64_t{thread} << 22 | std::uint64_t(strength) << 20 |
            std::uint64_t{byte_mask} << 16 | site};
  }
  std::uint32_t epoch() const { return static_cast<std::uint32_t>(bits >> 32); }
  std::uint32_t thread() const { return bits >> 22 & 0x3FF; }
  std::uint32_t two_bits() const { return bits >> 20 & 3; }
  Strength strength() const { return static_cast<Strength>(two_bits()); }
  std::uint32_t byte_mask() const { return bits >> 16 & 0xF; }
  std::uint32_t site() const { return bits & 0xFFFF; }
};

}  // namespace vgpu
