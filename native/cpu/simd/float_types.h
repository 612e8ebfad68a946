// The storage types of tensors on the CPU. Arithmetic is done in float32 only.
#pragma once

#include <cstdint>

namespace ki::cpu {

struct Float16 {
  std::uint16_t bits;
};

struct BFloat16 {
  std::uint16_t bits;
};

}  // namespace ki::cpu
