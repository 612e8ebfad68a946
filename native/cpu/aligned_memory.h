// Memory aligned to a cache line, freed with its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/error.h"

namespace ki::cpu {

inline constexpr std::size_t kCacheLine = 64;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

struct Free {
  void operator()(void* memory) const noexcept { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<std::byte, Free>;

// Not null even for 0 bytes.
inline AlignedMemory allocate(std::uint64_t size_bytes) {
  const bool representable = size_bytes <= UINT64_MAX - kCacheLine;
  void* memory =
      representable ? std::aligned_alloc(kCacheLine, round_up(size_bytes > 0 ? size_bytes : 1, kCacheLine)) : nullptr;
  if (memory == nullptr) {
    throw Error(KI_STATUS_OUT_OF_MEMORY, "", concat("cannot allocate ", size_bytes, " bytes of host memory"));
  }
  return AlignedMemory(static_cast<std::byte*>(memory));
}

}  // namespace ki::cpu
