// A decoded instruction: what the machine's inner loop steps over.
#pragma once

#include <cstdint>

namespace vgpu::machine {

class Warp;
struct Op;

// `mask` says which lanes take part; it is never empty.
using Handler = void (*)(Warp& warp, const Op& op, std::uint32_t mask);

inline constexpr std::uint32_t kAllLanes = 0xFFFF'FFFF;
inline constexpr std::uint32_t kLanes = 32;

// One cache line. Operands are offsets in the warp's arena; registers, immediates and special registers look alike.
struct alignas(64) Op {
  Handler run = nullptr;
  std::uint32_t guard = 0;             // the predicate; offset 0 holds one that is always true
  std::uint32_t flip = 0;              // all ones for @!p
  std::uint32_t at[6] = {};            // the first six operands
  const std::uint32_t* all = nullptr;  // all of them, where there are more than six
  const void* extra = nullptr;         // what else the handler must know, constant for the life of the kernel
  std::uint64_t immediate = 0;
};
static_assert(sizeof(Op) == 64);

}  // namespace vgpu::machine
